"""The SQLite schema as a history of numbered migrations; a released one is never edited."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from indexer.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database


def _create(db: Database, table: str, columns: dict[str, type], **options: Any) -> None:
    # The table's own `create` would commit, and a migration must be one transaction.
    db.execute(db.create_table_sql(table, columns, **options))


def _m1_initial(db: Database) -> None:
    _create(db, "meta", {"key": str, "value": str}, pk="key")
    _create(
        db,
        "repositories",
        {"id": int, "name": str, "root": str, "url": str, "ref": str, "commit": str, "indexed_at": float},
        pk="id",
    )
    # A file that was looked at but not indexed has a row too, so that it is not read again: `skipped` says why.
    _create(
        db,
        "files",
        {
            "id": int,
            "repository_id": int,
            "path": str,
            "size": int,
            "mtime_ns": int,
            "inode": int,
            "digest": bytes,
            "language": str,
            "skipped": str,
        },
        pk="id",
    )
    db.execute("CREATE UNIQUE INDEX files_path ON files (repository_id, path)")
    # AUTOINCREMENT, which sqlite-utils cannot say: the derived indexes rely on an id never being used twice.
    db.execute(
        """
        CREATE TABLE functions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            file_id INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
            kind TEXT NOT NULL, name TEXT NOT NULL, qualified_name TEXT NOT NULL,
            start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
            signature TEXT NOT NULL, docstring TEXT NOT NULL, text TEXT NOT NULL,
            digest BLOB NOT NULL
        )
        """
    )
    db.execute("CREATE INDEX functions_file ON functions (file_id)")
    _create(db, "encoders", {"id": int, "name": str, "dim": int}, pk="id", not_null={"name", "dim"})
    db.execute("CREATE UNIQUE INDEX encoders_name ON encoders (name)")
    _create(db, "vectors", {"encoder_id": int, "digest": bytes, "vector": bytes}, pk=("encoder_id", "digest"))
    _create(db, "derived", {"name": str, "last_id": int, "rows": int, "seal": str}, pk="name")


def _m2_gone_functions(db: Database) -> None:
    # The derived indexes still hold a function that was deleted. Each takes its own rows out of here when it no
    # longer does.
    _create(db, "gone", {"derived": str, "function_id": int}, pk=("derived", "function_id"))
    db.execute(
        """
        CREATE TRIGGER functions_gone AFTER DELETE ON functions BEGIN
            INSERT INTO gone (derived, function_id) VALUES ('words', old.id), ('vectors', old.id);
        END
        """
    )


def _m3_profiles(db: Database) -> None:
    # Apart from the functions, whose texts would lie between them: ranking reads a hundred or all of these. Functions
    # of an older index get theirs when their files are read again.
    db.execute(
        """
        CREATE TABLE profiles (
            function_id INTEGER PRIMARY KEY REFERENCES functions(id) ON DELETE CASCADE,
            file_id INTEGER NOT NULL,
            packed BLOB NOT NULL
        )
        """
    )


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_m1_initial, _m2_gone_functions, _m3_profiles)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to the newest schema, all steps in one transaction.

    Raises:
        StoreError: the index was written by a newer version.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise StoreError(
            f"this index has schema {version}, newer than the {len(MIGRATIONS)} of this codesearch: "
            "upgrade codesearch, or run `codesearch forget` and index again"
        )
    from sqlite_utils import Database  # slow to import, and only a new or old index needs it

    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been first
        database = Database(connection)
        for step in MIGRATIONS[version:]:
            step(database)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
