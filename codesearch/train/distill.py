"""What a static encoder starts from: a sentence encoder's vectors of single words, and words weighted by rarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNSEEN = 5
_RARITY = 2e-3


def project(vectors: NDArray[np.float32], counts: NDArray[np.float64], dim: int) -> NDArray[np.float32]:
    """The first ``dim`` principal components of word vectors, shape ``(words, dim)``, of mean length 1.

    Words count by the square root of how often they occur, so that the axes tell used words apart and yet leave room
    for the others.
    """
    weights = np.sqrt(counts + _UNSEEN)
    weights /= weights.sum()
    centred = vectors - weights @ vectors
    _, axes = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    projected = centred @ axes[:, ::-1][:, :dim]
    return (projected / np.linalg.norm(projected, axis=1).mean()).astype(np.float32)


def rarity_weights(counts: NDArray[np.float64]) -> NDArray[np.float32]:
    """How much each word counts, from its frequency (SIF; Arora, Liang and Ma, ICLR 2017)."""
    frequencies = (counts + _UNSEEN) / (counts + _UNSEEN).sum()
    return (_RARITY / (_RARITY + frequencies)).astype(np.float32)
