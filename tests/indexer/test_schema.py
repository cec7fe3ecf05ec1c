"""The schema as a history."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from indexer import schema
from indexer.errors import StoreError
from indexer.schema import MIGRATIONS, migrate


def shape(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_database_of_any_version_gets_the_newest_schema(version: int) -> None:
    new, old = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    migrate(new)
    for step in MIGRATIONS[:version]:
        step(Database(old))
    old.execute(f"PRAGMA user_version = {version}")
    migrate(old)
    assert shape(old) == shape(new)


def test_a_newer_schema_is_refused_with_one_line() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="upgrade codesearch") as error:
        migrate(connection)
    assert "\n" not in str(error.value)


def test_a_migration_that_fails_leaves_the_database_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)

    def fails(db: Database) -> None:
        db.execute("CREATE TABLE half (a)")
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, fails))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert shape(connection) == []
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)


def test_two_processes_that_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            migrate(sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=30))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
