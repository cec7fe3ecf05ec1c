"""The database of parcels."""

import sqlite3
from contextlib import contextmanager

MIGRATIONS = (
    "CREATE TABLE parcels (number TEXT PRIMARY KEY, sender TEXT, receiver TEXT)",
    "ALTER TABLE parcels ADD COLUMN delivered_at REAL",
)


def open_database(path: str) -> sqlite3.Connection:
    """Connect, and bring the tables to their newest form."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection)
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection):
    """Commit at the end of the block; roll everything back if a statement fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def migrate(connection: sqlite3.Connection) -> None:
    """Run the migrations that this database has not seen."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, statement in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
