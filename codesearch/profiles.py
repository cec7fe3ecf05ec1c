"""What ranking takes from functions whatever the query is: worked out once, and kept as columns of arrays."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from codesearch.roles import Role, roles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.store import FunctionRow

NAMES = ("name", "owner", "stem", "folder")
"""The names of a function that are compared with a query: its own, the enclosing ones, its file's, its folders'."""
CONSTANT = ("class", "module", "window", "private", "length", "file_size", *(role.name.lower() for role in Role))
"""Features that no query changes."""
MOST_WORDS_OF_A_NAME = 16
"""Of longer names, which are deep folders, the last words count."""

_LONG = math.log(1000.0)
_LARGE = math.log(1e6)
_VERSION = re.compile(r"(?:^|/)v(\d{1,3})/")


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
        self._texts: dict[str, list[int]] = {"": []}
        self._places: dict[int, int] = {}
        self._constant = np.zeros((0, len(CONSTANT)), np.float32)
        self._words = np.zeros((0, len(NAMES), MOST_WORDS_OF_A_NAME), np.int32)

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

    def missing(self, ids: Iterable[int]) -> list[int]:
        """Those of these functions that were not added."""
        return [i for i in ids if i not in self._places]

    def places(self, ids: Iterable[int]) -> NDArray[np.int64]:
        """Where these functions are, those left out that were not added."""
        return np.array([self._places[i] for i in ids if i in self._places], np.int64)

    def add(self, rows: Sequence[FunctionRow]) -> None:
        """Add functions that are not there yet."""
        first = len(self)
        self._constant = _with_room(self._constant, first + len(rows))
        self._words = _with_room(self._words, first + len(rows))
        # Cells of the flat arrays and what goes there: written at once, which numpy does ten times as fast.
        cells: list[int] = []
        values: list[float] = []
        word_cells: list[int] = []
        numbers: list[int] = []
        for place, row in enumerate(rows, first):
            self._places[row.id] = place
            self.rows.append(row)
            found = _VERSION.search(row.path)
            self.versions.append((row.path[: found.start()], int(found[1])) if found else None)
            for column, value in _constants(row):
                cells.append(place * len(CONSTANT) + column)
                values.append(value)
            folder, _, file = row.path.rpartition("/")
            texts = (row.name, row.qualified_name.rpartition(".")[0], file.partition(".")[0], folder)
            for start, text in enumerate(texts, place * len(NAMES)):
                of_name = self._numbers_of(text)
                word_cells.extend(range(start * MOST_WORDS_OF_A_NAME, start * MOST_WORDS_OF_A_NAME + len(of_name)))
                numbers.extend(of_name)
        self._constant.reshape(-1)[cells] = values
        self._words.reshape(-1)[word_cells] = numbers

    def _numbers_of(self, text: str) -> list[int]:
        found = self._texts.get(text)
        if found is None:
            numbers = [self.numbers.setdefault(term, len(self.numbers) + 1) for term in self._terms(text)]
            found = self._texts[text] = numbers[-MOST_WORDS_OF_A_NAME:]
        return found


_COLUMN = {name: column for column, name in enumerate(CONSTANT)}
_PRIVATE, _LENGTH, _FILE_SIZE = _COLUMN["private"], _COLUMN["length"], _COLUMN["file_size"]


def _constants(row: FunctionRow) -> list[tuple[int, float]]:
    """Columns of ``CONSTANT`` with their values, those left out that are 0."""
    values = [(_FILE_SIZE, min(1.0, math.log(row.file_size + 1) / _LARGE))]
    is_whole = row.kind in ("module", "window")
    if row.kind in _COLUMN:
        values.append((_COLUMN[row.kind], 1.0))
    if row.name.startswith("_"):
        values.append((_PRIVATE, 1.0))
    if not is_whole:  # their lines say nothing of how much they hold
        values.append((_LENGTH, min(1.0, math.log(row.end_line - row.start_line + 1) / _LONG)))
    # What is defined in an __init__.py or mod.rs is no re-export.
    of_file = (role for role in roles(row.path) if role is not Role.REEXPORT or is_whole)
    values += ((_COLUMN[role.name.lower()], 1.0) for role in of_file)
    return values


def _with_room(array: NDArray, size: int) -> NDArray:  # type: ignore[type-arg]
    if size <= len(array):
        return array
    larger = np.zeros((max(size, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
