"""What ranking takes from functions whatever the query is: read from the store once, and kept as columns of arrays."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from codesearch.growing import Ragged, filled
from codesearch.roles import Role, roles
from indexer.function import KINDS
from indexer.profile import FOLDER, NAME, OWNER, STEM, Profiler, flagged, heads, name_checksum, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.store import Store

NAMES = {"name": NAME, "owner": OWNER, "stem": STEM, "folder": FOLDER}
"""The names of a function that are compared with a query (its own, the enclosing ones, its file's, its folders') and
the flags of their words."""
_KINDS = ("class", "module", "window")
_OF_FILE = ("file_size", *(role.name.lower() for role in Role))
CONSTANT = (*_KINDS, "private", "length", *_OF_FILE)
"""Features that no query changes."""

_LONG = math.log(1000.0)
_LARGE = math.log(1e6)
_VERSION = re.compile(r"(?:^|/)v(\d{1,3})/")


class Profiles:
    """The profiles of functions in the order in which they were read; a *place* is an index into them."""

    def __init__(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store
        self._profiler = Profiler()
        self._places: dict[int, int] = {}
        self._words = Ragged()
        self._ids = np.zeros(0, np.int64)
        self._file_of = np.zeros(0, np.int64)
        self._names = np.zeros(0, np.uint32)
        self._constant = np.zeros((0, len(CONSTANT)), np.float32)
        self._lengths = np.zeros((0, len(NAMES)), np.float32)
        # Of files, at places of their own.
        self._file_places: dict[int, int] = {}
        self._file_words = Ragged()
        self._versions: list[tuple[str, int] | None] = []
        self._of_files = np.zeros((0, len(_OF_FILE)), np.float32)
        self._file_lengths = np.zeros((0, 2), np.float32)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._words)

    def places(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Where these functions are, those left out that the store does not have."""
        missing = [i for i in ids if i not in self._places]
        if missing:
            self._add(self._store.profiles(missing))
        return np.array([self._places[i] for i in ids if i in self._places], np.int64)

    def read_all(self) -> None:
        """Read the profiles of all functions."""
        self._add([row for row in self._store.all_profiles() if row[0] not in self._places])

    def ids(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Function ids, shape ``(len(places),)``."""
        return self._ids[places]

    def files(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers that tell their files apart, shape ``(len(places),)``."""
        return self._file_of[places]

    def constant(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The ``CONSTANT`` features, shape ``(len(places), len(CONSTANT))``."""
        return self._constant[places]

    def lengths(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """How many words each of ``NAMES`` has, at least 1, shape ``(len(places), len(NAMES))``."""
        return self._lengths[places]

    def named(self, places: NDArray[np.int64], names: Iterable[str]) -> NDArray[np.int64]:
        """Which of the places have one of these names, letter case aside; rarely another one too."""
        return np.flatnonzero(np.isin(self._names[places], [name_checksum(name) for name in names]))

    def words(self, places: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """The packed words of functions, one function after the other, and where each begins; the end comes last."""
        return self._words.rows(places)

    def words_of_paths(self, places: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """The same of the paths of their files."""
        return self._file_words.rows(self._file_of[places])

    def versions(self, places: NDArray[np.int64]) -> list[tuple[str, int] | None]:
        """The folder of versions that the files lie in and which one: ``("api/", 2)`` for ``api/v2/x.py``."""
        return [self._versions[file] for file in self._file_of[places].tolist()]

    def _add(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        new_files = dict.fromkeys(file_id for _, file_id, _ in rows if file_id not in self._file_places)
        self._read_files(list(new_files))
        rows = [row for row in rows if row[1] in self._file_places]  # a run may have deleted one since
        if not rows:
            return
        ids, file_ids, packed = zip(*rows, strict=True)
        first, end = len(self), len(self) + len(rows)
        files = np.fromiter(map(self._file_places.__getitem__, file_ids), np.int64, len(rows))
        head = heads(packed)
        is_whole = head["kind"] >= KINDS.index("module")
        constant = np.empty((len(rows), len(CONSTANT)), np.float32)
        constant[:, : len(_KINDS)] = head["kind"][:, None] == [KINDS.index(kind) for kind in _KINDS]
        constant[:, CONSTANT.index("private")] = head["is_private"]
        # The lines of a whole file or window say nothing of how much it holds.
        constant[:, CONSTANT.index("length")] = np.where(is_whole, 0.0, np.minimum(1.0, np.log(head["lines"]) / _LONG))
        constant[:, -len(_OF_FILE) :] = self._of_files[files]
        # What is defined in an __init__.py or mod.rs is no re-export.
        constant[:, CONSTANT.index("reexport")] *= is_whole
        lengths = np.column_stack([head["name_words"], head["owner_words"], self._file_lengths[files]])

        self._places.update(zip(ids, range(first, end), strict=True))
        self._words.add(words(packed))
        self._ids = filled(self._ids, first, np.array(ids))
        self._file_of = filled(self._file_of, first, files)
        self._names = filled(self._names, first, head["name"])
        self._constant = filled(self._constant, first, constant)
        self._lengths = filled(self._lengths, first, np.maximum(lengths, 1.0))

    def _read_files(self, ids: Sequence[int]) -> None:
        first = len(self._versions)
        packed, of_files, lengths = [], [], []
        for file_id, path, size in self._store.file_sizes(ids):
            folder, _, file = path.rpartition("/")
            stem, folders = (self._profiler.words_of_name(name) for name in (file.partition(".")[0], folder))
            found = _VERSION.search(path)
            has = roles(path)
            self._file_places[file_id] = len(self._versions)
            self._versions.append((path[: found.start()], int(found[1])) if found else None)
            packed.append(flagged([(STEM, stem), (FOLDER, folders)]))
            of_files.append([min(1.0, math.log(size + 1) / _LARGE), *(role in has for role in Role)])
            lengths.append([len(stem), len(folders)])
        if packed:
            self._file_words.add(packed)
            self._of_files = filled(self._of_files, first, np.array(of_files, np.float32))
            self._file_lengths = filled(self._file_lengths, first, np.array(lengths, np.float32))
