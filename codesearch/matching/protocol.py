"""What every matching head offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Matcher(Protocol):
    """Scores how well functions answer a query by reading both texts together."""

    @property
    def name(self) -> str:
        """Identity, including a digest of the weights."""

    def score(self, query: str, codes: Sequence[str]) -> NDArray[np.float32]:
        """Score each function, shape ``(len(codes),)``; higher is better, comparable within one query only."""
