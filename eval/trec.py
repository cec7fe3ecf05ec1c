"""Run and qrels files as trec_eval and ir_measures read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from eval.errors import DataError
from eval.measures import Run
from eval.records import text_lines
from eval.retrieval import Qrels

LARGEST_RELEVANCE = 1_000_000
"""Beyond any scale of judgements, and below the C long in which trec_eval keeps them."""


def write_qrels(path: Path, qrels: Qrels) -> None:
    """Write ``query 0 document relevance`` lines."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for query, judged in qrels.items():
            for document, relevance in judged.items():
                file.write(f"{query} 0 {document} {relevance}\n")


def write_run(path: Path, parts: Iterable[Run], tag: str) -> None:
    """Write ``query Q0 document rank score tag`` lines; each query's documents come best first.

    The tag is the first word of ``tag``.
    """
    tag = tag.split()[0][:40] if tag.split() else "run"
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for run in parts:
            for query, documents in run.items():
                lines = (
                    f"{query} Q0 {document} {rank} {score:.9g} {tag}\n"
                    for rank, (document, score) in enumerate(documents.items(), start=1)
                )
                file.writelines(lines)


def read_qrels(path: Path) -> Qrels:
    """Read a qrels file."""
    qrels: Qrels = {}
    for where, (query, _, document, relevance) in _rows(path, 4, "query 0 document relevance"):
        qrels.setdefault(query, {})[document] = whole_relevance(relevance, where)
    return qrels


def whole_relevance(text: str, where: str) -> int:
    """Return a judgement; raise :class:`DataError` for what trec_eval, which ir_measures calls, cannot hold."""
    try:
        relevance = int(text)
    except ValueError as error:
        raise DataError(f"{where} has the relevance {text.strip()!r}, not a whole number") from error
    if abs(relevance) > LARGEST_RELEVANCE:
        raise DataError(f"{where} has a relevance beyond {LARGEST_RELEVANCE:,}; judge in small whole numbers")
    return relevance


def read_run(path: Path) -> Run:
    """Read a run file."""
    run: Run = {}
    for where, (query, _, document, _, score, _) in _rows(path, 6, "query Q0 document rank score tag"):
        if document in run.setdefault(query, {}):
            raise DataError(f"{where} names document {document} for query {query} a second time")
        run[query][document] = _score(score, where)
    return run


def _score(text: str, where: str) -> float:
    try:
        score = float(text)
    except ValueError as error:
        raise DataError(f"{where} has {text!r} where a number is due") from error
    if math.isnan(score):
        raise DataError(f"{where} has the score {text!r}, which has no place in a ranking")
    return score


def _rows(path: Path, fields: int, shape: str) -> Iterable[tuple[str, list[str]]]:
    for number, line in enumerate(text_lines(path, mend=f"it holds lines of '{shape}'"), start=1):
        row = line.split()
        if len(row) != fields:
            raise DataError(f"{path}:{number} has {len(row)} fields where '{shape}' has {fields}")
        yield f"{path}:{number}", row
