"""Stemmed words of queries, names and paths, remembered; and how much a query's words count."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.words import WordIndex

# Words that shape a question but say nothing about code; a query of nothing else keeps them.
_STOP = frozenset(
    re.split(
        r"\s+",
        "a an and are as at be by can do doe does for from get has have how i if in into is it its of on or that the "
        "their there thi this to used use using was way what when where which who why will with you",
    )
)
_REMEMBERED = 100_000


class Stemmer:
    """Reads texts the way the word index does."""

    def __init__(self, words: WordIndex) -> None:
        self._words = words
        self._stems: dict[str, frozenset[str]] = {}

    def stems(self, text: str) -> frozenset[str]:
        """The stemmed words of a name or path."""
        found = self._stems.get(text)
        if found is None:
            if len(self._stems) > _REMEMBERED:
                self._stems.clear()
            found = self._stems[text] = frozenset(self._words.terms(text))
        return found

    def query_terms(self, text: str) -> dict[str, float]:
        """The query's stemmed words with their inverse document frequency, those that say nothing left out."""
        terms = self._words.terms(text)
        telling = [term for term in terms if term not in _STOP] or terms
        total = self._words.count
        return {term: math.log(1.0 + total / (1.0 + self._words.frequency(term))) for term in telling}
