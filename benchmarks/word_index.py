"""Compare word indexes for codesearch: SQLite FTS5, tantivy and bm25s on the functions of real folders.

    python benchmarks/word_index.py ROOT... [--functions 10000 200000]

The functions of the folders, multiplied with renamed words where more are asked for, are indexed in four fields (name,
path, docstring, body), with identifiers split by the same code for all three. Queries are several natural words joined
by OR, each word in every field, the best 100 wanted. Agreement is the share of the ten best that a plain BM25, summed
over the fields, has too. A cold query is a new process that imports the library, opens the index and answers once.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import inspect
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from machine import machine
from multiplied import Renaming, rename
from word_candidates import CANDIDATES, Document, PlainBm25, WordIndex

from eval.markdown import table

QUERIES = (
    "read a file and return its lines",
    "parse a date from a string",
    "retry a request after a failure",
    "convert between units",
    "check whether two objects are equal",
    "write a table to disk",
    "close the connection when it is idle",
    "merge two sorted lists",
    "find the index of the largest element",
    "escape special characters in html",
)


def main() -> None:
    if sys.argv[1:2] == ["--cold"]:
        _answer_once(sys.argv[2], Path(sys.argv[3]), sys.argv[4].split())
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--functions", nargs="+", type=int, default=[10_000, 200_000])
    arguments = parser.parse_args()
    real = [function for root in arguments.roots for function in _functions(root)]
    sections = [machine()]
    for count in arguments.functions:
        documents = _documents(real, count)
        megabytes = sum(len(field) for document in documents for field in document) / 1e6
        sections += [f"{count:,} functions, {megabytes:.0f} MB of words:", _compare(documents)]
    print("\n\n".join(sections))


def _functions(root: Path) -> list[Document]:
    """Name, path, docstring and body of every function below a folder."""
    from indexer.crawl import CrawlOptions, crawl
    from indexer.extraction import extract_files

    options = CrawlOptions()
    return [
        (unit.qualified_name, extracted.found.path, unit.docstring, unit.text)
        for extracted in extract_files(root, list(crawl(root, options)), options)
        for unit in extracted.functions
    ]


def _documents(real: Sequence[Document], count: int) -> list[Document]:
    from indexer.split import WordSplitter

    splitter = WordSplitter()
    renaming = Renaming(" ".join(document) for document in real) if count > len(real) else None
    documents: list[Document] = []
    while len(documents) < count:
        names = renaming.of_copy(len(documents) // len(real)) if renaming else {}
        documents += [
            tuple(splitter.words(rename(field, names)) for field in document)
            for document in real[: count - len(documents)]
        ]
    return documents


def _compare(documents: Sequence[Document]) -> str:
    from indexer.split import WordSplitter

    queries = [WordSplitter().words(query).split() for query in QUERIES]
    plain = PlainBm25(documents)
    wanted = [set(plain.search(words)[:10]) for words in queries]
    rows = []
    for name, candidate in CANDIDATES.items():
        print(f"{len(documents):,} functions: {name}", file=sys.stderr)
        folder = Path(tempfile.mkdtemp(prefix="words-"))
        build = _seconds(lambda candidate=candidate, folder=folder: candidate.build(folder, documents))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.name != "documents.json") / 1e6
        cold = median(_cold_seconds(name, folder, queries[i]) for i in range(5))
        index: WordIndex = candidate(folder)
        times = []
        shared = 0
        for words, best in zip(queries, wanted, strict=True):
            shared += len(best & set(index.search(words)[:10]))
            times += [_seconds(lambda index=index, words=words: index.search(words)) for _ in range(5)]
        middle = len(documents) // 2
        file = range(middle, middle + 20)
        update = _seconds(lambda index=index, file=file: index.replace(file, [documents[i] for i in file]))
        lines = len(inspect.getsource(candidate).splitlines())
        shutil.rmtree(folder)
        rows.append(
            [
                name,
                f"{build:.1f} s",
                f"{size:.0f} MB",
                f"{1000 * update:.0f} ms",
                f"{1000 * median(times):.2f} ms",
                f"{1000 * max(times):.1f} ms",
                f"{1000 * cold:.0f} ms",
                f"{shared / sum(map(len, wanted)):.0%}",
                str(lines),
            ]
        )
    header = ["", "build", "on disk", "replace 20", "query", "slowest", "cold query", "agreement", "lines of code"]
    return table(header, rows)


def _seconds(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _cold_seconds(name: str, folder: Path, words: Sequence[str]) -> float:
    command = [sys.executable, __file__, "--cold", name, str(folder), " ".join(words)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _answer_once(name: str, folder: Path, words: Sequence[str]) -> None:
    started = time.perf_counter()
    CANDIDATES[name](folder).search(words)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
