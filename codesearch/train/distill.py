"""What a static encoder starts from: a sentence encoder's vectors of words and texts, and words weighted by rarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNSEEN = 1e-6
_RARITY = 2e-3


def principal_axes(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The ``dim`` directions in which vectors, shape ``(n, width)``, differ most, as columns: ``(width, dim)``."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(axes[:, ::-1][:, :dim], np.float32)


def project(vectors: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centred vectors along ``axes``, scaled so that their mean length is 1."""
    projected = (vectors - vectors.mean(axis=0)) @ axes
    scaled: NDArray[np.float32] = (projected / np.linalg.norm(projected, axis=1).mean()).astype(np.float32)
    return scaled


def rarity_weights(frequencies: NDArray[np.float64]) -> NDArray[np.float32]:
    """How much each word counts, from its share of all words (SIF; Arora, Liang and Ma, ICLR 2017)."""
    weights: NDArray[np.float32] = (_RARITY / (_RARITY + frequencies + _UNSEEN)).astype(np.float32)
    return weights
