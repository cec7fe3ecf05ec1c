"""Quality beside semble: the same judged queries asked of both, about the same files, in one run.

    python benchmarks/peer_quality.py BENCH REPOSITORIES --semble COMMAND --model FOLDER

``BENCH/repo-search`` has queries answered by files, ``benchmarks/questions`` those answered by functions; both hold
``repos.tsv`` and ``queries/``, and ``REPOSITORIES`` their clones. COMMAND is semble's (https://github.com/MinishLab/semble)
in an environment of its own, FOLDER a model2vec model, as no network is used. Questions are scored three times: by
files; by functions, where a hit shares half of all lines of both; and, as semble gives pieces of files that need not be
functions, by whether a hit holds the function's first line. In brackets is the 95 % interval over queries; the last
column is that of the difference in RR, query by query.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from machine import machine
from numpy.typing import NDArray
from peer_tools import Semble

from codesearch import load_encoder
from eval.checkout import checkout
from eval.codesearch_index import builder
from eval.intervals import estimate
from eval.markdown import table
from eval.repo_queries import Repository, Wanted, read_repositories
from eval.repo_search import MEASURES, TOKENS, Index, K, query_values, search_repository

QUESTIONS = Path(__file__).with_name("questions")
_ASKED_IN_ITS_PYTHON = """
import json, sys
from semble import SembleIndex
index = SembleIndex.from_path(sys.argv[1])
print(json.dumps(index.stats.total_chunks), flush=True)
for line in sys.stdin:
    found = [result.chunk for result in index.search(json.loads(line), top_k=int(sys.argv[2]))]
    print(json.dumps([[c.file_path, c.start_line, c.end_line, c.content] for c in found]), flush=True)
"""


class CannotIndexError(Exception):
    """semble ended while it indexed a repository, which is left out then."""


@dataclass(frozen=True)
class Piece:
    """A hit of semble: lines of a file."""

    path: str
    start_line: int
    end_line: int
    snippet: str


@dataclass(frozen=True)
class SembleIndex:
    """semble's index of a folder, held by a process of its own."""

    process: subprocess.Popen[str]
    functions: int
    """Pieces, here."""

    def search(self, query: str, k: int = K) -> Sequence[Piece]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(query) + "\n")
        self.process.stdin.flush()
        return [Piece(*piece) for piece in self._answer()]

    def _answer(self) -> list[tuple[str, int, int, str]]:
        assert self.process.stdout is not None
        answer: list[tuple[str, int, int, str]] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def semble_builder(semble: Semble) -> Iterator[Callable[[Path], Index]]:
    """What indexes a folder with semble; one process at a time, ended with the next and at the end."""
    running: list[subprocess.Popen[str]] = []

    def build(folder: Path) -> Index:
        stop()
        command = [str(semble.python), "-c", _ASKED_IN_ITS_PYTHON, str(folder), str(K)]
        environment = {**os.environ, **semble.environment(Path(cache))}
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        pieces = process.stdout.readline()
        if not pieces:
            raise CannotIndexError
        return SembleIndex(process, json.loads(pieces))

    def stop() -> None:
        for process in running:
            process.kill()
            process.wait()
        running.clear()

    with tempfile.TemporaryDirectory(prefix="semble-") as cache:
        try:
            yield build
        finally:
            stop()


@dataclass(frozen=True, slots=True)
class FirstLine(Wanted):
    """A function, found where a hit holds its first line."""

    def matches(self, path: str, start_line: int, end_line: int) -> bool:
        return Wanted(self.path).matches(path, start_line, end_line) and start_line <= self.start_line <= end_line


def by_first_line(repository: Repository) -> Repository:
    queries = tuple(
        replace(query, wanted=tuple(FirstLine(one.path, one.start_line, one.end_line) for one in query.wanted))
        for query in repository.queries
    )
    return replace(repository, queries=queries)


Values = NDArray[np.float64]
"""Of ``MEASURES`` and ``TOKENS``, shape ``(queries, measures)``."""


def scored(
    repositories: Sequence[Repository], clones: Path, builds: Sequence[Callable[[Path], Index]]
) -> tuple[list[Values], list[str]]:
    """The values of all queries for each tool, and the repositories that one of them could not index."""
    values, left_out = [], []
    for repository in repositories:
        try:
            outcomes = [search_repository(repository, checkout(repository, clones), build) for build in builds]
        except CannotIndexError:
            left_out.append(repository.name)
            continue
        values.append([np.array(list(query_values(outcome))) for outcome in outcomes])
    return [np.concatenate(of_tool) for of_tool in zip(*values, strict=True)], left_out


def rows(name: str, ours: Values, theirs: Values) -> list[list[str]]:
    (difference,) = estimate([(ours - theirs)[:, [MEASURES.index("RR")]]])
    return [
        [name, "codesearch", *map(str, estimate([ours])), str(difference)],
        ["", "semble", *map(str, estimate([theirs])), ""],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--semble", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    functions = read_repositories(QUESTIONS, by_lines=True)
    sets = {
        "repo-search, by files": read_repositories(options.bench / "repo-search"),
        "questions, by files": read_repositories(QUESTIONS),
        "questions, by functions": functions,
        "questions, by first lines": [by_first_line(one) for one in functions],
    }
    codesearch = builder(load_encoder("default"), None)
    printed, left_out = [], []
    with semble_builder(Semble(options.semble, options.model)) as semble:
        for name, repositories in sets.items():
            values, left_out_here = scored(repositories, options.repositories, [semble, codesearch])
            printed += rows(f"{name} ({len(values[0])})", values[1], values[0])
            left_out += left_out_here
            print(name, file=sys.stderr, flush=True)
    print(f"{machine()}\n\n{table(['queries', 'tool', *MEASURES, TOKENS, 'RR, difference'], printed)}")
    if left_out:
        print(f"\nLeft out, as semble ends while it indexes them: {', '.join(sorted(set(left_out)))}.")


if __name__ == "__main__":
    main()
