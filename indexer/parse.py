"""Parse one file with tree-sitter within a budget, so that no file costs more than itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from indexer.languages.language import Language, compiled

if TYPE_CHECKING:
    import tree_sitter

Match = dict[str, list["tree_sitter.Node"]]

STEPS = 20_000
"""The parser's reports of progress that any file may take; one comes every hundred operations."""
BYTES_PER_STEP = 16
"""A file may take one report more for this many bytes; ordinary source takes one per 50 to 100 bytes."""
SECONDS = 10.0
"""The wall clock's limit, far above what ``STEPS`` take, for a grammar that is slow within an operation."""
MATCH_LIMIT = 4096
"""Unfinished matches of a query that are followed at a time."""


class TooCostlyError(Exception):
    """A file takes far more work to parse than its size explains."""


def parse(data: bytes, language: Language) -> tree_sitter.Tree:
    """Return the syntax tree of ``data`` (UTF-8), or raise ``TooCostlyError``.

    The budget is counted in steps of the parser, so that the same file gives the same result on a busy machine.
    """
    from tree_sitter import Parser

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


def definitions_in(tree: tree_sitter.Tree, language: Language) -> list[Match]:
    """Return what each match of the language's query captured, in no particular order."""
    from tree_sitter import QueryCursor

    _, query = compiled(language)
    cursor = QueryCursor(query, match_limit=MATCH_LIMIT)
    return [captures for _, captures in cursor.matches(tree.root_node)]
