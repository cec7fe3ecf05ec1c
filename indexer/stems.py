"""The stemmed words of texts, as the word index holds them."""

from __future__ import annotations

from itertools import chain

import tantivy

from indexer.split import WordSplitter

_LONGEST = 40
"""Longer words are left out, in bytes; so does tantivy's own analyzer."""
_REMEMBERED = 200_000


class Stems:
    """Takes texts apart into identifiers, their parts, and the stems of these."""

    def __init__(self) -> None:
        self._splitter = WordSplitter()
        self._stems = _StemsOfWords()

    def of(self, text: str) -> list[str]:
        """The stemmed words of a text, each once."""
        if len(self._stems) > _REMEMBERED:
            self._stems.clear()
        words = self._splitter.words(text).split(" ")
        return list(dict.fromkeys(chain.from_iterable(map(self._stems.__getitem__, words))))


class _StemsOfWords(dict[str, list[str]]):
    """Words repeat, so their stems are remembered; a word that is too long to be indexed has none."""

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
