"""`codesearch status`."""

from __future__ import annotations

from typing import Annotated

import typer

from codesearch.cli import options


def status(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH_OR_URL", help="One index; by default all of them.")
    ] = None,
    ref: options.Ref = None,
    json: options.Json = False,
    index_dir: options.IndexDir = None,
) -> None:
    """Show what is indexed, its size and age.

    Examples:
        codesearch status
        codesearch status . --json
    """
    from codesearch.cli.printable import printable
    from codesearch.errors import CodesearchError
    from codesearch.inventory import describe_all, describe_one

    if ref and path is None:
        raise CodesearchError("--ref goes with a git URL: name the URL too")
    descriptions = [describe_one(path, index_dir, ref)] if path is not None else describe_all(index_dir)
    if json:
        import json as encoder

        typer.echo(encoder.dumps({"indexes": [description.as_dict() for description in descriptions]}))
        return
    if not descriptions:
        typer.echo("nothing is indexed yet: run `codesearch index` in a folder")
    for description in descriptions:
        typer.echo(printable(description.text()))
