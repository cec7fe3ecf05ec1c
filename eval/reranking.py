"""The matching head on the best candidates, as CodeT5+ does it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.errors import EvalError
from eval.progress import Track
from eval.ranking import Positions, Ranking, Scores
from eval.retrieval import Retrieval
from eval.vector_cache import VectorCache, digest

if TYPE_CHECKING:
    from codesearch.matching.protocol import Matcher
    from eval.system import System


def rerank(
    retrieval: Retrieval,
    ranking: Ranking,
    system: System,
    queries: NDArray[np.float32] | None,
    codes: NDArray[np.float32] | None,
    cache: VectorCache,
    track: Track,
) -> tuple[Positions, Scores]:
    """Score the top ``system.rerank_depth`` again and keep the others, in their order, below them.

    The new score is the matching logit plus the cosine of the encoder's vectors (Wang et al., CodeT5+, 2023,
    ``eval_match_retrieval.py``); without an encoder it is the logit alone.
    """
    assert system.matcher is not None
    top = min(system.rerank_depth, ranking.documents.shape[1])
    scores = ranking.scores.copy()
    for row in track(range(len(retrieval.queries)), "matching"):
        found = int(np.count_nonzero(ranking.documents[row] >= 0))
        candidates = ranking.documents[row, : min(top, found)].tolist()
        if not candidates:
            continue
        texts = [retrieval.documents[document].text for document in candidates]
        again = _match(system.matcher, retrieval.queries[row].text, texts, cache)
        if queries is not None and codes is not None:
            # row by row, as a matrix product may give two equal rows scores that differ in the last bit
            again = again + np.einsum("ij,j->i", codes[candidates], queries[row])
        head = len(candidates)
        scores[row, :head] = again
        # by rank: their own scores, moved below, may be too near to one another to stay apart
        scores[row, head:found] = again.min() - np.arange(1, found - head + 1)
    return ranking.documents, scores


def _match(matcher: Matcher, query: str, codes: list[str], cache: VectorCache) -> NDArray[np.float32]:
    digests = [digest(f"{query}\0{code}") for code in codes]
    known = {key: score for key, score in cache.get(matcher.name, "match", digests, 1).items() if np.isfinite(score[0])}
    missing = {key: code for key, code in zip(digests, codes, strict=True) if key not in known}
    if missing:
        begun = time.perf_counter()
        scores = np.asarray(matcher.score(query, list(missing.values())), dtype=np.float32)
        if scores.shape != (len(missing),) or not np.isfinite(scores).all():
            raise EvalError(f"{matcher.name} gave an array of shape {scores.shape} for {len(missing)} functions")
        rows = scores[:, None]
        cache.put(matcher.name, "match", list(missing), rows, time.perf_counter() - begun)
        known.update(zip(missing, rows, strict=True))
    return np.array([known[key][0] for key in digests], dtype=np.float32)
