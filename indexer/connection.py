"""Connecting to the SQLite database of an index, also where nothing can be written."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from indexer.schema import migrate

if TYPE_CHECKING:
    from pathlib import Path

_TO_WRITE = "mode=rwc"


def connect(path: Path, how: str = _TO_WRITE) -> sqlite3.Connection:
    """Connect to a database, bring its schema up to date and make it where it does not exist.

    ``how`` holds the parameters of https://www.sqlite.org/uri.html.

    Raises:
        sqlite3.Error: it cannot be read or written.
        StoreError: a newer version wrote it.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=30, check_same_thread=False
    )
    try:
        if how == _TO_WRITE:
            # WAL: readers never wait for the writer, and a killed writer leaves the last commit.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA mmap_size = 268435456")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_somehow(path: Path) -> sqlite3.Connection:
    """Connect to an existing database, for reading only where nothing can be written: read-only folder, full disk."""
    try:
        return connect(path)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise
        with contextlib.suppress(sqlite3.OperationalError):
            return connect(path, "mode=ro")  # reads the log of a process that writes beside
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise  # what is in the log would be missed
        return connect(path, "immutable=1")
