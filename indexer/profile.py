"""The profile of a function: what ranking reads of every candidate, in some hundred bytes made when it is extracted.

The packed form is a ``HEAD`` and a uint32 number for every different stemmed word: its mark, with flags that say where
it stands.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING

import numpy as np

from indexer.function import KINDS
from indexer.split import identifiers
from indexer.stems import Stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from indexer.function import Function

SOURCE, NAME, OWNER, STEM, FOLDER = 1, 2, 4, 8, 16
"""Where a word stands: docstring or source, the name, the enclosing names, the file's name, its folders."""
MARK = 0xFFFFFFE0
"""The bits of a number that are the word's mark. Among 100,000 words, one in 1,342 shares it with another."""
MOST_WORDS_OF_A_NAME = 16
"""Of longer names, which are deep folders, the last words count."""

HEAD = np.dtype(
    [
        ("checksum", np.uint32),  # of all that follows
        ("kind", np.uint8),  # index into KINDS
        ("is_private", np.uint8),
        ("name_words", np.uint8),
        ("owner_words", np.uint8),
        ("lines", np.uint32),
        ("name", np.uint32),  # its name_checksum
    ]
)
_PACKED_HEAD = Struct("=BBBBII")
_REMEMBERED = 200_000


def mark(stem: str) -> int:
    """The number that stands for a stemmed word, its lowest five bits 0."""
    return zlib.crc32(stem.encode()) & MARK


def name_checksum(name: str) -> int:
    """What tells a name from most others, letter case aside."""
    return zlib.crc32(name.lower().encode())


def flagged(places: Iterable[tuple[int, Iterable[int]]]) -> bytes:
    """The packed words of ``(flag, marks)``, each mark once with all its flags."""
    return array("I", [each | flags for each, flags in _flags(places).items()]).tobytes()


def _flags(places: Iterable[tuple[int, Iterable[int]]]) -> dict[int, int]:
    flags: dict[int, int] = {}
    for flag, marks in places:
        for each in marks:
            flags[each] = flags.get(each, 0) | flag
    return flags


class Profiler:
    """Packs profiles; remembers the words of identifiers, which repeat."""

    def __init__(self) -> None:
        self._numbers = _NumbersOfSource()

    def pack(self, function: Function) -> bytes:
        """The packed profile of a function."""
        if len(self._numbers) > _REMEMBERED:
            self._numbers = _NumbersOfSource()
        # Dictionaries and not sets, so that the same function always has the same profile.
        different = dict.fromkeys(identifiers(function.text) + identifiers(function.docstring))
        numbers = dict.fromkeys(chain.from_iterable(map(self._numbers.__getitem__, different)))
        name = self.words_of_name(function.name)
        owner = self.words_of_name(function.qualified_name.rpartition(".")[0])
        for each, flags in _flags([(NAME, name), (OWNER, owner)]).items():
            if each | SOURCE in numbers:
                del numbers[each | SOURCE]
                flags |= SOURCE
            numbers[each | flags] = None
        kind, is_private = KINDS.index(function.kind), function.name.startswith("_")
        lines = function.end_line - function.start_line + 1
        head = _PACKED_HEAD.pack(kind, is_private, len(name), len(owner), lines, name_checksum(function.name))
        rest = head + array("I", numbers).tobytes()
        return zlib.crc32(rest).to_bytes(4, sys.byteorder) + rest

    def words_of_name(self, name: str) -> list[int]:
        """Marks of the words of a name or a path, at most ``MOST_WORDS_OF_A_NAME``."""
        numbers = dict.fromkeys(chain.from_iterable(map(self._numbers.__getitem__, identifiers(name))))
        return [number & MARK for number in numbers][-MOST_WORDS_OF_A_NAME:]


class _NumbersOfSource(dict[str, tuple[int, ...]]):
    """Of an identifier in a source, its words' marks with that flag."""

    def __init__(self) -> None:
        super().__init__()
        self.stems = Stems()

    def __missing__(self, identifier: str) -> tuple[int, ...]:
        numbers = self[identifier] = tuple([mark(stem) | SOURCE for stem in self.stems.of_identifier(identifier)])
        return numbers


def is_whole(packed: object) -> bool:
    """Whether a packed profile is what ``Profiler.pack`` made."""
    return (
        isinstance(packed, bytes)
        and len(packed) >= HEAD.itemsize
        and zlib.crc32(packed[4:]) == int.from_bytes(packed[:4], sys.byteorder)
    )


def heads(packed: Sequence[bytes]) -> NDArray[np.void]:
    """What packed profiles say beside their words, an array of ``HEAD``."""
    return np.frombuffer(b"".join([each[: HEAD.itemsize] for each in packed]), HEAD)


def words(packed: Sequence[bytes]) -> list[bytes]:
    """The packed words of packed profiles."""
    return [each[HEAD.itemsize :] for each in packed]
