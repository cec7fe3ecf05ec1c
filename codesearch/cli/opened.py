"""Opening an index for a command, with progress and notes on stderr."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codesearch.cli.printable import one_line
from codesearch.cli.progress import TerminalProgress
from codesearch.engine import CodeIndex
from codesearch.errors import CodesearchError
from indexer.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@contextmanager
def opened(
    path: str,
    *,
    encoder: str | None = None,
    ref: str | None = None,
    exclude: Sequence[str] | None = None,
    max_file_size: int | None = None,
    index_dir: Path | None = None,
    refresh: bool = True,
    rebuild: bool = False,
    wait: bool = False,
    update: bool = False,
    enclosing: bool = True,
    quiet: bool = False,
    hint: str = "",
) -> Iterator[CodeIndex]:
    """An open, fresh index; without ``refresh`` as it is. ``hint`` is given with a path that does not exist."""
    tell = (lambda line: None) if quiet else _tell
    with TerminalProgress(quiet) as progress:
        try:
            if refresh:
                index = CodeIndex.build(
                    path,
                    encoder=encoder,
                    ref=ref,
                    exclude=exclude,
                    max_file_size=max_file_size,
                    index_dir=index_dir,
                    update=update,
                    wait=wait,
                    enclosing=enclosing,
                    rebuild=rebuild,
                    progress=progress,
                    tell=tell,
                )
            else:
                if exclude or max_file_size:
                    raise CodesearchError(
                        "--exclude and --max-file-size change nothing with --no-refresh: "
                        "leave them out, or give them to `codesearch index`"
                    )
                index = CodeIndex.open(path, encoder=encoder, ref=ref, index_dir=index_dir)
        except SourceError as error:
            if hint and str(error).startswith("no such file"):
                raise CodesearchError(f"{error} ({hint})") from None
            raise
    for note in index.notes:
        tell(note)
    with index:
        yield index


def _tell(line: str) -> None:
    print(f"codesearch: {one_line(line)}", file=sys.stderr)
