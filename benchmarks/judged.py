"""Queries about repositories with their candidates, of which it is known which are right: what ranking is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codesearch.encoders.protocol import Encoder
from codesearch.engine import CodeIndex
from codesearch.query import parse
from eval.checkout import checkout
from eval.repo_queries import RepoQuery, Repository, Wanted, read_repositories
from indexer.records import FunctionRow


@dataclass
class Judged:
    """One query with its candidates."""

    repository: str
    category: str
    text: str
    is_symbol: bool
    features: NDArray[np.float32]
    """Shape ``(candidates, len(FEATURES))``."""
    files: NDArray[np.int64]
    """Numbers from 0 on, shape ``(candidates,)``."""
    found: list[FunctionRow]
    """The candidates, with paths from the root of the repository."""
    wanted: tuple[Wanted, ...]
    units: NDArray[np.int64]
    """What is to be told apart, files or single functions: a number for each candidate, shape ``(candidates,)``."""
    right: NDArray[np.bool_]
    """Which of these are wanted."""


def judge(data: Path, repositories: Path, encoder: Encoder, index_dir: Path, by_lines: bool) -> list[Judged]:
    """Ask the queries of a folder with ``repos.tsv`` and ``queries/``; see ``eval.repo_queries``."""
    judged = []
    for repository in read_repositories(data, by_lines=by_lines):
        files = checkout(repository, repositories)
        with CodeIndex.build(files / repository.folder, encoder=encoder, index_dir=index_dir) as index:
            there = (q for q in repository.queries if any((files / wanted.path).is_file() for wanted in q.wanted))
            judged += [_judged(index, repository, query, by_lines) for query in there]
    return judged


def _judged(index: CodeIndex, repository: Repository, query: RepoQuery, by_lines: bool) -> Judged:
    parsed = parse(query.text)
    candidates = index.candidates(parsed)
    ids = candidates.ids.tolist()
    rows = index.store.function_rows(ids)
    prefix = "" if repository.folder == "." else f"{repository.folder}/"
    found = [rows[i]._replace(path=prefix + rows[i].path) for i in ids]
    files = np.unique(candidates.files, return_inverse=True)[1]
    units = np.arange(len(ids)) if by_lines else files
    right = np.zeros(int(units.max(initial=-1)) + 1, np.bool_)
    for unit, row in zip(units.tolist(), found, strict=True):
        right[unit] |= any(wanted.matches(row.path, row.start_line, row.end_line) for wanted in query.wanted)
    return Judged(
        repository.name,
        query.category,
        query.text,
        parsed.is_symbol,
        candidates.features,
        files,
        found,
        query.wanted,
        units,
        right,
    )
