"""Write ``docs/cli.md``, the help of every command: ``python docs/generate_cli.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from codesearch.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
_WIDTH = 96
_HEAD = """# Command line

What `--help` says, for every command. This page is made by `python docs/generate_cli.py`, and the tests fail when it is
out of date. Exit status: 0 with results, 1 without, 2 for an error, which is one line on stderr.

"""


def reference() -> str:
    """The page, from the commands as they are declared."""
    sections = [f"{'#' * depth} {title}\n\n```text\n{text}\n```\n" for depth, title, text in _helps(_command(), None)]
    return _HEAD + "\n".join(sections)


def _command() -> Any:
    return typer.main.get_command(app)


def _helps(command: Any, parent: Any) -> list[tuple[int, str, str]]:
    """The depth of the heading, the name and the help of a command and of those below it."""
    context = command.make_context(
        command.name, [], parent=parent, resilient_parsing=True, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    depth = 2 + len(context.command_path.split()[1:])
    helps = [(depth, context.command_path, command.get_help(context))]
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            helps += _helps(command.get_command(context, name), context)
    return helps


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
