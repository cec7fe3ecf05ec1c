"""`codesearch forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from codesearch.cli import options


def forget(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH_OR_URL", help="Indexed folders, files or git URLs.")
    ] = None,
    all_indexes: Annotated[bool, typer.Option("--all", help="Delete every index, and the clones of git URLs.")] = False,
    ref: options.Ref = None,
    index_dir: options.IndexDir = None,
) -> None:
    """Delete indexes. The indexed files are not touched.

    Examples:
        codesearch forget .
        codesearch forget --all
    """
    from codesearch.cli.each import for_each
    from codesearch.cli.printable import one_line
    from codesearch.errors import CodesearchError
    from codesearch.inventory import forget_all, forget_one

    if bool(paths) == all_indexes:
        raise CodesearchError("name what to forget, or use --all")
    if ref and all_indexes:
        raise CodesearchError("--ref goes with a git URL: name the URL instead of --all")
    if all_indexes:
        count = forget_all(index_dir)
        typer.echo(f"forgot {count} index{'' if count == 1 else 'es'}")
    for_each(paths or [], lambda path: typer.echo(one_line(f"forgot {forget_one(path, index_dir, ref)}")))
