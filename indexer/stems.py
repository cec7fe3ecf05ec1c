"""The stemmed words of texts, as the word index holds them."""

from __future__ import annotations

from itertools import chain

import tantivy

from indexer.split import identifier_words, identifiers

_LONGEST = 40
"""Longer words are left out, in bytes; so does tantivy's own analyzer."""
_REMEMBERED = 200_000


class Stems:
    """Takes texts apart into the stems of their identifiers' words, which repeat and are remembered."""

    def __init__(self) -> None:
        self._of_identifiers = _StemsOfIdentifiers()

    def of(self, text: str) -> list[str]:
        """The stemmed words of a text, each once."""
        return list(dict.fromkeys(chain.from_iterable(map(self.of_identifier, identifiers(text)))))

    def of_identifier(self, identifier: str) -> tuple[str, ...]:
        """The stems of the words of one identifier."""
        if len(self._of_identifiers) > _REMEMBERED:
            self._of_identifiers = _StemsOfIdentifiers()
        return self._of_identifiers[identifier]


class _StemsOfIdentifiers(dict[str, tuple[str, ...]]):
    def __init__(self) -> None:
        super().__init__()
        self._of_words = _StemsOfWords()

    def __missing__(self, identifier: str) -> tuple[str, ...]:
        words = identifier_words(identifier)
        stems = self[identifier] = tuple(chain.from_iterable(map(self._of_words.__getitem__, words)))
        return stems


class _StemsOfWords(dict[str, list[str]]):
    """A word that is too long to be indexed has none."""

    def __init__(self) -> None:
        super().__init__()
        self._analyzer = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.remove_long(_LONGEST))
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )

    def __missing__(self, word: str) -> list[str]:
        stems: list[str] = self._analyzer.analyze(word)
        self[word] = stems
        return stems
