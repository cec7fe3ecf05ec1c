"""The command `codesearch` and its subcommands."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
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
from codesearch.errors import CodesearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Groups of commands that few runs need: the module of each, and its help.
_LATE = {
    "eval": ("eval.command", "Benchmark encoders, matching heads and the whole search by published protocols."),
    "train": ("codesearch.train.command", "Collect training pairs, train encoders and matching heads, export them."),
}


@contextmanager
def _needing_extra(name: str) -> Iterator[None]:
    """Turn a missing package into a line that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CodesearchError(
            f"{error.name} is not installed: pip install '.[{name}]' in codesearch's source folder"
        ) from error


class _LateGroup(TyperGroup):
    """A group of commands that is imported when one of them is called; needs the extra of its name."""

    def __init__(self, name: str, module: str, help: str) -> None:
        super().__init__(name=name, help=help, no_args_is_help=True, rich_markup_mode=None)
        self._module = module

    def list_commands(self, ctx: Any) -> list[str]:
        return self._imported().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return self._imported().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        with _needing_extra(str(self.name)):
            return super().invoke(ctx)

    def _imported(self) -> TyperGroup:
        subcommands: typer.Typer = import_module(self._module).app
        subcommands.rich_markup_mode = None
        group = typer.main.get_group(subcommands)
        self.commands = group.commands  # what a mistyped name is compared with
        return group


class _Commands(TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (module, text) in _LATE.items():
            self.add_command(_LateGroup(name, module, text))


app = typer.Typer(
    cls=_Commands,
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
