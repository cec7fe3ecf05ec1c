"""Meaning and words together: a convex combination of both scores (Bruch, Gai and Ingber, 2023, arXiv:2210.11934).

Reciprocal ranks, which forget how much better one document is than the next, did worse on CoSQA and on held-out
documentation than the encoder alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eval.ranking import Positions, Scores, empty

SHARE = 0.2
"""What words count beside meaning, of which the best document has 1.

On CoSQA dev and held-out documentation in six languages the mean of the static encoder differs by less than 0.004 from
0.15 to 0.3, and CoSQA has the most here.
"""


def fuse(
    meaning: tuple[Positions, Scores],
    words: tuple[Positions, Scores],
    depth: int,
    share: float = SHARE,
    among: int | None = None,
) -> tuple[Positions, Scores]:
    """Return the best ``depth`` documents of two lists by the sum of their scores, each scaled to 0..1 for its query.

    A list is positions and scores ``(n, k)``, best first, with positions of -1 where there is nothing. What a list
    lacks has 0 there: for words no word in common, for meaning no more than the last document that is in it.
    Only the best ``among`` of each list are fused, so that who asks for more gets the others by meaning below them,
    and the first stay as they are. Of equal sums the lower position comes first.
    """
    found, scores = empty(len(meaning[0]), depth)
    for row in range(len(found)):
        near, common = meaning[0][row, :among], words[0][row, :among]
        documents, gains = _joined(
            (near, _scaled(near, meaning[1][row, :among], None)),
            (common, share * _scaled(common, words[1][row, :among], 0.0)),
        )
        best = np.argsort(-gains, kind="stable")[:depth]
        others = meaning[0][row, len(near) :]
        others = others[(others >= 0) & ~np.isin(others, documents)][: depth - len(best)]
        end = len(best) + len(others)
        found[row, :end] = np.concatenate([documents[best], others])
        scores[row, :end] = np.concatenate([gains[best], -np.arange(1, len(others) + 1)])
    return found, scores


def _scaled(documents: Positions, scores: Scores, lowest: float | None) -> Scores:
    """Scores between 0 for ``lowest``, by default the worst of the list, and 1 for the best."""
    there = documents >= 0
    if not there.any():
        return np.zeros_like(scores)
    highest = scores[there].max()
    lowest = float(scores[there].min()) if lowest is None else lowest
    return np.where(there, (scores - lowest) / max(highest - lowest, 1e-9), 0.0).astype(np.float32)


def _joined(*lists: tuple[Positions, Scores]) -> tuple[Positions, NDArray[np.float32]]:
    """Documents of all lists, each once, with the sum of its scores."""
    documents, place = np.unique(np.concatenate([documents for documents, _ in lists]), return_inverse=True)
    gains = np.bincount(place, weights=np.concatenate([scores for _, scores in lists])).astype(np.float32)
    there = documents >= 0
    return documents[there], gains[there]
