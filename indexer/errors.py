"""The errors a user can cause or meet while indexing; each message is one line that also says how to mend it."""

from __future__ import annotations


class IndexerError(Exception):
    """A failure whose message is meant for the user."""


def first_line(error: object) -> str:
    """What an error of a library says, cut to one line; its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip() if lines else type(error).__name__


class SourceError(IndexerError):
    """A folder, file or git URL cannot be read."""


class StoreError(IndexerError):
    """An index cannot be opened, read or written."""
