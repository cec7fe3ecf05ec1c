"""The stemmed words of a query and how much each counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.stems import Stems
    from indexer.words import WordIndex

# Words that shape a question but say nothing about code; a query of nothing else keeps them.
_STOP = frozenset(
    """
    a an and are as at be by can do doe does for from get has have how i if in into is it its of on or that the their
    there thi this to use used using was way what when where which who why will with you
    """.split()  # noqa: SIM905 - as a list it would be a word a line
)


def telling(terms: list[str]) -> list[str]:
    """The stemmed words of a query that say something about code; all of them if none does."""
    return [term for term in terms if term not in _STOP] or terms


def query_terms(words: WordIndex, stems: Stems, text: str) -> dict[str, float]:
    """The query's stemmed words with their inverse document frequency, those that say nothing left out."""
    terms = telling(stems.of(text))
    return {term: math.log(1.0 + words.count / (1.0 + words.frequency(term))) for term in terms}
