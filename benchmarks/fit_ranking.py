"""Fit the ranking weights on whole repositories with judged queries, and cross-validate them.

    python benchmarks/fit_ranking.py BENCH/repo-search REPOSITORIES [--encoder NAME] [--write]

``BENCH/repo-search`` has queries answered by files, ``benchmarks/questions`` has questions answered by functions; both
hold ``repos.tsv`` and ``queries/``, and ``REPOSITORIES`` their clones. Weights are fitted on either: the loss is the
softmax over what is to be told apart, the candidate files of a query (each as good as its best function) or
the functions themselves, with L2 towards zero and the signs that the features were made for, so that no weight can come
from a chance of these few queries. The weights that ship are a mean of both. Each repository is scored with weights
fitted on all others; that number, not the fitted one, says what to expect elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from judged import Judged, judge
from numpy.typing import NDArray

from codesearch import ranking
from codesearch.encoders.load import load_encoder
from codesearch.features import FEATURES
from codesearch.roles import Role
from eval.markdown import table

QUESTIONS = Path(__file__).with_name("questions")
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
# Where answers are files, the data cannot tell a function from the rest of its file. Users want the function.
MODULE = -0.5
SHARE = 0.3
"""Of the weights fitted on functions. With 0.15, 0.3 and 0.5 of them files have 0.853, 0.849 and 0.840 held out,
functions 0.455, 0.481 and 0.509."""
DEPTH = 10

Weights = NDArray[np.float32]


def fit(judged: list[Judged], decay: float) -> Weights:
    """Weights that make the softmax over files or functions prefer the right ones."""
    answerable = [query for query in judged if query.right.any()]
    if not answerable:
        return np.zeros(len(FEATURES), np.float32)
    width = max(len(query.units) for query in answerable)
    features = torch.zeros(len(answerable), width, len(FEATURES))
    units = torch.full((len(answerable), width), width, dtype=torch.long)
    right = torch.zeros(len(answerable), width + 1)
    exists = torch.zeros(len(answerable), width + 1, dtype=torch.bool)
    for i, query in enumerate(answerable):
        features[i, : len(query.units)] = torch.from_numpy(query.features)
        units[i, : len(query.units)] = torch.from_numpy(query.units)
        right[i, : len(query.right)] = torch.from_numpy(query.right)
        exists[i, : len(query.right)] = True
    right /= right.sum(1, keepdim=True)

    weights = torch.tensor([abs(PRIOR.get(feature, 0.3)) for feature in FEATURES], requires_grad=True)
    sign = torch.tensor([0.0 if feature in FREE else -1.0 if feature in NEGATIVE else 1.0 for feature in FEATURES])
    prior = torch.tensor([PRIOR.get(feature, 0.0) for feature in FEATURES])

    def signed() -> torch.Tensor:
        return torch.where(sign == 0, weights, sign * torch.nn.functional.softplus(4 * weights) / 4)

    optimizer = torch.optim.Adam([weights], lr=0.05)
    for _ in range(STEPS):
        best = torch.full(exists.shape, -1e9)
        best = best.scatter_reduce(1, units, features @ signed(), "amax").masked_fill(~exists, -1e9)
        likelihood = (torch.log_softmax(best, 1) * right).sum(1)
        loss = decay * ((signed() - prior) ** 2).sum() - likelihood.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fitted: Weights = signed().detach().numpy()
    fitted[FEATURES.index("module")] = MODULE
    return fitted


def fit_both(by_file: list[Judged], by_function: list[Judged], decay: float, share: float) -> Weights:
    return (1 - share) * fit(by_file, decay) + share * fit(by_function, decay)


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


def shown(query: Judged, weights: Weights, repeat: float) -> list[int]:
    scores = (query.features @ weights).astype(np.float32)
    return [i for i, _ in ranking.spread(scores, query.files.tolist(), DEPTH, repeat)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--index-dir", type=Path, default=Path("runs/fit-ranking"))
    parser.add_argument("--decay", type=float, default=0.002)
    parser.add_argument("--share", type=float, default=SHARE, help="of the weights fitted on functions")
    parser.add_argument("--write", action="store_true", help="write codesearch/ranking.json")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    encoder = load_encoder(arguments.encoder)
    by_file = judge(arguments.bench, arguments.repositories, encoder, arguments.index_dir, by_lines=False)
    by_function = judge(QUESTIONS, arguments.repositories, encoder, arguments.index_dir, by_lines=True)
    shipped = ranking.load_weights()
    repeat = float(shipped["repeat"])
    fitted: dict[str, Weights] = {}
    files: dict[str, list[list[float]]] = {}
    functions: dict[str, list[list[float]]] = {}
    for kind in ("text", "symbol"):
        files_asked = [query for query in by_file if query.is_symbol == (kind == "symbol")]
        functions_asked = [query for query in by_function if query.is_symbol == (kind == "symbol")]
        fitted[kind] = fit_both(files_asked, functions_asked, arguments.decay, arguments.share)
        for repository in dict.fromkeys(query.repository for query in by_file + by_function):
            if all(query.repository != repository for query in files_asked + functions_asked):
                continue
            others = fit_both(
                [query for query in files_asked if query.repository != repository],
                [query for query in functions_asked if query.repository != repository],
                arguments.decay,
                arguments.share,
            )
            for measure, asked, values in (
                (ndcg, files_asked, files),
                (reciprocal_rank, functions_asked, functions),
            ):
                for query in (query for query in asked if query.repository == repository):
                    scored = [measure(query, shown(query, w, repeat)) for w in (shipped[kind], fitted[kind], others)]
                    for group in (query.repository, query.category, "all"):
                        values.setdefault(group, []).append(scored)
    for what, named, judged, values in (
        ("files", "nDCG@10", by_file, files),
        ("functions", "MRR@10", by_function, functions),
    ):
        reach = np.mean([query.right.any() for query in judged])
        print(f"\n{len(judged)} queries answered by {what}, with a right one among the candidates: {reach:.3f}\n")
        rows = [[group, *(f"{mean:.3f}" for mean in np.mean(rows, axis=0))] for group, rows in values.items()]
        print(table([named, "shipped", "fitted", "held out"], rows))
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
