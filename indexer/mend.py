"""Opening an index that may have been killed, copied or damaged: it is checked when its last run did not end well."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

from indexer.errors import StoreError
from indexer.store import DATABASE, Store
from indexer.text import content_digest, encoder_text
from indexer.vectors import is_whole

if TYPE_CHECKING:
    from pathlib import Path

_STAMP = "index.stamp"


def stamp(store: Store) -> None:
    """Record that the database is as a finished run left it; the caller holds the lock."""
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = store.folder / _STAMP
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(_state(store.folder)), "utf-8")
    temporary.replace(path)


def is_stamped(folder: Path) -> bool:
    """Whether the database is as the last finished run left it."""
    try:
        return bool(json.loads((folder / _STAMP).read_text("utf-8")) == _state(folder))
    except (OSError, ValueError):
        return False


def _state(folder: Path) -> list[int]:
    stat = (folder / DATABASE).stat()
    return [stat.st_size, stat.st_mtime_ns]


def open_or_mend(folder: Path) -> tuple[Store, str | None]:
    """Open an index for writing, or make a new one; the caller holds the lock.

    Returns the store, and a line for the user where something was found damaged and mended.

    Raises:
        StoreError: the folder cannot be written, or a newer version wrote the index.
    """
    existed = (folder / DATABASE).exists()
    if not existed or is_stamped(folder):
        return Store.open(folder, create=True), None
    try:
        store = Store.open(folder, create=True)
        lost = _drop_damaged(store)
        stamp(store)
    except (sqlite3.DatabaseError, StoreError) as error:
        if not _is_damage(error):
            raise
        discard(folder)
        return Store.open(folder, create=True), f"the index was damaged ({_reason(error)}) and is built anew"
    return store, f"{lost} damaged entries of the index are made anew" if lost else None


def discard(folder: Path) -> None:
    """Delete everything of an index but its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".lock":
            path.unlink(missing_ok=True)


def _drop_damaged(store: Store) -> int:
    """Delete files and vectors whose content is not what was stored, so that the next refresh makes them again."""
    problem = store.connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem)
    files = {
        row[0]
        for row in store.connection.execute("SELECT file_id, qualified_name, docstring, text, digest FROM functions")
        if content_digest(encoder_text(*row[1:4])) != row[4]
    }
    vectors = [
        (rowid,)
        for rowid, packed in store.connection.execute("SELECT rowid, vector FROM vectors")
        if not is_whole(packed)
    ]
    if files or vectors:
        with store.transaction():
            store.delete_files(files)
            store.connection.executemany("DELETE FROM vectors WHERE rowid = ?", vectors)
    return len(files) + len(vectors)


def _is_damage(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error, StoreError) else error
    # "database is locked" or "disk is full" are operational; a file that is no database or is malformed is not.
    return isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.OperationalError)


def _reason(error: Exception) -> str:
    return str(error.__cause__ or error).splitlines()[0]
