"""The command `codesearch` and its subcommands."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from codesearch.cli.forget import forget
from codesearch.cli.index import index
from codesearch.cli.models import models
from codesearch.cli.search import search
from codesearch.cli.similar import similar
from codesearch.cli.status import status

if TYPE_CHECKING:
    from collections.abc import Callable

# Groups of commands that few runs need, imported when they are called.
_LATE = {"eval": "eval.command", "train": "codesearch.train.command"}


class _LateGroup(TyperGroup):
    """A group that imports some of its subcommands only when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_LATE]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _LATE:
            return super().get_command(ctx, cmd_name)
        return typer.main.get_command(import_module(_LATE[cmd_name]).app)


app = typer.Typer(
    cls=_LateGroup,
    name="codesearch",
    help="Find code by what it does: ask in plain words, get the function.",
    epilog='Example: codesearch search "retry a request with exponential backoff"',
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from codesearch import __version__

        typer.echo(f"codesearch {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


def _add(command: Callable[..., None]) -> None:
    """Add a command; the examples at the end of its docstring keep their lines."""
    text, _, examples = inspect.cleandoc(command.__doc__ or "").partition("Examples:\n")
    app.command(help=text, epilog=f"\b\nExamples:\n{examples}")(command)


for _command in (search, index, similar, status, forget, models):
    _add(_command)
