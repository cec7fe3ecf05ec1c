"""The errors a user can cause or meet; each carries one line that says what is wrong and how to mend it."""

from __future__ import annotations


class CodesearchError(Exception):
    """A failure whose message is meant for the user: one line, no traceback, exit status 2."""


class ModelError(CodesearchError):
    """An encoder or a matching head cannot be loaded or does not fit."""
