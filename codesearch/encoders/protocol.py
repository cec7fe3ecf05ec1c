"""What every encoder offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Encoder(Protocol):
    """Maps code and text into one vector space, where the dot product is the cosine similarity."""

    @property
    def name(self) -> str:
        """Identity, including a digest of the weights: two encoders of one name give the same vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of one input are read; a longer function is encoded in parts."""

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode natural-language queries to unit rows, shape ``(len(queries), dim)``."""

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions to unit rows, shape ``(len(codes), dim)``."""
