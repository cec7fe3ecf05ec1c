"""The errors a user can meet while evaluating; each message is one line that also says how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codesearch.errors import CodesearchError


class EvalError(CodesearchError):
    """An evaluation cannot be run as asked."""


class DataError(EvalError):
    """Benchmark data is missing, damaged or contradicts itself; the message names the file and the line."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Raise :class:`EvalError` for what the system says against writing there."""
    try:
        yield
    except OSError as error:
        reason = f"{error.filename or folder} cannot be written ({error.strerror or error})"
        raise EvalError(f"{reason}; give another --output, or make room there") from error
