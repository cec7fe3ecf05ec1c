"""From a collection and a system to the ranking: candidates, fusion, matching head."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eval.bm25 import BM25
from eval.encoding import encode_code, encode_queries
from eval.exact_search import ExactIndex
from eval.fusion import fuse
from eval.progress import Track, silently
from eval.ranking import Positions, Ranking, Scores, empty, ordered
from eval.reranking import rerank
from eval.retrieval import Pool, Retrieval
from eval.system import System
from eval.vector_cache import VectorCache

DEPTH = 1000


@dataclass
class Speed:
    """How fast the system was; None where it has no such step."""

    code_per_second: float | None = None
    """Functions encoded a second in batches, over everything this encoder ever encoded here."""
    queries_per_second: float | None = None
    search_ms: float | None = None
    """Milliseconds a query for finding the candidates, all queries together, with their indexes at hand."""
    latency_ms: float | None = None
    """Median milliseconds to encode one query on its own and search with it; only where nothing else is asked."""
    index_seconds: float | None = None
    """Seconds to build the indexes of all repositories, or to open them where they were fresh."""
    pairs_per_second: float | None = None
    """Query-function pairs the matching head scores a second."""


@dataclass
class Ranker:
    """Ranks collections with one system."""

    system: System
    cache: VectorCache
    depth: int = DEPTH
    track: Track = silently
    speed: Speed = field(default_factory=Speed)
    counts: Counter[str] = field(default_factory=Counter)
    """What is to be said of the last collection, in words."""
    _searched: int = 0
    _search_seconds: float = 0.0

    def rank(self, retrieval: Retrieval) -> Ranking:
        """Return the best ``depth`` documents of every query, in the stated order (:mod:`eval.ranking`)."""
        # In the order of ties, so that of equal scores each step keeps what would come first, however many it keeps.
        ids = [document.id for document in retrieval.documents]
        order = sorted(range(len(ids)), key=ids.__getitem__, reverse=True)
        ranking = self._rank(retrieval.rearranged(order))
        old = np.array([*order, -1], dtype=np.int32)
        return Ranking(old[ranking.documents], ranking.scores)

    def _rank(self, retrieval: Retrieval) -> Ranking:
        ids = [document.id for document in retrieval.documents]
        queries, codes = self._vectors(retrieval)
        pools = retrieval.groups()
        # How many are kept must not change their order: not what is fused, and not what the matching head reads.
        width = max(self.depth, self.system.rerank_depth if self.system.matcher else 0)
        width = min(width, max(len(pool.documents) for pool in pools))
        documents, scores = empty(len(retrieval.queries), width)
        for pool in self.track(pools, "searching"):
            found, found_scores = self._candidates(retrieval, pool, queries, codes, width)
            rows = np.array(pool.queries)[:, None]
            documents[rows, np.arange(found.shape[1])] = found
            scores[rows, np.arange(found.shape[1])] = found_scores
        self._searched += len(retrieval.queries)
        self.speed.search_ms = 1000 * self._search_seconds / self._searched
        if codes is not None and not self.system.bm25 and self.system.matcher is None:
            self.speed.latency_ms = self._latency([query.text for query in retrieval.queries[:11]], codes)
        ranking = ordered(documents, scores, ids)
        if self.system.matcher is not None:
            again = rerank(retrieval, ranking, self.system, queries, codes, self.cache, self.track)
            self.speed.pairs_per_second = self.cache.rate(self.system.matcher.name, "match")
            ranking = ordered(*again, ids)
        return Ranking(ranking.documents[:, : self.depth], ranking.scores[:, : self.depth])

    def _vectors(self, retrieval: Retrieval) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        encoder, self.counts = self.system.encoder, Counter()
        if encoder is None:
            return None, None
        queries = encode_queries(encoder, [query.text for query in retrieval.queries], self.cache, self.track)
        codes = encode_code(encoder, [document.text for document in retrieval.documents], self.cache, self.track)
        self.speed.queries_per_second = self.cache.rate(encoder.name, "query")
        self.speed.code_per_second = self.cache.rate(encoder.name, "code")
        for what, vectors in (("queries", queries), ("functions", codes)):
            self.counts[f"{what} of which the encoder knows nothing"] = int((~vectors.any(axis=1)).sum())
        return queries, codes

    def _candidates(
        self,
        retrieval: Retrieval,
        pool: Pool,
        queries: NDArray[np.float32] | None,
        codes: NDArray[np.float32] | None,
        width: int,
    ) -> tuple[Positions, Scores]:
        places = np.array(pool.documents, dtype=np.int32)
        everything = np.array_equal(places, np.arange(len(retrieval.documents)))
        fused = codes is not None and self.system.bm25
        by_words, by_meaning = None, None
        if self.system.bm25:
            texts = [retrieval.documents[place].text for place in pool.documents]
            by_words = BM25(texts, self.system.bm25_words, stemmed=fused)
        if codes is not None:
            by_meaning = ExactIndex(codes if everything else codes[places])
        begun = time.perf_counter()
        lists = []
        if queries is not None and by_meaning is not None:
            lists.append(by_meaning.search(queries[list(pool.queries)], max(DEPTH, width) if fused else width))
        if by_words is not None:
            asked = [retrieval.queries[row].text for row in pool.queries]
            lists.append(by_words.search(asked, DEPTH if fused else width))
        found, scores = lists[0] if len(lists) == 1 else fuse(lists[0], lists[1], width, among=DEPTH)
        self._search_seconds += time.perf_counter() - begun
        return np.where(found < 0, np.int32(-1), places[found]), scores

    def _latency(self, texts: Sequence[str], codes: NDArray[np.float32]) -> float:
        assert self.system.encoder is not None
        index, times = ExactIndex(codes), []
        for text in [texts[0], *texts]:
            begun = time.perf_counter()
            index.search(self.system.encoder.encode_queries([text]), 10)
            times.append((time.perf_counter() - begun) * 1000)
        return statistics.median(times[1:])
