"""Texts to vectors, through the cache, a batch at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.errors import EvalError
from eval.progress import Track
from eval.vector_cache import VectorCache, digest

if TYPE_CHECKING:
    from codesearch.encoders.protocol import Encoder

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

BATCH = 64


def encode_queries(encoder: Encoder, texts: Sequence[str], cache: VectorCache, track: Track) -> NDArray[np.float32]:
    """Return unit rows ``(len(texts), dim)`` for queries, zeros for those the encoder knows nothing of."""
    return _encode(texts, encoder.encode_queries, encoder, "query", cache, track)


def encode_code(encoder: Encoder, texts: Sequence[str], cache: VectorCache, track: Track) -> NDArray[np.float32]:
    """Return unit rows ``(len(texts), dim)`` for functions, zeros for those the encoder knows nothing of."""
    return _encode(texts, encoder.encode_code, encoder, "code", cache, track)


def _encode(
    texts: Sequence[str], encode: Encode, encoder: Encoder, side: str, cache: VectorCache, track: Track
) -> NDArray[np.float32]:
    digests = [digest(text) for text in texts]
    by_digest = dict(zip(digests, texts, strict=True))
    # Zeros are never kept, so that zeros in the cache are damage like every other length.
    found = cache.get(encoder.name, side, list(by_digest), encoder.dim)
    known = {key: vector for key, vector in found.items() if _are_units(vector)}
    # Texts of one length batch without padding; the longest come first so that the time left is not too rosy.
    missing = sorted(by_digest.keys() - known.keys(), key=lambda key: (-len(by_digest[key]), key))
    batches = [missing[start : start + BATCH] for start in range(0, len(missing), BATCH)]
    for batch in track(batches, f"encoding {side}", weights=[len(batch) for batch in batches]):
        begun = time.perf_counter()
        vectors = np.asarray(encode([by_digest[key] for key in batch]), dtype=np.float32)
        seconds = time.perf_counter() - begun
        _require_unit_rows(vectors, len(batch), encoder)
        kept = np.flatnonzero(vectors.any(axis=1))
        if len(kept):
            cache.put(encoder.name, side, [batch[row] for row in kept], vectors[kept], seconds)
        known.update(zip(batch, vectors, strict=True))
    result = np.empty((len(texts), encoder.dim), dtype=np.float32)
    for row, key in enumerate(digests):
        result[row] = known[key]
    return result


def _require_unit_rows(vectors: NDArray[np.float32], rows: int, encoder: Encoder) -> None:
    if vectors.shape != (rows, encoder.dim):
        raise EvalError(
            f"{encoder.name} gave an array of shape {vectors.shape} for {rows} texts where {(rows, encoder.dim)} is due"
        )
    wrong = vectors[vectors.any(axis=1) & ~_are_units(vectors)]
    if len(wrong):
        lengths = np.linalg.norm(wrong, axis=1)
        raise EvalError(f"{encoder.name} gave vectors of length {lengths.min():.4f} to {lengths.max():.4f}, not 1 or 0")


def _are_units(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell of each vector along the last axis whether its length is 1."""
    with np.errstate(over="ignore", invalid="ignore"):  # damaged ones are anything
        units: NDArray[np.bool_] = np.abs(np.linalg.norm(vectors, axis=-1) - 1) < 1e-3
    return units
