"""`codesearch index`."""

from __future__ import annotations

from typing import Annotated

import typer

from codesearch.cli import options


def index(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH_OR_URL", help="Folders, files or git URLs; by default `.`.")
    ] = None,
    encoder: options.Encoder = None,
    ref: options.Ref = None,
    exclude: options.Exclude = None,
    max_file_size: options.MaxFileSize = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read every file again.")] = False,
    index_dir: options.IndexDir = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was skipped, and why.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Build an index, or bring it up to date.

    Only what changed is read, and only functions never seen before are encoded. Searching does this by itself; this
    command does it ahead of time. A git URL is fetched again.

    Examples:
        codesearch index
        codesearch index ~/src/project https://github.com/owner/name
        codesearch index --exclude 'generated/' --verbose
    """
    from codesearch.cli.each import for_each
    from codesearch.cli.opened import opened
    from codesearch.cli.printable import one_line
    from codesearch.cli.summary import print_summary

    def index_one(path: str) -> None:
        with opened(
            path,
            encoder=encoder,
            ref=ref,
            exclude=exclude or None,
            max_file_size=max_file_size,
            index_dir=index_dir,
            rebuild=rebuild,
            wait=True,
            update=True,
            enclosing=False,
            quiet=quiet,
        ) as opened_index:
            if not quiet:
                print_summary(one_line(opened_index.target.repository.url or path), opened_index, verbose)

    for_each(paths or ["."], index_one)
