"""Finds functions that are nearly the same, so that none is trained on twice or met again in held-out data.

As in Allamanis, "The adverse effects of code duplication in machine learning models of code" (2019): two functions
are near-duplicates when the Jaccard similarity of their sets of identifiers and literals is at least 0.8. Candidates
come from MinHash with banding (Broder 1997), so a few pairs just above the threshold are missed.
"""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np
import numpy.typing as npt

SIMILARITY = 0.8
_BANDS = 6
_ROWS = 3

_TOKEN = re.compile(r"\w+")
_random = np.random.default_rng(1)
_FACTORS = _random.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) | np.uint64(1)
_OFFSETS = _random.integers(0, 2**63, _BANDS * _ROWS, dtype=np.uint64)


class NearDuplicates:
    """The functions met so far."""

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._tokens: list[npt.NDArray[np.uint32]] = []

    def __contains__(self, code: str) -> bool:
        """Whether a near-duplicate of ``code`` has been added."""
        tokens = _tokens(code)
        return self._holds(tokens, _keys(tokens))

    def add(self, code: str) -> bool:
        """Add ``code`` and return True, or return False if a near-duplicate is there already."""
        tokens = _tokens(code)
        keys = _keys(tokens)
        if self._holds(tokens, keys):
            return False
        for key in keys:
            self._buckets.setdefault(key, len(self._tokens))
        self._tokens.append(tokens)
        return True

    def _holds(self, tokens: npt.NDArray[np.uint32], keys: list[int]) -> bool:
        candidates = {self._buckets[key] for key in keys if key in self._buckets}
        return any(_jaccard(tokens, self._tokens[candidate]) >= SIMILARITY for candidate in candidates)


def _tokens(code: str) -> npt.NDArray[np.uint32]:
    """Return the sorted hashes of the distinct identifiers and literals, at least one."""
    hashes = {crc32(token.encode("utf-8", "replace")) for token in _TOKEN.findall(code)}
    return np.array(sorted(hashes or {0}), dtype=np.uint32)


def _keys(tokens: npt.NDArray[np.uint32]) -> list[int]:
    """Return the bands of the MinHash signature, each as a number that also tells which band it is."""
    hashed = (tokens.astype(np.uint64)[:, None] * _FACTORS + _OFFSETS) >> np.uint64(32)
    signature = hashed.min(axis=0).astype(np.uint32).reshape(_BANDS, _ROWS)
    return [hash((band, *row)) for band, row in enumerate(signature.tolist())]


def _jaccard(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)
