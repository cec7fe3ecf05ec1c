"""Two encoders as one: their vectors side by side, so that what one misses the other may see.

A transformer and a table of words err on different functions. With vectors of unit length side by side, the inner
product is the weighted mean of the two cosines: an ensemble in one vector, searched like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from codesearch.encoders.protocol import Encoder
    from codesearch.encoders.static import StaticEncoder


@dataclass(frozen=True, kw_only=True)
class JoinedEncoder:
    """An encoder and a static one beside it; implements the ``Encoder`` protocol."""

    name: str
    first: Encoder
    beside: StaticEncoder
    weight: float
    """Of the static encoder's cosine, where that of the first counts 1."""

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.first.dim + self.beside.dim

    @property
    def max_tokens(self) -> int:
        """How many tokens of one input the first encoder reads."""
        return self.first.max_tokens

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries to unit rows, shape ``(len(queries), dim)``."""
        return self._joined(self.first.encode_queries(queries), self.beside.encode_queries(queries))

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions to unit rows, shape ``(len(codes), dim)``."""
        return self._joined(self.first.encode_code(codes), self.beside.encode_code(codes))

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """How many of the texts the first encoder cuts."""
        return self.first.count_truncated(texts, are_queries=are_queries)  # type: ignore[attr-defined,no-any-return]

    def _joined(self, first: NDArray[np.float32], beside: NDArray[np.float32]) -> NDArray[np.float32]:
        joined = np.concatenate([first, np.float32(self.weight**0.5) * beside], axis=1)
        # A text without a word that the table knows has no direction there.
        joined /= np.linalg.norm(joined, axis=1, keepdims=True)
        return joined
