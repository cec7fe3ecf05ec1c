"""Parse one file with tree-sitter within a budget, so that no file costs more than itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from indexer.languages.language import Language, compiled

if TYPE_CHECKING:
    import tree_sitter

Match = dict[str, list["tree_sitter.Node"]]

STEPS = 2_000
"""The parser's reports of progress that any file may take; one comes every hundred operations."""
BYTES_PER_STEP = 32
"""A file may take one report more for this many bytes; ordinary source takes one per 50 to 100 bytes."""
SECONDS = 5.0
"""The wall clock's limit, far above what ``STEPS`` take, for a grammar that is slow within an operation."""
MATCH_LIMIT = 4096
"""Unfinished matches of a query that are followed at a time."""
TOKENS = 2_000
"""The longest run of keywords and brackets within broken source that is looked through."""
LARGE = 2_048
"""The bytes from which on a file can nest so deep that a parser takes memory by the square of the depth."""
PIECE, REPETITIVE = 64, 160
"""Such a file is one thing repeated if pieces of so many bytes of it come back, on average, within so many bytes."""
UNCLOSED = 4_000
"""How many more opening than closing brackets of a kind it may hold."""


class TooCostlyError(Exception):
    """A file takes, or would take, far more work to parse than its size explains."""


def parse(data: bytes, language: Language) -> tree_sitter.Tree:
    """Return the syntax tree of ``data`` (UTF-8), or raise ``TooCostlyError``.

    The budget is counted in steps of the parser, so that the same file gives the same result on a busy machine.
    """
    from tree_sitter import Parser

    if len(data) > LARGE and _nests_deep(data):
        raise TooCostlyError
    view = memoryview(data)
    steps = STEPS + len(data) // BYTES_PER_STEP
    deadline = time.monotonic() + SECONDS

    def give_up(_offset: int, _in_error: bool) -> bool:
        nonlocal steps
        steps -= 1
        return steps < 0 or time.monotonic() > deadline

    grammar, _ = compiled(language)
    try:
        return Parser(grammar).parse(lambda offset, _point: view[offset:], progress_callback=give_up)
    except ValueError as error:
        raise TooCostlyError from error


def _nests_deep(data: bytes) -> bool:
    """Tell whether a file may be one thing nested in itself thousands of times."""
    starts = [len(data) * quarter // 4 for quarter in (1, 2, 3)]
    pieces = [data[start : start + PIECE] for start in starts]
    if all(not piece.isspace() and data.count(piece) * REPETITIVE > len(data) for piece in pieces):
        return True
    if len(data) < 4 * UNCLOSED:
        return False
    less = data.count(b"<") - 2 * data.count(b"<<") - data.count(b"<=")
    unclosed = (data.count(opening) - data.count(closing) for opening, closing in (b"()", b"[]", b"{}"))
    return max(less - data.count(b">"), *unclosed) > UNCLOSED


def definitions_in(tree: tree_sitter.Tree, language: Language) -> list[Match]:
    """Return what each match of the language's query captured, in no particular order, or raise ``TooCostlyError``."""
    from tree_sitter import QueryCursor

    if _has_long_run_of_tokens(tree.root_node):
        raise TooCostlyError
    _, query = compiled(language)
    cursor = QueryCursor(query, match_limit=MATCH_LIMIT)
    return [captures for _, captures in cursor.matches(tree.root_node)]


def _has_long_run_of_tokens(root: tree_sitter.Node) -> bool:
    """Tell whether broken source has left very many tokens in a row, on which a query takes quadratic time."""
    waiting = [root] if root.has_error else []
    while waiting:
        run = 0
        for child in waiting.pop().children:
            run = 0 if child.is_named else run + 1
            if run > TOKENS:
                return True
            if child.has_error:
                waiting.append(child)
    return False
