"""`codesearch similar`."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Annotated

import typer

from codesearch.cli import options


def similar(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="A line of the function to start from.")],
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="Folder to search; by default the index that holds FILE.")
    ] = None,
    count: options.Count = 10,
    json: options.Json = False,
    format: options.Format = "text",
    lines: options.Lines = 6,
    encoder: options.Encoder = None,
    index_dir: options.IndexDir = None,
    no_refresh: options.NoRefresh = False,
    quiet: options.Quiet = False,
) -> None:
    """Find functions like the one at a line of a file.

    Examples:
        codesearch similar src/http/retry.py:42
        codesearch similar src/http/retry.py:42 . --json
    """
    from codesearch.cli import show
    from codesearch.cli.opened import opened
    from codesearch.errors import CodesearchError
    from indexer.paths import display_path, resolved

    form = show.chosen_format(format, json)
    typed = re.fullmatch(r"(.+):([0-9]{1,18})", place, re.DOTALL)
    if not typed:
        raise CodesearchError(f"'{place}' is not FILE:LINE, as in src/main.py:12")
    file, line = typed[1], int(typed[2])
    absolute = resolved(file)
    if not os.path.isfile(absolute):  # noqa: PTH113 - a Path's own raises where a folder may not be entered
        raise CodesearchError(f"no such file: {file}")
    with opened(
        path or _folder_to_search(absolute, index_dir),
        encoder=encoder,
        index_dir=index_dir,
        refresh=not no_refresh,
        quiet=quiet,
    ) as index:
        try:
            relative = display_path(absolute.relative_to(index.target.top).as_posix())
        except ValueError:
            raise CodesearchError(f"{file} is not in {index.target.root}") from None
        started = time.perf_counter()
        hits = index.similar(relative, line, k=count)
        took_ms = (time.perf_counter() - started) * 1000
        show.print_hits(place, hits, took_ms, form, lines, show.Place.of(path or ".", index.target), marked="")
    raise typer.Exit(0 if hits else 1)


def _folder_to_search(file: Path, index_dir: Path | None) -> str:
    """The indexed folder that holds the file, else the current one if it does, else the file's own."""
    from indexer.location import enclosing_root
    from indexer.paths import resolved

    enclosing = enclosing_root(file.parent, index_dir)
    if enclosing:
        return str(enclosing)
    here = resolved(".")
    return str(here if file.is_relative_to(here) else file.parent)
