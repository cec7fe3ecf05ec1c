"""Commands that take several paths: a failure of one keeps none of the others from being done, as with ``rm``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from codesearch.cli.printable import one_line
from codesearch.errors import CodesearchError
from indexer.errors import IndexerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def for_each(paths: Iterable[str], work: Callable[[str], None]) -> None:
    """Call ``work`` for each path; every failure is one line, and the status is 2 after any."""
    if not all([_succeeds(work, path) for path in paths]):  # noqa: C419 - all are called
        raise typer.Exit(2)


def _succeeds(work: Callable[[str], None], path: str) -> bool:
    try:
        work(path)
    except (CodesearchError, IndexerError) as error:
        print(f"codesearch: {one_line(str(error))}", file=sys.stderr)
        return False
    return True
