"""Entry point of the ``codesearch`` command."""

from __future__ import annotations

import os
import sys

FAILED = 2
INTERRUPTED = 130


def main() -> None:
    """Run the command line; every foreseen failure is one line on stderr and exit status 2."""
    from codesearch.cli.app import app
    from codesearch.errors import CodesearchError
    from indexer.errors import IndexerError

    try:
        app()
    except (CodesearchError, IndexerError) as error:
        _fail(f"codesearch: {error}")
    except BrokenPipeError:
        # The reader of the pipe has seen enough. Python would complain when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("\ncodesearch: stopped; what was done is kept", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _fail(line: str) -> None:
    print(line, file=sys.stderr)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
