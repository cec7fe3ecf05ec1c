"""BM25: over split identifiers, the word baseline, or over their stems, as the search has it beside an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np

from codesearch.terms import telling
from eval.ranking import Positions, Scores, empty
from indexer.split import identifiers, split_identifier
from indexer.stems import Stems

K1 = 1.5
B = 0.75


def words(text: str, limit: int | None = None) -> list[str]:
    """Split text and identifiers into lower-case words: ``readHTTPBody_v2`` gives read, http, body, v, 2."""
    return split_identifier(text)[:limit]


def stems(text: str, limit: int | None = None) -> list[str]:
    """Split text and identifiers into the stems that the search's word index holds."""
    return list(chain.from_iterable(map(_stems().of_identifier, identifiers(text))))[:limit]


@cache
def _stems() -> Stems:
    return Stems()


class BM25:
    """Okapi BM25 (Robertson and Zaragoza, 2009, with Lucene's idf) over the first ``max_words`` words of each text.

    With ``stemmed``, words are stems and those of a query that say nothing about code are left out.
    """

    def __init__(self, codes: Sequence[str], max_words: int | None = 256, stemmed: bool = False) -> None:
        import bm25s

        self._stemmed = stemmed
        self._words = [(stems if stemmed else words)(code, max_words) for code in codes]
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene")
        if any(self._words):
            self._index.index(self._words, show_progress=False)

    @staticmethod
    def name(max_words: int | None, stemmed: bool = False) -> str:
        """Return the full name: everything the scores depend on."""
        terms = "stems" if stemmed else "split identifiers"
        return f"bm25 (k1={K1}, b={B}, {terms}, " + (f"{max_words} words)" if max_words else "all words)")

    def search(self, queries: Sequence[str], depth: int) -> tuple[Positions, Scores]:
        """Return positions and scores ``(queries, min(depth, documents))``; without a common word nothing is found.

        Of equal scores the lower position comes first, and is kept where not all are.
        """
        depth = min(depth, len(self._words))
        found, scores = empty(len(queries), depth)
        if not any(self._words):
            return found, scores
        for row, query in enumerate(queries):
            asked = telling(stems(query)) if self._stemmed else words(query)
            if asked:
                every = self._index.get_scores(asked).astype(np.float32)
                best = np.argsort(-every, kind="stable")[:depth]
                best = best[every[best] > 0]
                found[row, : len(best)] = best
                scores[row, : len(best)] = every[best]
        return found, scores
