"""The word baseline: BM25 over split identifiers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.ranking import Positions, Scores, empty
from indexer.split import split_identifier

K1 = 1.5
B = 0.75


def words(text: str, limit: int | None = None) -> list[str]:
    """Split text and identifiers into lower-case words: ``readHTTPBody_v2`` gives read, http, body, v, 2."""
    return split_identifier(text)[:limit]


class BM25:
    """Okapi BM25 (Robertson and Zaragoza, 2009, with Lucene's idf) over the first ``max_words`` words of each text."""

    def __init__(self, codes: Sequence[str], max_words: int | None = 256) -> None:
        import bm25s

        self._words = [words(code, max_words) for code in codes]
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene")
        if any(self._words):
            self._index.index(self._words, show_progress=False)

    @staticmethod
    def name(max_words: int | None) -> str:
        """Return the baseline's full name: everything its scores depend on."""
        return f"bm25 (k1={K1}, b={B}, split identifiers, " + (f"{max_words} words)" if max_words else "all words)")

    def search(self, queries: Sequence[str], depth: int) -> tuple[Positions, Scores]:
        """Return positions and scores ``(queries, min(depth, documents))``; without a common word nothing is found."""
        depth = min(depth, len(self._words))
        found, scores = empty(len(queries), depth)
        if not any(self._words):
            return found, scores
        for row, query in enumerate(queries):
            asked = words(query)
            if asked:
                every = self._index.get_scores(asked).astype(np.float32)
                best = np.argsort(-every, kind="stable")[:depth]
                best = best[every[best] > 0]
                found[row, : len(best)] = best
                scores[row, : len(best)] = every[best]
        return found, scores
