"""Two runs over the same queries: is the difference more than chance, and on which queries does it lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.errors import DataError, EvalError
from eval.intervals import Estimate, estimate
from eval.measures import check, per_query
from eval.report import read_report, report_folders
from eval.retrieval import Qrels
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


@dataclass(frozen=True)
class _Part:
    """One collection under one run: what was judged, and the measure of each query."""

    judged: Qrels
    values: dict[str, float]


def compare(a: Path, b: Path, qrels: Path | None, measure: str) -> Comparison:
    """Compare two runs, each a run file (with ``qrels``) or a folder written by ``--output``.

    The means are those of the report: over the parts, or over all queries where the report in a folder says so.

    Raises :class:`DataError` when they do not rank the same queries by the same judgements.
    """
    check([measure])
    parts_a, parts_b = _parts(a, qrels, measure), _parts(b, qrels, measure)
    _check_same_queries(a, parts_a, b, parts_b)
    by_part = [
        [
            Difference(part + query, parts_a[part].values[query], parts_b[part].values[query])
            for query in sorted(queries)
        ]
        for part, queries in sorted((part, [*one.judged]) for part, one in parts_a.items())
    ]
    differences = [difference for part in by_part for difference in part]
    tables = [np.array([[d.a, d.b, d.b - d.a] for d in part]) for part in by_part]
    if _is_over_queries(a) or _is_over_queries(b):
        tables = [np.concatenate(tables)]
    of_a, of_b, of_difference = estimate(tables)
    # The mean of the parts' means: a query of a small part weighs more.
    even = len(differences) / len(tables)
    return Comparison(
        measure=measure,
        a=of_a,
        b=of_b,
        difference=of_difference,
        p=randomisation_test(np.concatenate([table[:, 2] * (even / len(table)) for table in tables])),
        wins=sorted((d for d in differences if d.b > d.a), key=lambda d: d.a - d.b),
        losses=sorted((d for d in differences if d.b < d.a), key=lambda d: d.b - d.a),
        ties=sum(d.a == d.b for d in differences),
    )


def randomisation_test(differences: NDArray[np.float64]) -> float:
    """Return how often a mean as far from 0 comes about when each query's two runs are swapped at random.

    ``differences`` is ``(queries,)``, each multiplied by the weight of its query in the mean. The seed is fixed; the
    smallest value is ``1 / (SHUFFLES + 1)``.
    """
    generator = np.random.default_rng(SEED)
    observed = abs(differences.sum())
    rounding = 1e-12 * np.abs(differences).sum()
    as_far = 0
    for _ in range(SHUFFLES // _SHUFFLES_AT_ONCE):
        signs = generator.integers(0, 2, size=(_SHUFFLES_AT_ONCE, len(differences)), dtype=np.int8) * 2.0 - 1.0
        as_far += int((np.abs(signs @ differences) >= observed - rounding).sum())
    return (as_far + 1) / (SHUFFLES + 1)


def _parts(run: Path, qrels: Path | None, measure: str) -> dict[str, _Part]:
    """Return what a run holds by the prefix of its queries: ``NAME/`` in a folder of several parts, else nothing."""
    pairs = _files(run, qrels)
    return {f"{file.stem}/" if len(pairs) > 1 else "": _part(file, judged, measure) for file, judged in pairs}


def _part(run_file: Path, qrels_file: Path, measure: str) -> _Part:
    judged = read_qrels(qrels_file)
    if not judged:
        raise DataError(f"{qrels_file} judges no query; check that run and qrels belong together")
    ranked = read_run(run_file)
    ranked.update({query: {} for query in judged if query not in ranked})
    return _Part(judged, per_query([measure], judged, [ranked])[measure])


def _check_same_queries(a: Path, parts_a: dict[str, _Part], b: Path, parts_b: dict[str, _Part]) -> None:
    judged_a, judged_b = _judged(parts_a), _judged(parts_b)
    if judged_a.keys() != judged_b.keys():
        only = min(judged_a.keys() ^ judged_b.keys())
        raise DataError(
            f"{a} and {b} do not rank the same queries (for instance {only}); compare runs of the same parts of a task"
        )
    for query, documents in judged_a.items():
        if documents != judged_b[query]:
            raise DataError(
                f"{a} and {b} do not judge {query} alike; compare runs of one version of the task, "
                "or run files with one --qrels"
            )


def _judged(parts: dict[str, _Part]) -> Qrels:
    return {prefix + query: documents for prefix, part in parts.items() for query, documents in part.judged.items()}


def _is_over_queries(run: Path) -> bool:
    """Whether the report beside the runs of a folder has means over all queries."""
    return (run / "report.json").exists() and read_report(run).mean_over == "queries"


def _files(run: Path, qrels: Path | None) -> list[tuple[Path, Path]]:
    if not run.is_dir():
        return [(run, qrels or run.with_suffix(".qrels"))]
    found = _runs(run)
    if not found:
        below = [folder.name for folder in report_folders(run) if folder != run]
        hint = f"give one of the folders in it: {', '.join(below)}" if below else "give a folder that --output wrote"
        raise DataError(f"{run} has no run file; {hint}, or a .run file")
    if qrels and len(found) > 1:
        # All of its queries would be asked of every part, and count as 0 in all but one.
        raise EvalError(f"--qrels is for one run, and {run} has {len(found)}; leave it out, or name a .run file")
    return [(file, qrels or file.with_suffix(".qrels")) for file in found]


def _runs(folder: Path) -> list[Path]:
    """Return the runs that the report in a folder is about: others may be left of an evaluation that was stopped."""
    found = sorted(folder.glob("*.run"))
    if not found or not (folder / "report.json").exists():
        return found
    return sorted(folder / f"{part.name}.run" for part in read_report(folder).parts)
