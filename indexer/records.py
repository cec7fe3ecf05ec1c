"""What the store holds: the rows of its tables as they travel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

EXTRACTION_VERSION = "6"
"""Raised when extraction or the stored form of its results changes: every file is then read again."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The one indexed root of an index."""

    name: str
    root: str
    """The folder that was crawled: for a git URL, its clone in the cache."""
    url: str | None = None
    ref: str | None = None
    commit: str | None = None
    indexed_at: float | None = None
    """Seconds since the epoch of the last complete run."""


class FileRecord(NamedTuple):
    """What is remembered of a file to tell whether it changed; ``skipped`` is why it holds no functions.

    A tuple, as every search reads one for each file.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    digest: bytes | None
    language: str | None
    skipped: str | None = None
    id: int = 0


class NewFunction(NamedTuple):
    """A function to be stored; a tuple, since millions of them travel from worker processes to SQLite."""

    kind: str
    name: str
    qualified_name: str
    start_line: int
    end_line: int
    signature: str
    docstring: str
    text: str
    digest: bytes
    """Of the text an encoder reads, see ``indexer.text``."""
    profile: bytes
    """See ``indexer.profile``."""


class FunctionRow(NamedTuple):
    """A stored function."""

    id: int
    file_id: int
    path: str
    language: str
    kind: str
    name: str
    qualified_name: str
    start_line: int
    end_line: int
    signature: str
    docstring: str
    text: str
