"""Fit the ranking weights on whole repositories with queries answered by files, and cross-validate them.

    python benchmarks/fit_ranking.py BENCH/repo-search CHECKOUTS [--encoder NAME] [--write]

``BENCH/repo-search`` holds ``repos.tsv`` and ``queries/``; ``CHECKOUTS/NAME`` is each repository at its commit. A file
scores as its best function; the loss is the softmax over the candidate files of a query, with L2 towards zero and the
signs that the features were made for, so that no weight can come from a chance of these few queries. Each repository
is scored with weights fitted on all others; that number, not the fitted one, says what to expect elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from codesearch import ranking
from codesearch.encoders.load import load_encoder
from codesearch.engine import CANDIDATES, CodeIndex
from codesearch.features import FEATURES
from codesearch.query import parse
from codesearch.roles import Role

NEGATIVE = {"module", "window", "private", "superseded", *(role.name.lower() for role in Role)}
FREE = {"class"}
# What a feature is for, where these few repositories hardly exercise it: the decay pulls towards these, not to zero.
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
STEPS = 150
# Answers are files here, so the data cannot tell a function from the rest of its file. Users want the function.
MODULE = -0.5


@dataclass
class Judged:
    """One query with its candidates."""

    repository: str
    category: str
    text: str
    is_symbol: bool
    features: np.ndarray
    files: np.ndarray
    paths: list[str]
    wanted: list[str]
    """Relevant files; those that no candidate has too."""

    @property
    def relevance(self) -> np.ndarray:
        """Per file number: whether it is wanted."""
        paths = dict(zip(self.files.tolist(), self.paths, strict=True))
        return np.array([any(same(paths[i], w) for w in self.wanted) for i in range(len(paths))])


def same(found: str, wanted: str) -> bool:
    return found == wanted or found.endswith(f"/{wanted}") or wanted.endswith(f"/{found}")


def ndcg(paths: list[str], wanted: list[str]) -> float:
    """nDCG@10 with binary gain: each wanted file counts once, at the rank of its first hit."""
    gain = 0.0
    for file in wanted:
        for rank, path in enumerate(paths[:10]):
            if same(path, file):
                gain += 1 / np.log2(rank + 2)
                break
    return gain / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(wanted))))


def collect(bench: Path, checkouts: Path, encoder_name: str, index_dir: Path) -> list[Judged]:
    encoder = load_encoder(encoder_name)
    judged = []
    for line in (bench / "repos.tsv").read_text().splitlines():
        name, _, _, folder = line.split("\t")
        root = checkouts / name
        with CodeIndex.build(root / folder, encoder=encoder, index_dir=index_dir) as index:
            for query_line in (bench / "queries" / f"{name}.tsv").read_text().splitlines():
                category, text, relevant, secondary = (query_line + "\t\t").split("\t")[:4]
                answers = [a.split(":")[0] for a in f"{relevant};{secondary}".split(";") if a]
                wanted = list(dict.fromkeys(answers))
                if not any((root / answer).exists() for answer in wanted):
                    continue
                query = parse(text)
                found = index.candidates(query, CANDIDATES)
                rows = index.store.function_rows(found.ids.tolist())
                numbers: dict[int, int] = {}
                files = np.array([numbers.setdefault(file, len(numbers)) for file in found.files.tolist()])
                prefix = "" if folder == "." else f"{folder}/"
                paths = [prefix + rows[i].path for i in found.ids.tolist()]
                judged.append(Judged(name, category, text, query.is_symbol, found.features, files, paths, wanted))
    return judged


@dataclass
class Padded:
    """All queries as tensors: ``(queries, candidates, features)``, file numbers, and relevance ``(queries, files)``."""

    features: torch.Tensor
    files: torch.Tensor
    relevance: torch.Tensor
    exists: torch.Tensor


def pad(judged: list[Judged]) -> Padded:
    answerable = [q for q in judged if q.relevance.any()]
    width = max(len(q.files) for q in answerable)
    features = torch.zeros(len(answerable), width, len(FEATURES))
    files = torch.full((len(answerable), width), width, dtype=torch.long)
    relevance = torch.zeros(len(answerable), width + 1)
    exists = torch.zeros(len(answerable), width + 1, dtype=torch.bool)
    for i, q in enumerate(answerable):
        features[i, : len(q.files)] = torch.from_numpy(q.features)
        files[i, : len(q.files)] = torch.from_numpy(q.files)
        relevance[i, : len(q.relevance)] = torch.from_numpy(q.relevance).float()
        exists[i, : len(q.relevance)] = True
    return Padded(features, files, relevance / relevance.sum(1, keepdim=True), exists)


def fit(judged: list[Judged], decay: float) -> np.ndarray:
    """Weights that make the softmax over files prefer the wanted ones."""
    data = pad(judged)
    weights = torch.tensor([abs(PRIOR.get(f, 0.3)) for f in FEATURES], requires_grad=True)
    sign = torch.tensor([0.0 if f in FREE else -1.0 if f in NEGATIVE else 1.0 for f in FEATURES])

    prior = torch.tensor([PRIOR.get(f, 0.0) for f in FEATURES])

    def signed() -> torch.Tensor:
        return torch.where(sign == 0, weights, sign * torch.nn.functional.softplus(4 * weights) / 4)

    optimizer = torch.optim.Adam([weights], lr=0.05)
    for _ in range(STEPS):
        best = torch.full(data.exists.shape, -1e9)
        best = best.scatter_reduce(1, data.files, data.features @ signed(), "amax").masked_fill(~data.exists, -1e9)
        likelihood = (torch.log_softmax(best, 1) * data.relevance).sum(1)
        loss = decay * ((signed() - prior) ** 2).sum() - likelihood.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fitted = signed().detach().numpy()
    fitted[FEATURES.index("module")] = MODULE
    return fitted


def score(query: Judged, weights: np.ndarray, repeat: float) -> float:
    chosen = ranking.spread((query.features @ weights).astype(np.float32), query.files.tolist(), 10, repeat)
    return ndcg([query.paths[i] for i, _ in chosen], query.wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--index-dir", type=Path, default=Path("runs/fit-ranking"))
    parser.add_argument("--decay", type=float, default=0.002)
    parser.add_argument("--repeat", type=float, default=None)
    parser.add_argument("--write", action="store_true", help="write codesearch/ranking.json")
    parser.add_argument("--misses", action="store_true", help="list what each repository's queries lose")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    judged = collect(arguments.bench, arguments.checkouts, arguments.encoder, arguments.index_dir)
    shipped = ranking.load_weights()
    repeat = float(shipped["repeat"]) if arguments.repeat is None else arguments.repeat
    repositories = list(dict.fromkeys(q.repository for q in judged))
    reach = np.mean([q.relevance.any() for q in judged])
    fitted = {kind: np.zeros(len(FEATURES)) for kind in ("text", "symbol")}
    table: dict[str, list[float]] = {}
    rows = []
    for kind in fitted:
        chosen = [q for q in judged if q.is_symbol == (kind == "symbol")]
        fitted[kind] = fit(chosen, arguments.decay)
        for held_out in repositories:
            others = fit([q for q in chosen if q.repository != held_out], arguments.decay)
            for q in (q for q in chosen if q.repository == held_out):
                scores = [score(q, w, repeat) for w in (shipped[kind], fitted[kind], others)]
                rows.append((q, scores))
                for group in (q.repository, q.category, "all"):
                    table.setdefault(group, []).append(scores)
    print(f"queries {len(judged)}, with a wanted file among the candidates {reach:.3f}")
    print(f"{'nDCG@10':22}  shipped  fitted  held out")
    for group, values in table.items():
        print(f"{group:22}  " + "   ".join(f"{value:.3f}" for value in np.mean(values, axis=0)))
    if arguments.misses:
        for q, scores in rows:
            if scores[2] < 0.99:
                best = ranking.spread((q.features @ fitted["text"]).astype(np.float32), q.files.tolist(), 3, repeat)
                print(f"{scores[2]:.2f} {q.repository}: {q.text} | {q.wanted} | {[q.paths[i] for i, _ in best]}")
    for kind, weights in fitted.items():
        rounded = {name: round(float(w), 2) for name, w in zip(FEATURES, weights, strict=True)}
        print(kind, rounded, file=sys.stderr)
    if arguments.write:
        data = {"boosts": shipped["boosts"].tolist(), "repeat": repeat} | {
            kind: {name: round(float(w), 3) for name, w in zip(FEATURES, weights, strict=True) if abs(w) >= 0.0005}
            for kind, weights in fitted.items()
        }
        Path(ranking.__file__).with_name("ranking.json").write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    main()
