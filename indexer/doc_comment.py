"""Find the comment that documents a definition or a file and strip it of its markers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

from indexer.languages.language import Language

LINES = 500
"""The longest comment that is looked at."""

_OPENING = re.compile(
    r"^[ \t]*(?:/\*+!?|\*(?!/)|//+!?|--+(?:\[=*\[)?|#+!?|\{-|=begin\b)(?:<|[ \t]*[|^](?=\s))?", re.MULTILINE
)
_CLOSING = re.compile(r"[ \t]*(?:\*+/|-\}|\]=*\])\s*$|^=end\s*$", re.MULTILINE)
_XML_TAG = re.compile(r"</?(?:summary|remarks|returns|value|para|example|code|c|inheritdoc)\s*/?>")
_LICENSE = re.compile(r"copyright|licen[sc]e|spdx|\(c\) \d|all rights reserved", re.IGNORECASE)
_PREAMBLE = (b"#!", b"<?php", b"# -*-", b"# vim", b"# frozen_string_literal", b"# encoding", b"{-#", b"'use strict'")


def comment_above(lines: Sequence[bytes], line: int, language: Language) -> int:
    """Return the index of the first line of the comment that ends right above ``line``, ``line`` if there is none."""
    floor = max(0, line - LINES)
    first = line
    while first > floor and _is_comment(lines[first - 1], language):
        first -= 1
    if first < line or first == floor or language.block_comment is None:
        return first
    opening, closing = language.block_comment
    if not lines[line - 1].rstrip().endswith(closing):
        return line
    for first in range(line - 1, floor - 1, -1):
        if opening in lines[first]:
            return first if lines[first].lstrip().startswith(opening) else line
    return line


def comment_on_top(lines: Sequence[bytes], language: Language) -> tuple[int, int]:
    """Return the range of lines of the first comment before any code that is not a licence; empty if none."""
    first = 0
    while first < min(len(lines), LINES):
        stripped = lines[first].strip()
        last = _comment_end(lines, first, language)
        if not stripped or stripped.startswith(_PREAMBLE):
            first += 1
        elif last == first:
            break
        elif _LICENSE.search(b"".join(lines[first:last]).decode("utf-8", "replace")):
            first = last
        else:
            return first, last
    return 0, 0


def _comment_end(lines: Sequence[bytes], first: int, language: Language) -> int:
    """Return the end (exclusive) of the comment that starts in line ``first``, ``first`` if none does."""
    end = first
    ceiling = min(len(lines), first + LINES)
    while end < ceiling and _is_comment(lines[end], language):
        end += 1
    if end > first or language.block_comment is None:
        return end
    opening, closing = language.block_comment
    if lines[first].lstrip().startswith(opening):
        for end in range(first, ceiling):
            if closing in lines[end]:
                return end + 1
    return first


def _is_comment(line: bytes, language: Language) -> bool:
    stripped = line.lstrip()
    return stripped.startswith(language.line_comment) and not stripped.startswith(b"#!")


def clean(comment: str) -> str:
    """Return the text of a comment without its markers and its indentation."""
    text = _CLOSING.sub("", _OPENING.sub("", comment))
    if "<" in text:
        text = _XML_TAG.sub("", text)
    return inspect.cleandoc(text).strip()
