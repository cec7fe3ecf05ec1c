"""`codesearch search`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from codesearch.cli import options


def search(
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="Plain words or a symbol, with filters such as lang:go or -path:test."),
    ],
    path: Annotated[str, typer.Argument(metavar="PATH_OR_URL", help="Folder, file or git URL to search.")] = ".",
    count: options.Count = 10,
    rerank: Annotated[
        bool, typer.Option("--rerank", help="Let the matching head read the best, unless a name is asked for.")
    ] = False,
    matcher: Annotated[
        str | None, typer.Option("--matcher", metavar="NAME", help="The matching head to rerank with.")
    ] = None,
    json: options.Json = False,
    format: options.Format = "text",
    lines: options.Lines = 6,
    encoder: options.Encoder = None,
    ref: options.Ref = None,
    exclude: options.Exclude = None,
    max_file_size: options.MaxFileSize = None,
    index_dir: options.IndexDir = None,
    no_refresh: options.NoRefresh = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the functions that answer a query.

    The folder is indexed first, or brought up to date, when that is needed; a git URL is fetched the first time, and
    again by `codesearch index`. Exit status: 0 with results, 1 without, 2 for an error.

    Filters in the query: lang:NAME path:GLOB kind:KIND name:GLOB repo:NAME, each negated by a leading minus. KIND is
    function, method, class, module or window.

    Examples:
        codesearch search "parse a date from a string"
        codesearch search "where are retries configured lang:go -path:test" ~/src/project
        codesearch search HTTPConnection.request --json
        codesearch search "read a config file" https://github.com/owner/name
    """
    from codesearch.cli import show
    from codesearch.cli.opened import opened

    query, form = query.strip(), show.chosen_format(format, json)
    with opened(
        path,
        encoder=encoder,
        ref=ref,
        exclude=exclude or None,
        max_file_size=max_file_size,
        index_dir=index_dir,
        refresh=not no_refresh,
        quiet=quiet,
        hint="" if " " in path.strip() else "a query of several words goes in quotes",
    ) as index:
        started = time.perf_counter()
        hits = index.search(query, k=count, rerank=matcher or rerank)
        took_ms = (time.perf_counter() - started) * 1000
        show.print_hits(query, hits, took_ms, form, lines, show.Place.of(path, index.target), marked=query)
    raise typer.Exit(0 if hits else 1)
