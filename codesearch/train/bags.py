"""Training pairs as token ids: every batch composes its queries and code anew from their parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from codesearch.train.data.pair import docstrings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from codesearch.encoders.vocabulary import Vocabulary
    from codesearch.train.data.pair import Pair

MAX_TEXT_TOKENS = 64
MAX_CODE_TOKENS = 256
_LIMITS = (MAX_TEXT_TOKENS, MAX_TEXT_TOKENS, None, MAX_CODE_TOKENS)

NAME, TEXT, BODY, NAME_IN_BODY, DOCUMENTATION = range(5)
"""The parts of a code side: its qualified name, the text about it, its source, the name's words in the source, and its
docstring where that is not the text."""


@dataclass(frozen=True)
class Bags:
    """Rows of token ids of different lengths, one after the other; row ``i`` is ``ids[starts[i]:starts[i + 1]]``."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | NDArray[np.int32]]) -> Bags:
        """Put rows of ids one after the other."""
        arrays = [np.asarray(row, np.int32) for row in rows]
        starts = np.zeros(len(arrays) + 1, np.int64)
        np.cumsum([len(array) for array in arrays], out=starts[1:])
        return cls(np.concatenate([*arrays, np.zeros(0, np.int32)]), starts)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.starts) - 1

    def places(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the tokens of ``rows`` are in ``ids``, and which of ``rows`` (0, 1, ...) each belongs to."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), lengths)
        first = np.cumsum(lengths) - lengths
        return np.arange(lengths.sum()) - first[owner] + self.starts[rows][owner], owner

    def chosen(self, rows: NDArray[np.int64]) -> Bags:
        """Only these rows, in this order."""
        return Bags.of([self.ids[self.starts[row] : self.starts[row + 1]] for row in rows])


@dataclass(frozen=True)
class TrainingPairs:
    """Texts and the code they are about, as token ids."""

    queries: Bags
    codes: Bags
    parts: NDArray[np.uint8]
    """What each token of ``codes.ids`` belongs to: ``NAME``, ``TEXT`` and so on."""
    same_text: NDArray[np.int64]
    """Pairs of one number have the same text, so that none is a wrong answer to the other; so those of one code."""
    same_code: NDArray[np.int64]
    asked: NDArray[np.bool_]
    """Whether the text was written as a query: it asks as it is, for code with its documentation or without."""
    groups: NDArray[np.int64]
    """Pairs of one number are from one repository, so that they are harder to tell apart."""
    languages: NDArray[np.int64]
    """The token that names the code's language; -1 where there is none, or where the text says it if it is meant."""
    how_to: NDArray[np.int64]
    """The tokens of "how to"."""

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.queries)


def tokenize_pairs(pairs: Sequence[Pair], vocabulary: Vocabulary) -> TrainingPairs:
    """Read pairs as token ids."""
    known = docstrings(pairs)
    texts, codes, parts, groups, same_text, same_code, languages = [], [], [], [], [], [], []
    group_numbers: dict[str, int] = {}
    text_numbers: dict[tuple[int, ...], int] = {}
    code_numbers: dict[tuple[int, ...], int] = {}
    for pair in pairs:
        asked = pair.source == "query"
        about = known.get(pair.function, "") if asked else pair.text
        text, about_text, name, body = (
            ids[:limit]
            for ids, limit in zip(
                vocabulary.token_ids([pair.text, about, pair.qualified_name, pair.code]), _LIMITS, strict=True
            )
        )
        kinds = [NAME] * len(name) + [DOCUMENTATION if asked else TEXT] * len(about_text)
        kinds += [NAME_IN_BODY if i in name else BODY for i in body]
        texts.append(np.asarray(text, np.int32))
        codes.append(np.asarray([*name, *about_text, *body], np.int32))
        parts.append(np.asarray(kinds, np.uint8))
        groups.append(group_numbers.setdefault(pair.repo, len(group_numbers)))
        languages.append(-1 if asked else _language_token(pair.language, vocabulary))
        same_text.append(text_numbers.setdefault(tuple(text), len(text_numbers)))
        same_code.append(code_numbers.setdefault(tuple(body), len(code_numbers)))
    return TrainingPairs(
        queries=Bags.of(texts),
        codes=Bags.of(codes),
        parts=np.concatenate([*parts, np.zeros(0, np.uint8)]),
        same_text=np.array(same_text, np.int64),
        same_code=np.array(same_code, np.int64),
        asked=np.array([pair.source == "query" for pair in pairs], np.bool_),
        groups=np.array(groups, np.int64),
        languages=np.array(languages, np.int64),
        how_to=np.array(vocabulary.token_ids(["how to"])[0], np.int64),
    )


def _language_token(language: str, vocabulary: Vocabulary) -> int:
    (ids,) = vocabulary.token_ids([language])
    return ids[0] if len(ids) == 1 else -1
