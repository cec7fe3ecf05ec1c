"""Exact nearest neighbours by inner product, in blocks, so that memory does not grow with the number of queries."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from eval.ranking import Positions, Scores

Vectors = NDArray[np.float32]

PRODUCTS_AT_ONCE = 1 << 25
"""128 MiB of inner products."""


class ExactIndex:
    """Vectors to be searched, float32 ``(n, dim)``.

    A matrix product may give two equal rows scores that differ in the last bit, by where they stand. So each different
    row is multiplied once, and equal rows share its score.
    """

    def __init__(self, documents: Vectors) -> None:
        seen: dict[bytes, int] = {}
        rows = np.ascontiguousarray(documents)
        first = np.array([seen.setdefault(hashlib.sha256(row).digest(), place) for place, row in enumerate(rows)])
        self._documents = len(rows)
        self._different, self._of = rows, None
        if len(seen) < len(rows):
            kept, self._of = np.unique(first, return_inverse=True)
            self._different = rows[kept]

    def search(self, queries: Vectors, depth: int) -> tuple[Positions, Scores]:
        """Return positions and inner products ``(queries, min(depth, documents))`` of the best documents, best first.

        Of equal scores the lower position comes first, and is kept where not all are.
        """
        depth = min(depth, self._documents)
        found = np.empty((len(queries), depth), dtype=np.int32)
        scores = np.empty((len(queries), depth), dtype=np.float32)
        at_once = max(1, PRODUCTS_AT_ONCE // max(1, self._documents))
        for start in range(0, len(queries), at_once):
            products = queries[start : start + at_once] @ self._different.T
            if self._of is not None:
                products = products[:, self._of]
            for row, every in enumerate(products, start=start):
                found[row] = best = best_places(every, depth)
                scores[row] = every[best]
        return found, scores


def best_places(scores: Scores, depth: int) -> NDArray[np.intp]:
    """Return the places of the ``depth`` highest of all scores, best first; of equal ones the lower place first."""
    lowest = np.partition(scores, len(scores) - depth)[len(scores) - depth]
    places = np.flatnonzero(scores >= lowest)
    return places[np.argsort(-scores[places], kind="stable")][:depth]


def exact_search(queries: Vectors, documents: Vectors, depth: int) -> tuple[Positions, Scores]:
    """Search ``documents`` once; see :class:`ExactIndex`."""
    return ExactIndex(documents).search(queries, depth)
