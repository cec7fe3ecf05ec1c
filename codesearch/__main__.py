"""Entry point of the ``codesearch`` command."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False  # see codesearch/__init__.py
if TYPE_CHECKING:
    from typing import NoReturn

FAILED = 2
INTERRUPTED = 130


def program() -> NoReturn:
    """Run the command line as a process, and end it at once.

    To take the interpreter apart with numpy and FAISS in it costs a tenth of a search, and by then all is on disk.
    """
    status: object = 0
    try:
        try:
            main()
        except SystemExit as ended:
            status = ended.code
        except Exception:  # a fault of ours: Python's own status for it would be that of a search without results
            import traceback

            traceback.print_exc()
            status = FAILED
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, AttributeError):  # it has been told, or it was closed from the start
                stream.flush()
    except KeyboardInterrupt:  # outside of a command, or a second one
        status = INTERRUPTED
    os._exit(status if isinstance(status, int) else FAILED)


def main() -> None:
    """Run the command line; every foreseen failure is one line on stderr and exit status 2."""
    if sys.stderr is None:  # closed from the start: what is said there goes nowhere, also from other processes
        sys.stderr = os.fdopen(_opened_as(2), "w")
    if sys.stdout is None:
        sys.exit(_fail("cannot write the output: it is closed"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # source holds characters that not every terminal has
    try:
        status = _run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    if status == INTERRUPTED:
        print("\ncodesearch: stopped; what was done is kept", file=sys.stderr)
    sys.exit(status)


def _run() -> int:
    from typer import Abort

    from codesearch.cli.app import app
    from codesearch.errors import CodesearchError
    from codesearch.query import begins_with_negated_filter
    from indexer.errors import IndexerError

    # A query may begin like an option; with a blank before it, it is an argument.
    arguments = [f" {typed}" if begins_with_negated_filter(typed) else typed for typed in sys.argv[1:]]
    try:
        status = app(arguments, prog_name="codesearch", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except (CodesearchError, IndexerError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        # The reader of the pipe has seen enough. Python would complain when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer met it first
            return 0
        raise
    except Abort:
        return INTERRUPTED
    except OSError as error:
        if error.filename is not None:
            raise
        return _fail(f"cannot write the output: {error.strerror or error}")
    except Exception as error:
        # A usage error; its class belongs to a copy of click inside of typer, which does not export it.
        if not hasattr(error, "format_message"):
            raise
        return _fail_for_usage(error.format_message(), getattr(error, "ctx", None))


def _fail_for_usage(message: str, context: object) -> int:
    from codesearch.cli.printable import printable

    if "\n" in message:  # a group without a command shows its help
        print(printable(message), file=sys.stderr)
        return FAILED
    hint = "a query of several words goes in quotes; " if "unexpected extra argument" in message else ""
    command = getattr(context, "command_path", "codesearch")
    return _fail(f"{message[:1].lower()}{message[1:].rstrip('.')} ({hint}see `{command} --help`)")


def _opened_as(descriptor: int) -> int:
    """Nothing at all, to be written to under this number."""
    opened = os.open(os.devnull, os.O_WRONLY)
    if opened != descriptor:
        os.dup2(opened, descriptor)
    return descriptor


def _fail(line: str) -> int:
    from codesearch.cli.printable import one_line

    print(f"codesearch: {one_line(line)}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    program()
