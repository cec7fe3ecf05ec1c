"""Choosing the tokens of the static encoder: the words that people and code use most."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from indexer.split import identifiers, split_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_WORD = 24
_GENERAL_BONUS = 100
_SINGLE_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each lower-case part of an identifier occurs in ``texts``."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(identifiers(text))
    words: Counter[str] = Counter()
    for identifier, count in found.items():
        for word in split_identifier(identifier):
            words[word] += count
    return words


def choose_tokens(
    text_counts: Counter[str], code_counts: Counter[str], general: Sequence[str] = (), size: int = 30_000
) -> list[str]:
    """The ``size`` tokens of a vocabulary, the most frequent first.

    Texts and code count alike however much there is of each. A word of ``general`` (plain language, the most frequent
    first, which a small corpus of code has too little of) ranks as if it had been seen up to 100 times more. Single
    letters and digits are always in, so that every Latin word has pieces.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for counts in (text_counts, code_counts):
        total = max(1, counts.total())
        for word, count in counts.items():
            scores[word] += count / total
    bonus = _GENERAL_BONUS / max(1, text_counts.total(), code_counts.total())
    for rank, word in enumerate(general):
        scores[word] += bonus * (1 - rank / len(general))
    chosen = [*_SINGLE_CHARACTERS]
    for word, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) == size:
            break
        if 1 < len(word) <= _LONGEST_WORD and not (word.isdigit() and len(word) > 4):
            chosen.append(word)
    return sorted(chosen, key=lambda word: (-scores[word], word))
