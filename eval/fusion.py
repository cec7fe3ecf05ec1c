"""Reciprocal rank fusion of candidate lists (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.ranking import Positions, Scores, empty

K = 60
"""The constant of the paper."""


def fuse(lists: Sequence[tuple[Positions, Scores]], depth: int) -> tuple[Positions, Scores]:
    """Return the best ``depth`` documents of several lists: each is scored by the sum of ``1 / (K + rank)``.

    Every list is positions and scores ``(n, k)``, best first, with positions of -1 where there is nothing.
    """
    found, scores = empty(len(lists[0][0]), depth)
    for row in range(len(found)):
        gains: dict[int, float] = {}
        for documents, _ in lists:
            for rank, document in enumerate(documents[row].tolist(), start=1):
                if document >= 0:
                    gains[document] = gains.get(document, 0.0) + 1 / (K + rank)
        best = sorted(gains, key=lambda document: (-gains[document], document))[:depth]
        found[row, : len(best)] = best
        scores[row, : len(best)] = np.array([gains[document] for document in best], dtype=np.float32)
    return found, scores
