"""Candidates for an answer: what words, vectors and symbols bring, with their ranking features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from codesearch.features import Scored, feature_matrix
from codesearch.profiles import Profiles
from codesearch.ranking import load_ranking
from codesearch.terms import query_terms
from indexer.stems import Stems

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from codesearch.encoders.protocol import Encoder
    from codesearch.query import Query
    from indexer.records import FunctionRow
    from indexer.store import Store
    from indexer.vectors import VectorIndex
    from indexer.words import WordIndex

_PROFILES_REMEMBERED = 50_000
_WORTH_A_THREAD = 200_000
"""From so many functions on, words and vectors are searched at the same time."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Functions that may be in an answer."""

    ids: NDArray[np.int64]
    """Shape ``(n,)``."""
    files: NDArray[np.int64]
    """Numbers that tell their files apart, shape ``(n,)``."""
    features: NDArray[np.float32]
    """Shape ``(n, len(FEATURES))``."""


class CandidateSearch:
    """Searches the derived indexes of one store."""

    def __init__(self, store: Store, words: WordIndex, vectors: VectorIndex, encoder: Encoder) -> None:
        self._store = store
        self._words = words
        self._vectors = vectors
        self._encoder = encoder
        self._stems = Stems()
        self._profiles = Profiles(store)
        self._searches = 0
        self.has_words = words.can_be_searched()
        """Whether there is a word index; a run that is under way may not have made it yet."""

    def of(self, query: Query, depth: int, allowed: NDArray[np.int64] | None) -> Candidates:
        """Functions and their features.

        Args:
            query: What is asked.
            depth: How many functions each of words, vectors and symbols bring at most.
            allowed: Ids of the functions that may be brought; by default all.
        """
        self._prepare()
        terms = query_terms(self._words, self._stems, query.text) if self.has_words else {}
        by_words = partial(self._by_words, list(terms), depth, allowed)
        by_meaning = partial(self._by_meaning, query.text, depth, allowed)
        if not terms or self._words.count < _WORTH_A_THREAD:
            words, meaning = by_words(), by_meaning()
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1) as other:
                waiting = other.submit(by_words)
                meaning = by_meaning()
                words = waiting.result()
        defining = self._words.defining(query.symbols, depth) if query.symbols and self.has_words else []
        if allowed is not None and defining:
            permitted = set(allowed.tolist())
            defining = [i for i in defining if i in permitted]
        places = self._profiles.places(list(dict.fromkeys([*words.ids, *meaning.ids, *defining])))
        ids = self._profiles.ids(places)
        named = self._named(query.symbols, places, ids) if query.symbols else {}
        features = feature_matrix(query, terms, self._profiles, places, words, meaning, named)
        return Candidates(ids, self._profiles.files(places), features)

    def _by_words(self, terms: list[str], depth: int, allowed: NDArray[np.int64] | None) -> Scored:
        if not terms:
            return Scored((), ())
        boosts = list(load_ranking().boosts)
        return Scored(*self._words.search(terms, boosts, depth, None if allowed is None else allowed.tolist()))

    def _by_meaning(self, text: str, depth: int, allowed: NDArray[np.int64] | None) -> Scored:
        vector = self._encoder.encode_queries([text])[0]
        if not vector.any():  # no word that a static encoder knows: every function would be as near
            return Scored((), ())
        ids, scores = self._vectors.search(vector, depth, allowed)
        return Scored(ids.tolist(), scores.tolist())

    def _named(
        self, symbols: Sequence[str], places: NDArray[np.int64], ids: NDArray[np.int64]
    ) -> dict[int, FunctionRow]:
        at = self._profiles.named(places, [symbol.rpartition(".")[2] for symbol in symbols])
        rows = self._store.function_rows(ids[at].tolist())
        return {i: rows[ids[i]] for i in at.tolist() if ids[i] in rows}

    def _prepare(self) -> None:
        """Whoever asks twice will ask again, so all profiles are read then; one by one, each query would wait."""
        self._searches += 1
        if self._searches == 2 and self._store.count("functions") <= _PROFILES_REMEMBERED:
            self._profiles.read_all()
        elif len(self._profiles) > _PROFILES_REMEMBERED:
            self._profiles = Profiles(self._store)
