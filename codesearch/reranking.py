"""Reranking: a matching head reads the best results together with the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.text import encoder_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from codesearch.matching.protocol import Matcher
    from indexer.store import Store

READ = 20
"""How many of the best a matching head reads."""


def reranked(
    store: Store, matcher: Matcher, text: str, ids: NDArray[np.int64], scores: NDArray[np.float32]
) -> NDArray[np.float32]:
    """New scores of functions, shape ``(len(ids),)``, after the head has read the best with the text of a query."""
    best = np.argsort(-scores, kind="stable")[:READ]
    rows = store.function_rows(ids[best].tolist())
    best = best[[i in rows for i in ids[best].tolist()]]  # another run may have deleted one
    if not len(best):
        return scores
    read = [rows[i] for i in ids[best].tolist()]
    codes = [encoder_text(row.qualified_name, row.docstring, row.text) for row in read]
    return blend(scores, best, matcher.score(text, codes))


def blend(
    scores: NDArray[np.float32], best: NDArray[np.int64], matched: NDArray[np.float32], share: float = 1.0
) -> NDArray[np.float32]:
    """Add a matching head's scores of the best positions to the ranking's, both on the scale of the ranking's.

    The best stay above all others, since those were not read. That both count alike was chosen on the questions of
    ``benchmarks/questions``, where 0.7 to 1.3 differ by less than 0.02.
    """
    own = scores[best]
    spread_of_own = float(own.std()) or 1.0
    standardized = (matched - matched.mean()) / (float(matched.std()) or 1.0)
    mixed = own + share * spread_of_own * standardized
    result = scores.copy()
    floor = float(np.delete(scores, best).max(initial=-np.inf))
    result[best] = mixed + max(0.0, floor - float(mixed.min()))
    return result
