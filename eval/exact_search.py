"""Exact nearest neighbours by inner product, in blocks, so that memory does not grow with the number of queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eval.ranking import Positions, Scores

Vectors = NDArray[np.float32]

QUERIES_AT_ONCE = 1024


def exact_search(queries: Vectors, documents: Vectors, depth: int) -> tuple[Positions, Scores]:
    """Return positions and inner products, ``(queries, min(depth, documents))``, of the best documents, best first.

    ``queries`` and ``documents`` are float32 ``(n, dim)``. faiss' brute-force search (the one behind
    ``IndexFlatIP``) is called on the array itself: building the index would copy it.
    """
    import faiss

    depth = min(depth, len(documents))
    found = np.empty((len(queries), depth), dtype=np.int32)
    scores = np.empty((len(queries), depth), dtype=np.float32)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        block = slice(start, start + QUERIES_AT_ONCE)
        scores[block], found[block] = faiss.knn(queries[block], documents, depth, metric=faiss.METRIC_INNER_PRODUCT)
    return found, scores
