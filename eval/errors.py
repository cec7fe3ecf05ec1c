"""The errors a user can meet while evaluating; each message is one line that also says how to mend it."""

from __future__ import annotations

from codesearch.errors import CodesearchError


class EvalError(CodesearchError):
    """An evaluation cannot be run as asked."""


class DataError(EvalError):
    """Benchmark data is missing, damaged or contradicts itself; the message names the file and the line."""
