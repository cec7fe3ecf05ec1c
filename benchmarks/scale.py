"""Warm queries in Python and what an index costs, at any number of functions.

    python benchmarks/scale.py ROOT... [--functions 10000 1000000] [--folder FOLDER]

The functions of the folders, multiplied with renamed words (``multiplied.py``), go through the store and the stages of
a real run: words, encoding, vectors. Then a new process opens the index and answers queries it has not seen, the first
sentences of docstrings, after others have warmed it up. Recall compares the vector search with reading every vector;
a function as near as the tenth of the ten nearest counts. ``--folder`` keeps the indexes, and uses those it finds
there. A million functions take some GB of disk. Prints Markdown.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import cast

import numpy as np
import psutil
from machine import machine
from multiplied import Renaming, rename

from codesearch import CodeIndex, load_encoder
from codesearch.target import resolve
from eval.markdown import table
from indexer.crawl import CrawlOptions, crawl
from indexer.encoding import encode_missing
from indexer.extraction import Extracted, extract_files, new_function
from indexer.function import Function, Kind
from indexer.mend import stamp
from indexer.progress import Silent
from indexer.records import FileRecord, NewFunction
from indexer.stems import Stems
from indexer.store import Store
from indexer.vectors import VectorIndex, unpack
from indexer.words import WordIndex

_WARMING, _TIMED, _RECALL = 100, 200, 200
_NEAREST = 10
_FILES_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class Built:
    """Seconds of each stage."""

    insert: float
    words: float
    encode: float
    vectors: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What queries took in a new process; milliseconds, megabytes."""

    functions: int
    opened_ms: float
    first_ms: float
    query_ms: float
    query_95_ms: float
    query_cpu_ms: float
    words_ms: float
    vectors_ms: float
    recall: float
    resident_mb: float
    private_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--functions", nargs="+", type=int, default=[10_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    building, answering = [], []
    with tempfile.TemporaryDirectory(prefix="scale-") as temporary:
        for count in arguments.functions:
            folder = (arguments.folder or Path(temporary)) / str(count)
            if not (folder / "queries.txt").exists():
                building.append(_building_row(count, _apart(build, arguments.roots, count, folder)))
            answering.append(_answering_row(folder, _apart(answer, folder)))
    sections = [machine()]
    if building:
        sections.append(table(["functions", "insert", "words", "encode", "vectors"], building))
    sections.append(table(_HEADER, answering))
    print("\n\n".join(sections))


def _apart(function: Callable[..., Built | Answered], *arguments: object) -> Built | Answered:
    """Call a function in a process of its own, whose memory is that of this step alone."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


# Building


def build(roots: Sequence[Path], count: int, folder: Path) -> Built:
    """Make an index of so many functions in ``folder``."""
    empty = folder / "root"
    empty.mkdir(parents=True, exist_ok=True)
    target = resolve(empty, index_dir=folder / "index", enclosing=False)
    store = Store.open(target.folder, create=True)
    store.set_repository(target.repository)
    encoder = load_encoder("default")
    real = [extracted for root in roots for extracted in _extracted(root)]
    times = [time.perf_counter()]
    _insert(store, real, count)
    times.append(time.perf_counter())
    WordIndex(store.folder).update(store)
    times.append(time.perf_counter())
    encode_missing(store, encoder, Silent())
    times.append(time.perf_counter())
    VectorIndex(store, encoder.name, encoder.dim).update()
    times.append(time.perf_counter())
    with store.transaction():
        store.mark_complete()
        store.set_meta("encoder", encoder.name)
    stamp(store)
    store.close()
    queries = sorted({query for extracted in real for query in _sentences(extracted)})
    random.Random(0).shuffle(queries)
    (folder / "queries.txt").write_text("\n".join(queries[: _WARMING + _TIMED]), "utf-8")
    return Built(*(after - before for before, after in pairwise(times)))


def _extracted(root: Path) -> Iterator[Extracted]:
    options = CrawlOptions()
    return extract_files(root, list(crawl(root, options)), options)


def _sentences(extracted: Extracted) -> Iterator[str]:
    for function in extracted.functions:
        sentence = function.docstring.split("\n", 1)[0].strip()
        if 4 <= len(sentence.split()) <= 12 and sentence.isascii() and ":" not in sentence:
            yield sentence


def _insert(store: Store, real: Sequence[Extracted], count: int) -> None:
    renaming = Renaming(function.text for extracted in real for function in extracted.functions)
    left, copy = count, 0
    while left > 0:
        names = renaming.of_copy(copy)
        for start in range(0, len(real), _FILES_A_TRANSACTION):
            with store.transaction():
                for number, extracted in enumerate(real[start : start + _FILES_A_TRANSACTION], start):
                    functions = [_renamed(function, names) for function in extracted.functions[:left]]
                    if functions:
                        store.replace_file(_record(extracted, f"copy{copy}/{number}", names), functions)
                    left -= len(functions)
        copy += 1


def _renamed(function: NewFunction, names: dict[str, str]) -> NewFunction:
    return new_function(
        Function(
            cast(Kind, function.kind),
            rename(function.name, names),
            rename(function.qualified_name, names),
            function.start_line,
            function.end_line,
            rename(function.signature, names),
            rename(function.docstring, names),
            rename(function.text, names),
        )
    )


def _record(extracted: Extracted, folder: str, names: dict[str, str]) -> FileRecord:
    path = f"{folder}/{rename(extracted.found.path, names)}"
    return FileRecord(path, extracted.found.size, 0, 0, extracted.digest, extracted.language)


# Answering


def answer(folder: Path) -> Answered:
    """Open the index in ``folder`` and query it."""
    started = time.perf_counter()
    index = CodeIndex.open(folder / "root", index_dir=folder / "index")
    opened = time.perf_counter() - started
    queries = (folder / "queries.txt").read_text("utf-8").splitlines()
    warming, timed = queries[:_WARMING], queries[_WARMING : _WARMING + _TIMED]
    first = _milliseconds(lambda: index.search(warming[0]))
    for query in warming:
        index.search(query)
    cpu_started = time.process_time()
    times = [_milliseconds(lambda query=query: index.search(query)) for query in timed]
    cpu = (time.process_time() - cpu_started) / len(timed)
    memory = psutil.Process().memory_full_info()
    words, vectors = WordIndex(index.store.folder), VectorIndex(index.store, index.encoder.name, index.encoder.dim)
    vectors.load()
    encoded = index.encoder.encode_queries(timed)
    words_ms, vectors_ms = [], []
    stems = Stems()
    for query, vector in zip(timed, encoded, strict=True):
        terms = stems.of(query)
        words_ms.append(_milliseconds(lambda terms=terms: words.search(terms, [1.0] * 4, 150)))
        vectors_ms.append(_milliseconds(lambda vector=vector: vectors.search(vector, 150)))
    return Answered(
        functions=index.store.count("functions"),
        opened_ms=1000 * opened,
        first_ms=first,
        query_ms=median(times),
        query_95_ms=quantiles(times, n=20)[-1],
        query_cpu_ms=1000 * cpu,
        words_ms=median(words_ms),
        vectors_ms=median(vectors_ms),
        recall=_recall(index.store, vectors, encoded[:_RECALL]),
        resident_mb=memory.rss / 1e6,
        private_mb=memory.uss / 1e6,
    )


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


def _recall(store: Store, vectors: VectorIndex, queries: np.ndarray) -> float:
    """Share of the nearest vectors that the vector search finds, over all queries."""
    best = np.full((len(queries), _NEAREST), -np.inf, np.float32)
    rows: list[np.ndarray] = []
    for _, packed in store.vectors_after(vectors.encoder_id, 0):
        rows.append(unpack(packed, vectors.dim))
        if len(rows) == 20_000:
            best, rows = _better(best, queries, rows), []
    if rows:
        best = _better(best, queries, rows)
    found = 0
    for query, nearest in zip(queries, best, strict=True):
        _, scores = vectors.search(query, _NEAREST)
        found += int(np.sum(scores[:_NEAREST] >= nearest[-1] - 1e-3))
    return found / best.size


def _better(best: np.ndarray, queries: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    scores = np.hstack([best, queries @ np.concatenate(rows).astype(np.float32).T])
    return -np.sort(-scores, axis=1)[:, :_NEAREST]


# The report

_TIMES = ("query", "95 %", "CPU", "words", "vectors")
_SIZES = ("resident MB", "private MB", "SQLite MB", "words MB", "vectors MB")
_HEADER = ("functions", *_TIMES, f"recall@{_NEAREST}", "open", "first query", *_SIZES)


def _building_row(count: int, built: Built | Answered) -> list[str]:
    assert isinstance(built, Built)
    return [f"{count:,}", *(f"{s:,.0f} s" for s in (built.insert, built.words, built.encode, built.vectors))]


def _answering_row(folder: Path, answered: Built | Answered) -> list[str]:
    assert isinstance(answered, Answered)
    files = [path for path in (folder / "index").rglob("*") if path.is_file()]
    kinds = ("index.db", "words", ".faiss")
    sizes = [sum(path.stat().st_size for path in files if kind in f"{path.parent.name}/{path.name}") for kind in kinds]
    times = (answered.query_ms, answered.query_95_ms, answered.query_cpu_ms, answered.words_ms, answered.vectors_ms)
    return [
        f"{answered.functions:,}",
        *(f"{ms:.2f} ms" for ms in times),
        f"{answered.recall:.3f}",
        *(f"{ms:.0f} ms" for ms in (answered.opened_ms, answered.first_ms)),
        *(f"{mb:,.0f}" for mb in (answered.resident_mb, answered.private_mb, *(size / 1e6 for size in sizes))),
    ]


if __name__ == "__main__":
    main()
