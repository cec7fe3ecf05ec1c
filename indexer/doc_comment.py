"""Find the comment that documents a definition or a file and strip it of its markers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

from indexer.languages.language import Language

LINES = 500
"""The longest comment that is looked at."""

_OPENING = re.compile(
    r"^[ \t]*(?:/\*+!?|\*(?!/)|//+!?|--+(?:\[=*\[)?|#+!?|\{-|=begin\b)(?:<(?!/?\w[^<>\n]*>)|[ \t]*[|^](?=\s))?",
    re.MULTILINE,
)
_CLOSING = re.compile(r"(?:\*+/|-\}|\]=*\]|^=end)\Z", re.MULTILINE)
_LONGEST_CLOSING = 200
_DOC_BLOCK = (b"/**", b"/*!")
_DOC_LINE = (b"///", b"//!")

_XML_REFERENCE = re.compile(
    r"<(?:see|seealso|paramref|typeparamref)\s[^<>]*?\b(?:cref|name|langword|href)=[\"'](?:[A-Z]:)?([^\"'<>]*)[\"']\s*/>"
)
_XML_ABOUT = re.compile(
    r"<(?:param|typeparam|exception)\s+(?:name|cref)=[\"'](?:[A-Z]:)?([^\"'<>]*)[\"']\s*>(?!\s*</)\s*"
)
_XML_TAG = re.compile(
    r"</?(?:summary|remarks|returns|value|para|example|code|c|inheritdoc|param|typeparam|see|seealso|exception"
    r"|paramref|typeparamref|list|item|b)(?:\s[^<>]*)?/?>"
)

_DIRECTIVE = re.compile(
    r"^[ \t]*(?:-\*-.*-\*-[ \t]*$"
    r"|(?:frozen_string_literal|(?:file)?encoding|coding|typed|warn_indent)[ \t]*[:=][ \t]*[\w.-]+[ \t]*$"
    r"|(?:vim?|ex):[ \t]*(?:set?\b|\w+=)"
    r"|\+build\b|go:[a-z]+\b|lint:ignore\b|(?:nolint|nosec|noqa|NOLINT(?:NEXTLINE)?)\b"
    r"|eslint-(?:disable|enable|env)\b|eslint\s+[\w/@-]+:[\s\S]*|js[hl]int\s+\w+[ \t]*:|tslint:"
    r"|(?:prettier|biome|deno-lint|@phpstan)-ignore|(?:istanbul|c8|v8) ignore\b"
    r"|@ts-(?:ignore|(?:no)?check|expect-error)"
    r"|@(?:no)?flow(?: strict(?:-local)?)?[ \t]*$|@(?:jest|vitest)-environment\b|@jsx\w*[ \t]+\S+[ \t]*$|@format[ \t]*$"
    r"|rubocop:|:(?:nodoc|nocov|stopdoc|startdoc):|@?phpcs:|@?noinspection\b"
    r"|(?:pylint|mypy|pyright|flake8|ruff|isort|yapf):|type:[ \t]*ignore\b|fmt:[ \t]*(?:off|on|skip)\b"
    r"|pragma:[ \t]*no\b"
    r"|shellcheck[ \t]+\w+=|clang-format[ \t]+o|CHECKSTYLE[.:]O|(?:swiftlint|scalastyle|luacheck|stylua|credo):"
    r"|ktlint-disable|ReSharper[ \t]+(?:disable|restore|once)|swift-tools-version"
    r"|\A#[ \t]*[A-Z_]{3,}\b[^#]*#\Z)"
    r"[^\n]*\n?",
    re.MULTILINE,
)
"""What a line of a comment says to a tool: an interpreter, a compiler, a linter, an editor."""
_RULER = re.compile(r"[-=*#~_/ \t]*")
_WORD = re.compile(r"\w")
_LICENSE = re.compile(r"copyright|licen[sc]e|spdx|\(c\) \d|all rights reserved", re.IGNORECASE)
_NOTICE = re.compile(
    r"(?:[^\n]*\n+)?[^\w@]{0,4}(?:copyright\b|\(c\) |©|spdx-|all rights reserved|(?:the )?(?:mit|bsd|apache) licen"
    r"|licensed (?:under|to)\b|this (?:file|program|library|software) is (?:part of|free|licen|distributed)"
    r"|permission is hereby)",
    re.IGNORECASE,
)
"""The first words of a licence, narrower than ``_LICENSE``: a function may be about copyrights."""
_PREAMBLE = (b"#!", b"<?php", b"'use strict'", b'"use strict"')


def comment_above(lines: Sequence[bytes], line: int, language: Language) -> tuple[int, str]:
    """Return the first line of the comments that end right above ``line``, ``line`` if there are none, and their text.

    Rulers and directives say nothing, so the comment above them is the one; and a documentation block is, with a note
    in line comments between it and the code. The licence of a file does not document what comes first in it.
    """
    first, text = line, ""
    while not text and (above := _comment_start(lines, first, language)) < first:
        text = _text(lines[above:first], language)
        first = above
    if text and is_line_comment(lines[first], language) and not lines[first].lstrip().startswith(_DOC_LINE):
        above = block_above(lines, first, language)
        if above < first and lines[above].lstrip().startswith(_DOC_BLOCK):
            documented = _text(lines[above:first], language)
            first, text = (above, documented) if documented else (first, text)
    if text and _NOTICE.match(text) and _is_on_top(lines, first, language):
        text = ""
    return first, text


def comment_on_top(lines: Sequence[bytes], language: Language) -> tuple[int, str]:
    """Return the end (exclusive) and the text of the first comment before any code that says something.

    A licence, directives and rulers do not; the text is empty if there is no other comment.
    """
    first = 0
    while first < min(len(lines), LINES):
        stripped = lines[first].strip()
        if not stripped or stripped.startswith(_PREAMBLE):
            first += 1
            continue
        last = _comment_end(lines, first, language)
        if last == first:
            break
        text = _text(lines[first:last], language)
        if text and not _LICENSE.search(text):
            return last, text
        first = last
    return 0, ""


def block_above(lines: Sequence[bytes], line: int, language: Language) -> int:
    """Return the first line of the block comment that ends right above ``line``, ``line`` if there is none."""
    if language.block_comment is None or line == 0:
        return line
    opening, closing = language.block_comment
    text = lines[line - 1].rstrip()
    if not text.endswith(closing):
        return line
    text = text.removesuffix(closing)
    for first in range(line - 1, max(0, line - LINES) - 1, -1):
        if closing in text:  # what that closes is not the comment that ends above ``line``
            break
        if text.lstrip().startswith(opening):
            return first
        text = lines[first - 1]
    return line


def is_line_comment(line: bytes, language: Language) -> bool:
    """Tell whether a line is nothing but a line comment."""
    stripped = line.lstrip()
    return stripped.startswith(language.line_comment) and not stripped.startswith(language.no_comment)


def _comment_start(lines: Sequence[bytes], line: int, language: Language) -> int:
    """Return the first of the line comments, or of the block, right above ``line``; ``line`` if there are none."""
    floor = max(0, line - LINES)
    first = line
    while first > floor and is_line_comment(lines[first - 1], language):
        first -= 1
    return first if first < line else block_above(lines, line, language)


def _comment_end(lines: Sequence[bytes], first: int, language: Language) -> int:
    """Return the end (exclusive) of the comment that starts in line ``first``, ``first`` if none does."""
    end = first
    ceiling = min(len(lines), first + LINES)
    while end < ceiling and is_line_comment(lines[end], language):
        end += 1
    if end > first or language.block_comment is None:
        return end
    opening, closing = language.block_comment
    if lines[first].lstrip().startswith(opening):
        for end in range(first, ceiling):
            if closing in lines[end]:
                return end + 1
    return first


def _is_on_top(lines: Sequence[bytes], line: int, language: Language) -> bool:
    """Tell whether there is no code above ``line``."""
    nothing = (*_PREAMBLE, *language.line_comment)
    return line < LINES and all(not above.strip() or above.lstrip().startswith(nothing) for above in lines[:line])


def _text(comment: Sequence[bytes], language: Language) -> str:
    """Return what a comment says, without its markers, its indentation, its rulers and directives to tools."""
    text = b"".join(comment).decode("utf-8", "surrogatepass").rstrip()
    if language.block_comment and comment[0].lstrip().startswith(language.block_comment[0]):
        tail = max(0, len(text) - _LONGEST_CLOSING)
        text = text[:tail] + _CLOSING.sub("", text[tail:])
    text = _OPENING.sub("", text)
    if "</" in text or "/>" in text:  # in ``Usage: copy <item> <list>`` they are no tags
        text = _XML_TAG.sub("", _XML_ABOUT.sub(r"\1: ", _XML_REFERENCE.sub(r"\1", text)))
    text = _DIRECTIVE.sub("", inspect.cleandoc(text).strip())
    text = _without_rulers(text).strip()
    return text if _WORD.search(text) else ""


def _without_rulers(text: str) -> str:
    """Return a text without the lines of dashes, stars and the like at its two ends."""
    lines = text.split("\n")
    first, end = 0, len(lines)
    while first < end and _RULER.fullmatch(lines[first]):
        first += 1
    while first < end and _RULER.fullmatch(lines[end - 1]):
        end -= 1
    return "\n".join(lines[first:end])
