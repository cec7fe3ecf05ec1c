"""More functions than there are: copies of real ones in which every word is another word of about its frequency."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable

# Parts of identifiers and words of comments; what is shorter is mostly no name.
_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}")
_KEPT = 64
"""So many of the most frequent words, mostly keywords, stay as they are."""


class Renaming:
    """Renames the words of a text; a copy's words are as frequent as before, and its code as long and as shaped."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(map(str.lower, _WORD.findall(text)))
        self._ranked = [word for word, _ in counts.most_common()]

    def of_copy(self, number: int) -> dict[str, str]:
        """What each word becomes in the copy of this number; nothing is renamed in copy 0."""
        if number == 0:
            return {}
        generator = random.Random(number)
        renamed: list[str] = self._ranked[:_KEPT]
        while len(renamed) < len(self._ranked):
            band = self._ranked[len(renamed) : 2 * len(renamed)]  # words of about one frequency
            generator.shuffle(band)
            renamed += band
        return {
            variant(old): variant(new)
            for old, new in zip(self._ranked, renamed, strict=True)
            for variant in (str, str.capitalize, str.upper)
        }


def rename(text: str, names: dict[str, str]) -> str:
    """Give the text with its words replaced."""
    return _WORD.sub(lambda match: names.get(match[0], match[0]), text) if names else text
