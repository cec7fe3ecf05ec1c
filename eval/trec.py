"""Run and qrels files as trec_eval and ir_measures read them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eval.errors import DataError
from eval.measures import Run
from eval.retrieval import Qrels


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
        qrels.setdefault(query, {})[document] = int(_number(relevance, where))
    return qrels


def read_run(path: Path) -> Run:
    """Read a run file."""
    run: Run = {}
    for where, (query, _, document, _, score, _) in _rows(path, 6, "query Q0 document rank score tag"):
        if document in run.setdefault(query, {}):
            raise DataError(f"{where} names document {document} for query {query} a second time")
        run[query][document] = _number(score, where)
    return run


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"{where} has {text!r} where a number is due") from error


def _rows(path: Path, fields: int, shape: str) -> Iterable[tuple[str, list[str]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                row = line.split()
                if len(row) != fields:
                    raise DataError(f"{path}:{number} has {len(row)} fields where '{shape}' has {fields}")
                yield f"{path}:{number}", row
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from error
