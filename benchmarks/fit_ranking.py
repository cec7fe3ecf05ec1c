"""Fit the ranking on whole repositories with judged queries, and cross-validate it.

    python benchmarks/fit_ranking.py BENCH/repo-search REPOSITORIES [--encoder NAME] [--write]

``BENCH/repo-search`` and ``benchmarks/asked/files`` have queries answered by files, ``benchmarks/questions`` and
``benchmarks/asked/functions`` questions answered by functions; all hold ``repos.tsv`` and ``queries/``, and
``REPOSITORIES`` their clones. Scores are fitted on either: the loss is the softmax over what is to be told apart, the
candidate files of a query (each as good as its best function) or the functions themselves. Linear weights are drawn to
a prior and held to the signs that the features were made for, so that none can come from a chance of these queries.
On functions, for queries in words, networks are fitted beside them, which read the evidence only and not what a file is
for; they differ in where they start, and their mean counts. What ships is a mean of both fits. Every repository is also
scored by a ranking fitted on the others, in folds of whole repositories; that number, not the fitted one, says what to
expect elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from judged import Judged, judge
from numpy.typing import NDArray
from torch import Tensor, nn

from codesearch import ranking
from codesearch.encoders.load import load_encoder
from codesearch.features import FEATURES
from codesearch.ranking import Network, Ranking
from codesearch.roles import Role
from eval.markdown import table

HERE = Path(__file__).parent
NEGATIVE = {"module", "window", "private", "superseded", *(role.name.lower() for role in Role)}
FREE = {"class"}
# What a feature is for, where these repositories hardly exercise it: the decay pulls towards these, not to zero.
PRIOR = {
    "test": -2.0,
    "example": -1.5,
    "legacy": -1.5,
    "superseded": -2.0,
    "declarations": -1.0,
    "reexport": -1.0,
    "prose": -1.0,
    "window": -1.0,
    "defines_exactly": 2.5,
    "defines_type": 2.5,
    "defines_qualified": 4.0,
    "defines_in_namesake": 1.5,
}
EVIDENCE = [
    name for name in FEATURES if name not in NEGATIVE and not name.startswith("defines")
]  # what the network reads: no role, so that a test never rises above what it tests
NETWORKS, UNITS = 4, 32
NETWORK_DECAY = 3e-4
STEPS = 150
# Where answers are files, the data cannot tell a function from the rest of its file. Users want the function.
MODULE = -0.5
SHARE = 0.2
"""Of the score fitted on functions. With 0.2, 0.3 and 0.4 of it (two networks, a cost of 2, the extraction of before)
repo-search has 0.829, 0.827 and 0.817 held out, questions 0.561, 0.582 and 0.595; fitted together, 0.810 and 0.564."""
REPEAT = 2.5
"""Cost of a further function of a file: with less, functions are found more often, with more, files."""
DEPTH = 10
FOLDS = 5


@dataclass(frozen=True)
class Asked:
    """One set of judged queries and how it is scored."""

    name: str
    judged: list[Judged]
    measure: Callable[[Judged, list[int]], float]
    by_lines: bool


@dataclass(frozen=True)
class Batch:
    """Queries as tensors, padded to the longest."""

    features: Tensor
    """(queries, candidates, features)"""
    units: Tensor
    """The file or function that each candidate belongs to, (queries, candidates); padding has one of its own."""
    right: Tensor
    """The share of each unit in what is wanted, (queries, units)."""
    exists: Tensor

    @classmethod
    def of(cls, judged: list[Judged]) -> Batch:
        width = max(len(query.units) for query in judged)
        features = torch.zeros(len(judged), width, len(FEATURES))
        units = torch.full((len(judged), width), width, dtype=torch.long)
        right = torch.zeros(len(judged), width + 1)
        exists = torch.zeros(len(judged), width + 1, dtype=torch.bool)
        for i, query in enumerate(judged):
            features[i, : len(query.units)] = torch.from_numpy(query.features)
            units[i, : len(query.units)] = torch.from_numpy(query.units)
            right[i, : len(query.right)] = torch.from_numpy(query.right)
            exists[i, : len(query.right)] = True
        return cls(features, units, right / right.sum(1, keepdim=True), exists)

    def loss(self, scores: Tensor) -> Tensor:
        """Cross-entropy of the softmax over units, each as good as its best candidate."""
        best = torch.full(self.exists.shape, -1e9).scatter_reduce(1, self.units, scores, "amax")
        return -(torch.log_softmax(best.masked_fill(~self.exists, -1e9), 1) * self.right).sum(1).mean()


class Scorer(nn.Module):
    """A linear score and, with units, a network beside it."""

    SIGN = torch.tensor([0.0 if name in FREE else -1.0 if name in NEGATIVE else 1.0 for name in FEATURES])
    PULL = torch.tensor([PRIOR.get(name, 0.0) for name in FEATURES])
    COLUMNS = torch.tensor([FEATURES.index(name) for name in EVIDENCE])

    def __init__(self, units: int, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.free = nn.Parameter(torch.tensor([abs(PRIOR.get(name, 0.3)) for name in FEATURES]))
        self.hidden = nn.Parameter(0.3 * torch.randn(len(EVIDENCE), units, generator=random))
        self.bias = nn.Parameter(torch.zeros(units))
        self.output = nn.Parameter(torch.zeros(units))

    def weights(self) -> Tensor:
        """The linear weights, each with its sign."""
        return torch.where(self.SIGN == 0, self.free, self.SIGN * nn.functional.softplus(4 * self.free) / 4)

    def forward(self, features: Tensor) -> Tensor:
        units = torch.relu(features[..., self.COLUMNS] @ self.hidden + self.bias)
        return features @ self.weights() + units @ self.output

    def penalty(self, decay: float) -> Tensor:
        """What keeps weights small, or near what they were made for."""
        network = self.hidden.square().sum() + self.output.square().sum()
        return decay * (self.weights() - self.PULL).square().sum() + NETWORK_DECAY * network


@torch.no_grad()
def mean_weights(scorers: list[Scorer]) -> NDArray[np.float32]:
    weights: NDArray[np.float32] = torch.stack([scorer.weights() for scorer in scorers]).mean(dim=0).numpy()
    return weights


@torch.no_grad()
def mean_network(scorers: list[Scorer], share: float) -> Network:
    """One network that gives ``share`` of the mean of all."""
    return Network(
        columns=Scorer.COLUMNS.numpy(),
        hidden=torch.cat([scorer.hidden for scorer in scorers], dim=1).numpy(),
        bias=torch.cat([scorer.bias for scorer in scorers]).numpy(),
        output=torch.cat([scorer.output for scorer in scorers]).numpy() * share / len(scorers),
    )


def fit(sets: list[Asked], decay: float, units: int = 0, seed: int = 0) -> Scorer:
    """A scorer that makes the softmax over files or functions prefer the right ones; each set counts alike."""
    judged = [[query for query in asked.judged if query.right.any()] for asked in sets]
    batches = [Batch.of(queries) for queries in judged if queries]
    scorer = Scorer(units, seed)
    optimizer = torch.optim.Adam(scorer.parameters(), lr=0.05)
    for _ in range(STEPS):
        losses = [batch.loss(scorer(batch.features)) for batch in batches]
        loss = torch.stack(losses).mean() + scorer.penalty(decay)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return scorer


def fit_ranking(sets: list[Asked], decay: float) -> Ranking:
    """A whole ranking: with networks for queries in words, without for symbols, of which there are few."""
    words, symbols = (
        [Asked(a.name, [q for q in a.judged if q.is_symbol == is_symbol], a.measure, a.by_lines) for a in sets]
        for is_symbol in (False, True)
    )
    networks = [fit(by_lines(words, True), decay, UNITS, seed) for seed in range(NETWORKS)]
    text = mixed(mean_weights([fit(by_lines(words, False), decay)]), mean_weights(networks))
    symbol = mixed(*(mean_weights([fit(by_lines(symbols, lines), decay)]) for lines in (False, True)))
    return Ranking(text, symbol, mean_network(networks, SHARE), ranking.load_ranking().boosts, REPEAT)


def by_lines(sets: list[Asked], lines: bool) -> list[Asked]:
    return [asked for asked in sets if asked.by_lines == lines]


def mixed(of_files: NDArray[np.float32], of_functions: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = ((1 - SHARE) * of_files + SHARE * of_functions).astype(np.float32)
    weights[FEATURES.index("module")] = MODULE
    return weights


def ndcg(query: Judged, chosen: list[int]) -> float:
    """nDCG@10 with binary gain: each wanted file counts once, at the rank of its first hit."""
    gain = 0.0
    for wanted in query.wanted:
        for rank, row in enumerate(query.found[i] for i in chosen):
            if wanted.matches(row.path, row.start_line, row.end_line):
                gain += 1 / np.log2(rank + 2)
                break
    return gain / sum(1 / np.log2(rank + 2) for rank in range(min(DEPTH, len(query.wanted))))


def reciprocal_rank(query: Judged, chosen: list[int]) -> float:
    return next((1 / rank for rank, i in enumerate(chosen, 1) if query.right[query.units[i]]), 0.0)


def shown(query: Judged, how: Ranking) -> list[int]:
    scores = how.scores(query.features, query.is_symbol)
    return [i for i, _ in ranking.spread(scores, query.files.tolist(), DEPTH, how.repeat)]


def folds(sets: list[Asked]) -> list[set[str]]:
    """The repositories of each fold."""
    repositories = sorted({query.repository for asked in sets for query in asked.judged})
    order = np.random.default_rng(0).permutation(len(repositories))
    return [{repositories[i] for i in order[fold::FOLDS]} for fold in range(FOLDS)]


def cross_validated(sets: list[Asked], decay: float) -> dict[str, Ranking]:
    """For each repository a ranking that was fitted without it."""
    fitted = {}
    for held_out in folds(sets):
        others = [
            Asked(a.name, [q for q in a.judged if q.repository not in held_out], a.measure, a.by_lines) for a in sets
        ]
        fitted |= dict.fromkeys(held_out, fit_ranking(others, decay))
        print(f"fitted without {len(held_out)} repositories", file=sys.stderr)
    return fitted


def rows(asked: Asked, shipped: Ranking, fitted: Ranking, others: dict[str, Ranking]) -> list[list[str]]:
    """The mean of a set, of each category in it, and of each repository."""
    values: dict[str, list[list[float]]] = {}
    for query in asked.judged:
        scored = [asked.measure(query, shown(query, how)) for how in (shipped, fitted, others[query.repository])]
        for group in ("all", query.category):
            values.setdefault(group, []).append(scored)
    return [
        [f"{asked.name}, {group} ({len(each)})", *(f"{mean:.3f}" for mean in np.mean(each, axis=0))]
        for group, each in values.items()
    ]


def as_json(how: Ranking) -> dict[str, Any]:
    """What ``ranking.json`` holds."""
    linear = {
        kind: {name: round(float(w), 3) for name, w in zip(FEATURES, weights, strict=True) if abs(w) >= 0.0005}
        for kind, weights in (("text", how.text), ("symbol", how.symbol))
    }
    network = {
        name: np.round(getattr(how.network, name).astype(float), 3).tolist() for name in ("hidden", "bias", "output")
    }
    return {
        "boosts": list(how.boosts),
        "repeat": how.repeat,
        **linear,
        "network": {"features": EVIDENCE, **network},
    }


def written(data: dict[str, Any]) -> str:
    """JSON with a line for each weight and for each row of the network."""
    lines = [f'  "{name}": {json.dumps(data[name])}' for name in ("boosts", "repeat")]
    lines += [f'  "{kind}": ' + json.dumps(data[kind], indent=2).replace("\n", "\n  ") for kind in ("text", "symbol")]
    network = data["network"]
    rows_of_hidden = ",\n".join(f"      {json.dumps(row)}" for row in network["hidden"])
    parts = [f'    "{name}": {json.dumps(network[name])}' for name in ("features", "bias", "output")]
    parts.append(f'    "hidden": [\n{rows_of_hidden}\n    ]')
    lines.append('  "network": {\n' + ",\n".join(parts) + "\n  }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--index-dir", type=Path, default=Path("runs/fit-ranking"))
    parser.add_argument("--decay", type=float, default=0.002)
    parser.add_argument("--write", action="store_true", help="write codesearch/ranking.json")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)

    def asked(name: str, folder: Path, by_lines: bool) -> Asked:
        judged = judge(folder, arguments.repositories, encoder, arguments.index_dir, by_lines=by_lines)
        return Asked(name, judged, reciprocal_rank if by_lines else ndcg, by_lines)

    sets = [
        asked("repo-search", arguments.bench, by_lines=False),
        asked("asked/files", HERE / "asked" / "files", by_lines=False),
        asked("questions", HERE / "questions", by_lines=True),
        asked("asked/functions", HERE / "asked" / "functions", by_lines=True),
    ]
    fitted, others = fit_ranking(sets, arguments.decay), cross_validated(sets, arguments.decay)
    for by_lines, named in ((False, "nDCG@10, by files"), (True, "MRR@10, by functions")):
        body = [
            row
            for each in sets
            if each.by_lines == by_lines
            for row in rows(each, ranking.load_ranking(), fitted, others)
        ]
        print(table([named, "shipped", "fitted", "held out"], body), end="\n\n")
    reach = np.mean([query.right.any() for each in sets for query in each.judged])
    print(f"A right one is among the candidates of {reach:.1%} of the queries.")
    if arguments.write:
        Path(ranking.__file__).with_name("ranking.json").write_text(written(as_json(fitted)))


if __name__ == "__main__":
    main()
