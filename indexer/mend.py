"""Opening an index that may have been killed, copied or damaged: it is checked when its last run did not end well."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

from indexer.errors import StoreError, first_line
from indexer.profile import is_whole as is_whole_profile
from indexer.records import EXTRACTION_VERSION
from indexer.seal import checksum_of_ends
from indexer.store import DATABASE, Store
from indexer.text import content_digest, encoder_text
from indexer.vectors import is_whole

if TYPE_CHECKING:
    from pathlib import Path

_STAMP = "index.stamp"


def stamp(store: Store) -> None:
    """Record that the database is as a finished run left it; the caller holds the lock.

    Raises:
        StoreError: the folder cannot be written, or the disk is full; the index is complete nevertheless.
    """
    path = store.folder / _STAMP
    temporary = path.with_suffix(".tmp")
    try:
        busy, _, _ = store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            return  # a reader needs the log; the next run checks and stamps
        temporary.write_text(json.dumps(_state(store.folder)), "utf-8")
        temporary.replace(path)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write the index in {store.folder}: {_reason(error)}") from error


def is_stamped(folder: Path) -> bool:
    """Whether the database is as the last finished run left it."""
    try:
        return bool(json.loads((folder / _STAMP).read_text("utf-8")) == _state(folder))
    except (OSError, ValueError):
        return False


def was_tampered_with(folder: Path) -> bool:
    """Whether the database was changed, copied or damaged after a finished run; a run removes the stamp first."""
    return os.path.exists(folder / _STAMP) and not is_stamped(folder)  # noqa: PTH110 - a Path's own may raise


def _state(folder: Path) -> list[int]:
    stat = (folder / DATABASE).stat()
    log = folder / f"{DATABASE}-wal"
    ends = checksum_of_ends(folder / DATABASE, stat.st_size)
    return [stat.st_size, stat.st_mtime_ns, ends, log.stat().st_size if log.exists() else 0]


def open_or_mend(folder: Path, *, anew: bool = False) -> tuple[Store, str | None]:
    """Open an index for writing, or make a new one; the caller holds the lock and calls ``stamp`` when it is done.

    With ``anew``, every file is to be read again.
    Returns the store, and a line for the user where something was found damaged and mended.

    Raises:
        StoreError: the folder cannot be written, or a newer version wrote the index.
    """
    store = None
    try:
        store = Store.open(folder, create=True)
        with store.reading():
            note = _checked(store, anew)
    except StoreError as error:
        if store is not None:
            store.close()
        if not _is_damage(error):
            raise
        discard(folder)
        return Store.open(folder, create=True), f"the index was damaged ({_reason(error)}) and is built anew"
    try:
        (folder / _STAMP).unlink(missing_ok=True)
    except OSError as error:
        store.close()
        raise StoreError(f"cannot write the index in {folder}: {_reason(error)}") from error
    return store, note


def _checked(store: Store, anew: bool) -> str | None:
    """Drop what cannot be trusted, so that the refresh makes it again; tells about it."""
    if is_stamped(store.folder) and not anew:
        return None
    tampered = was_tampered_with(store.folder)
    made_by = store.meta("extraction")
    _check_structure(store)
    lost = _drop_damaged(store)
    if tampered or anew:
        _distrust(store)
    if tampered and not anew:
        if store.repository() is None:
            return "the index was lost and is built anew"
        if made_by not in (None, EXTRACTION_VERSION):
            return "another version made the index: every file is read again"
        return "the index was changed or copied since it was written: every file is read again"
    return f"{lost} damaged entries of the index are made anew" if lost else None


def discard(folder: Path) -> None:
    """Delete everything of an index but its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix != ".lock":
            path.unlink(missing_ok=True)


def _check_structure(store: Store) -> None:
    problem = store.connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem.splitlines()[-1])


def _drop_damaged(store: Store) -> int:
    """Delete what is not what was stored: files with a damaged function, vectors, rows whose text is none."""
    connection = store.connection
    connection.text_factory = _decode_anyway
    try:
        broken = {
            table: [row[0] for row in connection.execute(f"SELECT rowid, * FROM {table}") if not _is_text(row[1:])]
            for table in ("meta", "repositories", "encoders", "derived", "files")
        }
        broken["files"] += {
            row[0]
            for row in connection.execute(
                "SELECT functions.file_id, qualified_name, docstring, text, digest, kind, name, signature, packed "
                "FROM functions LEFT JOIN profiles ON function_id = id AND profiles.file_id = functions.file_id"
            )
            if not _is_text(row) or content_digest(encoder_text(*row[1:4])) != row[4] or not is_whole_profile(row[-1])
        }
    finally:
        connection.text_factory = str
    broken["vectors"] = [
        rowid for rowid, packed in connection.execute("SELECT rowid, vector FROM vectors") if not is_whole(packed)
    ]
    if any(broken.values()):
        with store.transaction():
            for table, rowids in broken.items():
                connection.executemany(f"DELETE FROM {table} WHERE rowid = ?", ((rowid,) for rowid in rowids))
            if broken["encoders"]:  # whose number the next one gets
                connection.execute("DELETE FROM vectors WHERE encoder_id NOT IN (SELECT id FROM encoders)")
            if broken["vectors"] or broken["encoders"]:
                store.drop_derived("vectors-")  # which says that these functions are encoded
    return sum(map(len, broken.values()))


def _decode_anyway(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _is_text(row: tuple[object, ...]) -> bool:
    """Whether every string of a row was UTF-8; ``_decode_anyway`` left surrogates where it was not."""
    try:
        for value in row:
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _distrust(store: Store) -> None:
    """Have everything that can be made from the files and the vectors made again, row by row."""
    with store.transaction():
        store.connection.execute("DELETE FROM files WHERE repository_id != 1")
        store.connection.execute("DELETE FROM functions WHERE file_id NOT IN (SELECT id FROM files)")
        store.connection.execute("DELETE FROM meta")
        store.drop_derived("")


def _is_damage(error: StoreError) -> bool:
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        # Most of these are about the disk or about other processes, and a new index would not fare better.
        return any(sign in str(cause) for sign in ("no such", "malformed", "already exists", "Could not decode"))
    return isinstance(cause, sqlite3.DatabaseError)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or first_line(cause))
