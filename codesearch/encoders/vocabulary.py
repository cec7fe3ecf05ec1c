"""The word vocabulary of the shipped static encoder, made for identifiers.

Identifiers are cut where a reader would cut them (case, underscores, digits), so ``getUserName`` is read as *get*,
*user*, *name* in every language and spelling. A word that is not in the vocabulary is read as its longest known pieces.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from indexer.split import identifiers, split_identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CACHE_LIMIT = 500_000
_LONGEST_WORD = 64


class Vocabulary:
    """Maps texts to token ids; a token's id is its line in the vocabulary file."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self._ids = dict(zip(tokens, range(len(tokens)), strict=True))
        self._known = _Known(self._read)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.tokens), default=0)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of every text's tokens in their order; characters that no token covers are left out."""
        if len(self._known) > _CACHE_LIMIT:
            self._known.clear()
        read = self._known.__getitem__
        return [list(chain.from_iterable(map(read, identifiers(text)))) for text in texts]

    def _read(self, identifier: str) -> list[int]:
        ids: list[int] = []
        for word in split_identifier(identifier):
            whole = self._ids.get(word)
            ids += [whole] if whole is not None else self._pieces(word[:_LONGEST_WORD])
        return ids

    def _pieces(self, word: str) -> list[int]:
        """Cut a word greedily into its longest known pieces, from the left, as WordPiece does."""
        ids = []
        start = 0
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                piece = self._ids.get(word[start:end])
                if piece is not None:
                    ids.append(piece)
                    break
            else:
                end = start + 1
            start = end
        return ids


class _Known(dict[str, list[int]]):
    """The ids of identifiers that were read before."""

    def __init__(self, read: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, identifier: str) -> list[int]:
        ids = self[identifier] = self._read(identifier)
        return ids
