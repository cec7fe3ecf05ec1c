"""The best documents for each query, in one order that does not depend on who computed the scores.

Equal scores are put in the order trec_eval gives them: by document id, descending as text. A score is then
lowered, by the smallest step a 32-bit float has, wherever it is not strictly below the one before it, so that
a run file carries the order itself and every tool that reads it finds the same ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TIES = "equal scores are ordered by document id, descending as text (as trec_eval does)"

ROWS_AT_ONCE = 1024

Positions = NDArray[np.int32]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Ranking:
    """Ranked documents of ``n`` queries.

    ``documents`` is int32 ``(n, k)``: positions in the collection, best first, -1 where there is none;
    ``scores`` is float32 ``(n, k)``, strictly decreasing along each row as far as there are documents.
    """

    documents: Positions
    scores: Scores


def ordered(documents: Positions, scores: Scores, ids: Sequence[str]) -> Ranking:
    """Put each row in the stated order; both are ``(n, k)``, ``ids`` are the ids of all documents."""
    places = np.empty(len(ids) + 1, dtype=np.int32)
    places[np.argsort(np.array([*ids], dtype=object), kind="stable")[::-1]] = np.arange(len(ids), dtype=np.int32)
    places[-1] = len(ids)
    in_order, strict = np.empty_like(documents), np.empty_like(scores)
    for start in range(0, len(documents), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        in_order[block], strict[block] = _ordered_block(documents[block], scores[block], places)
    return Ranking(in_order, strict)


def _ordered_block(documents: Positions, scores: Scores, places: Positions) -> tuple[Positions, Scores]:
    scores = np.where(documents < 0, np.float32(-np.inf), scores)
    order = np.lexsort((places[documents], -scores), axis=1)
    documents = np.take_along_axis(documents, order, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    for column in range(1, scores.shape[1]):
        below = np.nextafter(scores[:, column - 1], np.float32(-np.inf))
        scores[:, column] = np.minimum(scores[:, column], below)
    return documents, scores


def empty(queries: int, depth: int) -> tuple[Positions, Scores]:
    """Return room for ``depth`` documents a query, with nothing in it."""
    return np.full((queries, depth), -1, dtype=np.int32), np.full((queries, depth), -np.inf, dtype=np.float32)
