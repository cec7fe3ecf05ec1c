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

    from codesearch.encoders.onnx import OnnxEncoder
    from codesearch.encoders.static import StaticEncoder


@dataclass(frozen=True, kw_only=True)
class JoinedEncoder:
    """A transformer and a static encoder beside it; implements the ``Encoder`` protocol."""

    name: str
    transformer: OnnxEncoder
    beside: StaticEncoder
    weight: float
    """Of the static encoder's cosine, where that of the transformer counts 1."""

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.transformer.dim + self.beside.dim

    @property
    def max_tokens(self) -> int:
        """How many tokens of one input the transformer reads."""
        return self.transformer.max_tokens

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries to unit rows, shape ``(len(queries), dim)``."""
        return self._joined(self.transformer.encode_queries(queries), self.beside.encode_queries(queries))

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions to unit rows, shape ``(len(codes), dim)``."""
        return self._joined(self.transformer.encode_code(codes), self.beside.encode_code(codes))

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """How many of the texts the transformer cuts."""
        return self.transformer.count_truncated(texts, are_queries=are_queries)

    def _joined(self, transformer: NDArray[np.float32], beside: NDArray[np.float32]) -> NDArray[np.float32]:
        joined = np.concatenate([transformer, np.float32(self.weight**0.5) * beside], axis=1)
        # A text without a word that the table knows has no direction there.
        joined /= np.linalg.norm(joined, axis=1, keepdims=True)
        return joined
