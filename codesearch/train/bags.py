"""Training pairs as token ids: every batch composes its queries and code anew from their parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from codesearch.encoders.vocabulary import Vocabulary

MAX_TEXT_TOKENS = 64
MAX_CODE_TOKENS = 256

NAME, TEXT, BODY, NAME_IN_BODY = range(4)
"""The parts of a code side: its qualified name, the text about it, its source, and the name's words in the source."""


@dataclass(frozen=True)
class Bags:
    """Rows of token ids of different lengths, one after the other; row ``i`` is ``ids[starts[i]:starts[i + 1]]``."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> Bags:
        """Put rows of ids one after the other."""
        arrays = [np.asarray(row, np.int32) for row in rows]
        starts = np.zeros(len(arrays) + 1, np.int64)
        np.cumsum([len(array) for array in arrays], out=starts[1:])
        return cls(np.concatenate([*arrays, np.zeros(0, np.int32)]), starts)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.starts) - 1

    def positions(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the tokens of ``rows`` are in ``ids``, and which of ``rows`` (0, 1, ...) each belongs to."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), lengths)
        first = np.cumsum(lengths) - lengths
        return np.arange(lengths.sum()) - first[owner] + self.starts[rows][owner], owner


@dataclass(frozen=True)
class Pairs:
    """Texts and the code they are about, as token ids."""

    queries: Bags
    codes: Bags
    parts: NDArray[np.uint8]
    """What each token of ``codes.ids`` belongs to: ``NAME``, ``TEXT``, ``BODY`` or ``NAME_IN_BODY``."""
    same_text: NDArray[np.int64]
    """Pairs of one number have the same text, so that none is a wrong answer to the other."""
    groups: NDArray[np.int64]
    """Pairs of one number are from one repository, so that they are harder to tell apart."""

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.queries)


def read_bags(
    vocabulary: Vocabulary,
    texts: Sequence[str],
    names: Sequence[str],
    codes: Sequence[str],
    groups: Sequence[str],
) -> Pairs:
    """Tokenise pairs; ``names`` are the functions' qualified names, ``codes`` their source without ``texts``."""
    text_ids = [ids[:MAX_TEXT_TOKENS] for ids in vocabulary.token_ids(texts)]
    name_ids = vocabulary.token_ids(names)
    rows, parts = [], []
    for text, name, body in zip(text_ids, name_ids, vocabulary.token_ids(codes), strict=True):
        body = body[:MAX_CODE_TOKENS]
        words = set(name)
        rows.append([*name, *text, *body])
        parts.append([NAME] * len(name) + [TEXT] * len(text) + [NAME_IN_BODY if i in words else BODY for i in body])
    numbers: dict[str, int] = {}
    text_numbers: dict[tuple[int, ...], int] = {}
    return Pairs(
        queries=Bags.of(text_ids),
        codes=Bags.of(rows),
        parts=np.concatenate([np.asarray(part, np.uint8) for part in parts] or [np.zeros(0, np.uint8)]),
        same_text=np.array([text_numbers.setdefault(tuple(ids), len(text_numbers)) for ids in text_ids], np.int64),
        groups=np.array([numbers.setdefault(group, len(numbers)) for group in groups], np.int64),
    )
