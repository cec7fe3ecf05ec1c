"""Pairs of a comment inside of a function and the block of lines that it heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from codesearch.train.data.clean import comment_text
from codesearch.train.data.docstrings import Described
from codesearch.train.data.functions import SourceFile, is_worth_training
from indexer.function import Function
from indexer.languages import Language

MAX_LINES = 30
"""A longer block is more than its comment says."""


def comment_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the blocks that have a comment of their own in the functions that are not tests."""
    for file in files:
        if file.language is None or file.is_test:
            continue
        for function in file.functions:
            if function.kind in ("function", "method"):
                yield from _in_function(function, file.path, file.language)


def _in_function(function: Function, path: str, language: Language) -> Iterator[Described]:
    markers = tuple(marker.decode() for marker in language.line_comment)
    lines = function.text.splitlines()
    number = 1
    while number < len(lines):
        first = number
        while number < len(lines) and lines[number].lstrip().startswith(markers):
            number += 1
        if number == first:
            number += 1
            continue
        text = comment_text("\n".join(line.lstrip().lstrip("".join(markers)).strip() for line in lines[first:number]))
        end = _end_of_block(lines, number, markers)
        code = "\n".join(lines[number:end])
        if text is not None and end - number <= MAX_LINES and is_worth_training(code):
            block = replace(
                function,
                kind="window",
                start_line=function.start_line + number,
                end_line=function.start_line + end - 1,
                docstring="",
                text=code,
            )
            yield Described(text, block, code, path, language)


def _end_of_block(lines: list[str], first: int, markers: tuple[str, ...]) -> int:
    """Return the line after the block: the next blank line or comment of its indentation, or where that ends."""
    if first >= len(lines) or not lines[first].strip():
        return first
    indentation = _indentation(lines[first])
    for number in range(first + 1, len(lines)):
        line = lines[number]
        deep = _indentation(line)
        if not line.strip() or (deep == indentation and line.lstrip().startswith(markers)):
            if _next_indentation(lines, number) <= indentation:
                return number
        elif deep < indentation:
            return number
    return len(lines)


def _next_indentation(lines: list[str], first: int) -> int:
    return next((_indentation(line) for line in lines[first:] if line.strip()), 0)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
