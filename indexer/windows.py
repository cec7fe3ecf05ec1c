"""Cut text into windows of lines, where a parser has nothing to say about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LINES = 40
"""A window's length: about what fits into 512 tokens of code."""
OVERLAP = 5
"""Lines that two windows share where no better place to cut was found, so that a statement is whole in one of them."""
CHARACTERS = 4_000
"""A window's most characters; a longer line is cut into several windows."""

_BLANK = re.compile(r"\s*$")


@dataclass(frozen=True, slots=True)
class Window:
    """A run of lines: ``first`` and ``last`` are 0-based, inclusive indices into the lines that were cut."""

    first: int
    last: int
    text: str


def windows(lines: Sequence[str], heading: re.Pattern[str] | None = None) -> list[Window]:
    """Cut ``lines`` (without their line breaks) into windows that together hold every line that is not blank.

    A window ends before the last line that matches ``heading``, or at the last blank line, in its second half;
    else it is cut at its full length and the next one overlaps it.
    """
    found: list[Window] = []
    first = 0
    while (first := _skip_blank(lines, first)) < len(lines):
        if len(lines[first]) > CHARACTERS:
            found += _pieces(lines[first], first)
            first += 1
            continue
        limit = _limit(lines, first)
        end, overlap = _cut(lines, first, limit, heading)
        found.append(_window(lines, first, end))
        first = max(end - overlap, first + 1)
    return found


def _skip_blank(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _limit(lines: Sequence[str], first: int) -> int:
    """Return the end (exclusive) of the longest window from ``first`` on."""
    characters = 0
    for index in range(first, min(first + LINES, len(lines))):
        characters += len(lines[index]) + 1
        if characters > CHARACTERS and index > first:
            return index
    return min(first + LINES, len(lines))


def _cut(lines: Sequence[str], first: int, limit: int, heading: re.Pattern[str] | None) -> tuple[int, int]:
    """Return where the window ends (exclusive) and how many lines the next one repeats."""
    if limit == len(lines):
        return limit, 0
    half = first + (limit - first) // 2
    for boundary in (heading, _BLANK):
        if boundary is not None:
            for index in range(limit, half, -1):
                if boundary.match(lines[index]):
                    return index, 0
    return limit, min(OVERLAP, (limit - first) // 2)


def _window(lines: Sequence[str], first: int, end: int) -> Window:
    while not lines[end - 1].strip():
        end -= 1
    return Window(first, end - 1, "\n".join(lines[first:end]))


def _pieces(line: str, index: int) -> list[Window]:
    return [Window(index, index, line[at : at + CHARACTERS]) for at in range(0, len(line), CHARACTERS)]
