"""Two runs over the same queries: is the difference more than chance, and on which queries does it lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.errors import DataError
from eval.intervals import Estimate, estimate
from eval.measures import per_query
from eval.trec import read_qrels, read_run

SHUFFLES = 20_000
SEED = 20240229

_SHUFFLES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One query under both runs."""

    query: str
    a: float
    b: float


@dataclass(frozen=True)
class Comparison:
    """Run B against run A by one measure."""

    measure: str
    a: Estimate
    b: Estimate
    difference: Estimate
    """B minus A, with the interval of the paired difference."""
    p: float
    """Two-sided p of the paired randomisation test (Smucker, Allan and Carterette, CIKM 2007)."""
    wins: list[Difference]
    """Queries where B is better, the largest difference first."""
    losses: list[Difference]
    ties: int


def compare(a: Path, b: Path, qrels: Path | None, measure: str) -> Comparison:
    """Compare two runs, each a run file (with ``qrels``) or a folder written by ``--output``.

    Raises :class:`DataError` when they do not rank the same queries by the same judgements.
    """
    values_a, values_b = _values(a, qrels, measure), _values(b, qrels, measure)
    if values_a.keys() != values_b.keys():
        only = next(iter(values_a.keys() ^ values_b.keys()))
        raise DataError(f"{a} and {b} do not rank the same queries (for instance {only}); compare runs of one task")
    differences = [Difference(query, values_a[query], values_b[query]) for query in sorted(values_a)]
    table = np.array([[d.a, d.b, d.b - d.a] for d in differences])
    of_a, of_b, of_difference = estimate([table])
    return Comparison(
        measure=measure,
        a=of_a,
        b=of_b,
        difference=of_difference,
        p=randomisation_test(table[:, 2]),
        wins=sorted((d for d in differences if d.b > d.a), key=lambda d: d.a - d.b),
        losses=sorted((d for d in differences if d.b < d.a), key=lambda d: d.b - d.a),
        ties=sum(d.a == d.b for d in differences),
    )


def randomisation_test(differences: NDArray[np.float64]) -> float:
    """Return how often a mean as far from 0 comes about when each query's two runs are swapped at random.

    ``differences`` is ``(queries,)``. The seed is fixed; the smallest value is ``1 / (SHUFFLES + 1)``.
    """
    generator = np.random.default_rng(SEED)
    observed = abs(differences.sum())
    as_far = 0
    for _ in range(SHUFFLES // _SHUFFLES_AT_ONCE):
        signs = generator.integers(0, 2, size=(_SHUFFLES_AT_ONCE, len(differences)), dtype=np.int8) * 2.0 - 1.0
        as_far += int((np.abs(signs @ differences) >= observed - 1e-12).sum())
    return (as_far + 1) / (SHUFFLES + 1)


def _values(run: Path, qrels: Path | None, measure: str) -> dict[str, float]:
    pairs = _files(run, qrels)
    values: dict[str, float] = {}
    for run_file, qrels_file in pairs:
        prefix = f"{run_file.stem}/" if len(pairs) > 1 else ""
        judged = read_qrels(qrels_file)
        ranked = read_run(run_file)
        ranked.update({query: {} for query in judged if query not in ranked})
        found = per_query([measure], judged, [ranked])[measure]
        values.update({prefix + query: value for query, value in found.items()})
    if not values:
        raise DataError(f"{run} holds no judged query; check that run and qrels belong together")
    return values


def _files(run: Path, qrels: Path | None) -> list[tuple[Path, Path]]:
    if run.is_dir():
        found = sorted(run.glob("*.run"))
        if not found:
            raise DataError(f"{run} has no run file; give a folder that --output wrote, or a .run file")
        return [(file, qrels or file.with_suffix(".qrels")) for file in found]
    return [(run, qrels or run.with_suffix(".qrels"))]
