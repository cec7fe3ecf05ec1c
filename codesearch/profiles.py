"""What ranking takes from functions whatever the query is: worked out once, and kept as columns of arrays."""

from __future__ import annotations

import math
import re
from array import array
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from codesearch.roles import Role, roles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.store import FunctionRow

NAMES = ("name", "owner", "stem", "folder")
"""The names of a function that are compared with a query: its own, the enclosing ones, its file's, its folders'."""
_KINDS = ("class", "module", "window")
CONSTANT = (*_KINDS, "private", "length", "file_size", *(role.name.lower() for role in Role))
"""Features that no query changes."""
MOST_WORDS_OF_A_NAME = 16
"""Of longer names, which are deep folders, the last words count."""

_LONG = math.log(1000.0)
_LARGE = math.log(1e6)
_VERSION = re.compile(r"(?:^|/)v(\d{1,3})/")


class _OfPath(NamedTuple):
    """What all functions of a file have in common; arrays as their bytes."""

    version: tuple[str, int] | None
    names: bytes
    """The words of its stem and of its folders."""
    roles: bytes
    roles_of_whole: bytes
    """Of its module and its windows."""


class Profiles:
    """The profiles of functions, in the order in which they were added."""

    def __init__(self, terms: Callable[[str], Sequence[str]]) -> None:
        """Take what gives the stemmed words of a name or a path, each once."""
        self.rows: list[FunctionRow] = []
        self.versions: list[tuple[str, int] | None] = []
        """The folder of versions that a function's file lies in and which one: ``("api/", 2)`` for ``api/v2/x.py``."""
        self.numbers: dict[str, int] = {}
        """Of the stemmed words, from 1 on."""
        self._terms = terms
        self._names: dict[str, bytes] = {}
        self._paths: dict[str, _OfPath] = {}
        self._places: dict[int, int] = {}
        self._constant = np.zeros((0, len(CONSTANT)), np.float32)
        self._words = np.zeros((0, len(NAMES), MOST_WORDS_OF_A_NAME), np.int32)
        self._lengths = np.zeros((0, len(NAMES)), np.float32)
        self._files = np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    @property
    def constant(self) -> NDArray[np.float32]:
        """The ``CONSTANT`` features, shape ``(len(self), len(CONSTANT))``."""
        return self._constant[: len(self)]

    @property
    def words(self) -> NDArray[np.int32]:
        """Numbers of the words of ``NAMES``, 0 for none, shape ``(len(self), len(NAMES), MOST_WORDS_OF_A_NAME)``."""
        return self._words[: len(self)]

    @property
    def lengths(self) -> NDArray[np.float32]:
        """How many words each of ``NAMES`` has, at least 1, shape ``(len(self), len(NAMES))``."""
        return self._lengths[: len(self)]

    @property
    def files(self) -> NDArray[np.int64]:
        """Ids of their files, shape ``(len(self),)``."""
        return self._files[: len(self)]

    def missing(self, ids: Iterable[int]) -> list[int]:
        """Those of these functions that were not added."""
        return [i for i in ids if i not in self._places]

    def places(self, ids: Iterable[int]) -> NDArray[np.int64]:
        """Where these functions are, those left out that were not added."""
        return np.array([self._places[i] for i in ids if i in self._places], np.int64)

    def add(self, rows: Sequence[FunctionRow]) -> None:
        """Add functions that are not there yet."""
        first, end = len(self), len(self) + len(rows)
        constant: list[bytes] = []  # joined bytes become an array a hundred times as fast as lists of numbers
        words: list[bytes] = []
        for place, row in enumerate(rows, first):
            path = self._paths.get(row.path) or self._read_path(row.path)
            self._places[row.id] = place
            self.rows.append(row)
            self.versions.append(path.version)
            constant += _constants(row, path)
            words += (self._words_of(row.name), self._words_of(row.qualified_name.rpartition(".")[0]), path.names)
        self._constant = _with_room(self._constant, end)
        self._constant[first:end] = _as_rows(constant, self._constant)
        self._words = _with_room(self._words, end)
        self._words[first:end] = _as_rows(words, self._words)
        self._lengths = _with_room(self._lengths, end)
        self._lengths[first:end] = np.maximum(np.count_nonzero(self._words[first:end], axis=2), 1)
        self._files = _with_room(self._files, end)
        self._files[first:end] = [row.file_id for row in rows]

    def _read_path(self, path: str) -> _OfPath:
        folder, _, file = path.rpartition("/")
        found = _VERSION.search(path)
        version = (path[: found.start()], int(found[1])) if found else None
        has = roles(path)
        # What is defined in an __init__.py or mod.rs is no re-export.
        flags, flags_of_whole = (
            array("f", [role in had for role in Role]).tobytes() for had in (has - {Role.REEXPORT}, has)
        )
        names = self._words_of(file.partition(".")[0]) + self._words_of(folder)
        read = self._paths[path] = _OfPath(version, names, flags, flags_of_whole)
        return read

    def _words_of(self, name: str) -> bytes:
        """The numbers of a name's words with zeros behind them."""
        found = self._names.get(name)
        if found is None:
            terms = self._terms(name)[-MOST_WORDS_OF_A_NAME:] if name else []
            numbers = [self.numbers.setdefault(term, len(self.numbers) + 1) for term in terms]
            padding = [0] * (MOST_WORDS_OF_A_NAME - len(numbers))
            found = self._names[name] = array("i", numbers + padding).tobytes()
        return found


_KIND_FLAGS = {kind: array("f", [kind == other for other in _KINDS]).tobytes() for kind in (*_KINDS, "")}
_PRIVATE_LENGTH_SIZE = Struct("fff")


def _constants(row: FunctionRow, path: _OfPath) -> tuple[bytes, bytes, bytes]:
    """The values of ``CONSTANT``."""
    is_whole = row.kind in ("module", "window")
    # The lines of a whole file or window say nothing of how much it holds.
    length = 0.0 if is_whole else min(1.0, math.log(row.end_line - row.start_line + 1) / _LONG)
    size = min(1.0, math.log(row.file_size + 1) / _LARGE)
    return (
        _KIND_FLAGS.get(row.kind, _KIND_FLAGS[""]),
        _PRIVATE_LENGTH_SIZE.pack(row.name.startswith("_"), length, size),
        path.roles_of_whole if is_whole else path.roles,
    )


def _as_rows(parts: list[bytes], like: NDArray) -> NDArray:  # type: ignore[type-arg]
    return np.frombuffer(b"".join(parts), like.dtype).reshape(-1, *like.shape[1:])


def _with_room(array: NDArray, size: int) -> NDArray:  # type: ignore[type-arg]
    if size <= len(array):
        return array
    larger = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
