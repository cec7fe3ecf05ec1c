"""Collect the pairs of one repository."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from codesearch.train.data.comments import comment_pairs
from codesearch.train.data.commits import commit_pairs
from codesearch.train.data.docstrings import Described, docstring_pairs
from codesearch.train.data.documents import document_pairs, readme_pairs
from codesearch.train.data.functions import SourceFile, source_files
from codesearch.train.data.git_objects import export
from codesearch.train.data.pair import Origin, Pair
from codesearch.train.data.sources import Source, git_directory, package_folder
from codesearch.train.data.tested import test_pairs


@dataclass(frozen=True, slots=True)
class Limits:
    """The most pairs that one repository gives, so that no large one is heard above all others."""

    docstring: int = 8000
    comment: int = 1500
    doc: int = 3000
    test: int = 1000
    commit: int = 300
    made: int = 1000
    commit_seconds: float = 30.0
    """The time that a repository's history may take."""


def pairs_of_tree(source: Source, mirror: Path | None, clones: Path, limits: Limits) -> Iterator[Pair]:
    """Yield what the files of the listed commit give: docstrings, comments, documents and tests.

    Raises:
        CodesearchError: the repository cannot be had.
    """
    if source.is_installed:
        # The headers that come with an installed package are often those of other projects.
        python = (file for file in source_files(package_folder(source)) if file.path.endswith(".py"))
        yield from _pairs_of_files(source, list(python), limits)
        return
    directory = git_directory(source, mirror, clones)
    with tempfile.TemporaryDirectory(prefix="codesearch-") as folder:
        export(directory, source.commit, Path(folder))
        yield from _pairs_of_files(source, list(source_files(Path(folder))), limits)


def pairs_of_history(source: Source, mirror: Path | None, clones: Path, limits: Limits) -> Iterator[Pair]:
    """Yield what the commits before the listed one give; nothing for an installed package.

    Raises:
        CodesearchError: the repository cannot be had.
    """
    if source.is_installed:
        return
    directory = git_directory(source, mirror, clones)
    for commit, described in commit_pairs(directory, source.commit, limits.commit, limits.commit_seconds):
        yield _pair(source, described, "commit", commit)


def _pairs_of_files(source: Source, files: list[SourceFile], limits: Limits) -> Iterator[Pair]:
    origins: tuple[tuple[Origin, Iterable[Described], int], ...] = (
        ("docstring", docstring_pairs(files), limits.docstring),
        ("comment", comment_pairs(files), limits.comment),
        ("doc", chain(readme_pairs(files), document_pairs(files)), limits.doc),
        ("test", test_pairs(files), limits.test),
    )
    for origin, described, limit in origins:
        for one in islice(described, limit):
            yield _pair(source, one, origin, source.commit)


def _pair(source: Source, described: Described, origin: Origin, commit: str) -> Pair:
    function = described.function
    in_document = origin == "doc"
    return Pair(
        source.repository,
        commit,
        described.path,
        described.language.name,
        "block" if function.kind == "window" else function.kind,
        "" if in_document else function.name,
        "" if in_document else function.qualified_name,
        function.start_line,
        described.text,
        described.code,
        origin,
        source.split,
    )
