"""Pairs made from docstring pairs: what people type is shorter, misspelled or a piece of code; names may be missing."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from zlib import crc32

from codesearch.train.data.rename import FUNCTION, without_names
from indexer.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from codesearch.train.data.pair import Pair

_WORD = re.compile(r"[A-Za-z]+")
_LONG_WORD = 5
_SAYS_LITTLE = frozenset(
    "a an and are as at be by for from given if in into is it its of on or that the this to with which will".split()  # noqa: SIM905
)
_MOST_WORDS = 5
_FEWEST_LETTERS, _MOST_LETTERS = 30, 300


def made_pairs(pairs: Iterable[Pair], limit: int) -> Iterator[Pair]:
    """Yield up to ``limit`` pairs made from the docstring pairs of a repository, none or one from each.

    Which one, and how, depends on the pair alone, so that the same pairs always give the same.
    """
    made = (_made(pair) for pair in pairs if pair.source == "docstring" and pair.split == "train")
    yield from islice((pair for pair in made if pair is not None), limit)


def _made(pair: Pair) -> Pair | None:
    seed = crc32(pair.code.encode("utf-8", "surrogatepass"))
    kinds: tuple[Callable[[Pair, random.Random], Pair | None], ...] = (_renamed, _misspelled, _partial, _snippet)
    kind = seed % (2 * len(kinds))
    return kinds[kind](pair, random.Random(seed)) if kind < len(kinds) else None


def _renamed(pair: Pair, _: random.Random) -> Pair | None:
    if pair.kind not in ("function", "method") or pair.language not in LANGUAGES:
        return None
    code = without_names(pair.code, pair.name, LANGUAGES[pair.language])
    return replace(pair, code=code, name=FUNCTION, qualified_name=FUNCTION, source="renamed") if code else None


def _misspelled(pair: Pair, random: random.Random) -> Pair | None:
    text = misspelled(pair.text, random)
    return replace(pair, text=text, source="misspelled") if text != pair.text else None


def _partial(pair: Pair, random: random.Random) -> Pair | None:
    text = partial(pair.text, random)
    return replace(pair, text=text, source="partial") if text else None


def _snippet(pair: Pair, random: random.Random) -> Pair | None:
    renamed = _renamed(pair, random)
    lines = [line.strip() for line in renamed.code.splitlines()[1:]] if renamed else []
    first = random.randrange(len(lines)) if lines else 0
    text = " ".join(lines[first : first + random.randint(2, 6)])
    return replace(pair, text=text, source="snippet") if _FEWEST_LETTERS <= len(text) <= _MOST_LETTERS else None


def misspelled(text: str, random: random.Random) -> str:
    """The text with a slip in one or two of its long words: letters swapped, lost or doubled."""
    words = [word for word in _WORD.finditer(text) if len(word[0]) >= _LONG_WORD]
    for word in sorted(random.sample(words, min(len(words), random.randint(1, 2))), key=lambda word: -word.start()):
        at = word.start() + random.randrange(1, len(word[0]) - 1)
        slip = random.choice([text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1]])
        text = text[:at] + slip + text[at + 2 :]
    return text


def partial(text: str, random: random.Random) -> str:
    """Two to five of the words that tell something, in their order; empty for a text that has fewer than four."""
    words = [word for word in _WORD.findall(text.lower()) if word not in _SAYS_LITTLE]
    if len(words) <= 3:
        return ""
    chosen = sorted(random.sample(range(len(words)), random.randint(2, min(_MOST_WORDS, len(words) - 1))))
    return " ".join(words[place] for place in chosen)
