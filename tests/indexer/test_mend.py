"""Opening an index that was killed, copied or damaged."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from indexing import Indexed

from indexer.errors import StoreError
from indexer.mend import is_stamped, open_or_mend, stamp, was_tampered_with
from indexer.store import DATABASE, Store

FUNCTIONS = 'def first(a):\n    """Add one."""\n    return a + 1\n\n\ndef second(b):\n    return b * 2\n'


@pytest.fixture
def indexed(tmp_path: Path) -> Indexed:
    made = Indexed(tmp_path / "root", tmp_path / "index")
    made.write("a.py", FUNCTIONS)
    made.write("b.py", "def third():\n    pass\n")
    made.refresh()
    return made


def sql(indexed: Indexed, statement: str, *values: object) -> None:
    """Change the database behind the back of the index, and fold the change into the file."""
    with contextlib.closing(sqlite3.connect(indexed.folder / DATABASE)) as connection:
        connection.execute(statement, values)
        connection.commit()


def test_a_finished_run_is_stamped_and_opens_unchecked(indexed: Indexed) -> None:
    assert is_stamped(indexed.folder)
    store, note = open_or_mend(indexed.folder)
    store.close()
    assert note is None


def test_a_run_takes_the_stamp_away_before_it_writes(indexed: Indexed) -> None:
    store, _ = open_or_mend(indexed.folder)
    assert not is_stamped(indexed.folder)
    assert not was_tampered_with(indexed.folder)
    store.close()


def test_what_stands_in_the_log_only_counts_as_unfinished(indexed: Indexed) -> None:
    store = indexed.open()
    with store.transaction():
        store.set_meta("something", "new")
    assert not is_stamped(indexed.folder)
    store.close()


def test_a_reader_that_keeps_the_log_busy_only_delays_the_stamp(indexed: Indexed) -> None:
    reader = indexed.open()
    reader.connection.execute("BEGIN")
    reader.files()
    store, _ = open_or_mend(indexed.folder)
    store.connection.execute("PRAGMA busy_timeout = 50")
    with store.transaction():
        store.set_meta("something", "new")
    stamp(store)
    assert not is_stamped(indexed.folder)
    reader.connection.execute("ROLLBACK")
    stamp(store)
    assert is_stamped(indexed.folder)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE functions SET text = 'def first(a): return a + 2'",
        "UPDATE functions SET name = 'wrong' WHERE name = 'first'",
        "UPDATE functions SET start_line = start_line + 1",
        "UPDATE functions SET signature = CAST(x'ff41' AS TEXT)",
        "UPDATE functions SET file_id = 3 - file_id",
        "UPDATE functions SET file_id = 99 WHERE name = 'first'",
        "UPDATE functions SET digest = x'00112233445566778899aabbccddeeff' WHERE name = 'first'",
        "UPDATE files SET path = 'wrong.py' WHERE path = 'a.py'",
        "UPDATE files SET path = CAST(x'ff41' AS TEXT) WHERE path = 'a.py'",
        "UPDATE files SET language = 'pythoo'",
        "UPDATE files SET skipped = 'bjnary'",
        "UPDATE files SET repository_id = 7 WHERE path = 'a.py'",
        "UPDATE vectors SET vector = zeroblob(length(vector))",
        "UPDATE vectors SET vector = x'01'",
        "UPDATE profiles SET packed = zeroblob(length(packed))",
        "UPDATE profiles SET file_id = 3 - file_id",
        "DELETE FROM profiles",
        "UPDATE encoders SET name = CAST(x'ff41' AS TEXT)",
        "UPDATE derived SET last_id = 1",
        "UPDATE derived SET seal = 'x'",
        "UPDATE meta SET value = 'x'",
        "DELETE FROM functions WHERE name = 'second'",
        "DELETE FROM repositories",
        "DROP TABLE derived",
        "PRAGMA user_version = 1",
    ],
)
def test_a_change_of_the_database_from_outside_is_noticed_told_and_mended(indexed: Indexed, damage: str) -> None:
    before = indexed.content()
    words = indexed.names_by_words("first")
    sql(indexed, damage)
    assert was_tampered_with(indexed.folder)
    indexed.refresh()
    assert indexed.note is not None
    assert "\n" not in indexed.note
    assert indexed.content() == before
    assert indexed.names_by_words("first") == words == {"first"}
    indexed.refresh()
    assert indexed.note is None


def test_vectors_survive_a_change_from_outside(indexed: Indexed) -> None:
    sql(indexed, "UPDATE functions SET start_line = 7")
    indexed.encoder.encoded.clear()
    indexed.refresh()
    assert indexed.encoder.encoded == []


def test_an_encoder_never_inherits_the_vectors_of_one_whose_name_was_damaged(indexed: Indexed) -> None:
    sql(indexed, "UPDATE encoders SET name = CAST(x'ff41' AS TEXT)")
    indexed.encoder.name = "another"
    indexed.encoder.encoded.clear()
    assert indexed.refresh().encoded == len(indexed.encoder.encoded) == len(indexed.content()[1])


def test_a_copied_index_is_read_again_without_encoding(indexed: Indexed, tmp_path: Path) -> None:
    before = indexed.content()
    shutil.copytree(indexed.folder, tmp_path / "copy", copy_function=shutil.copy)
    copy = Indexed(indexed.root, tmp_path / "copy")
    copy.refresh()
    assert "copied" in (copy.note or "")
    assert copy.encoder.encoded == []
    assert copy.content() == before


@pytest.mark.parametrize("how", ["emptied", "garbage", "truncated", "deleted"])
def test_a_database_that_is_none_any_more_is_built_anew_with_a_line(indexed: Indexed, how: str) -> None:
    before = indexed.content()
    path = indexed.folder / DATABASE
    if how == "deleted":
        path.unlink()
    elif how == "garbage":
        path.write_bytes(os.urandom(path.stat().st_size))
    else:
        os.truncate(path, 0 if how == "emptied" else path.stat().st_size // 2)
    indexed.refresh()
    assert "built anew" in (indexed.note or "")
    assert indexed.content() == before
    assert indexed.names_by_words("first") == {"first"}


def test_damage_after_a_killed_run_is_noticed_too(indexed: Indexed) -> None:
    before = indexed.content()
    (indexed.folder / "index.stamp").unlink()
    sql(indexed, "UPDATE functions SET text = 'nonsense' WHERE name = 'first'")
    sql(indexed, "UPDATE vectors SET vector = x'0011223344556677'")
    indexed.refresh()
    assert "damaged" in (indexed.note or "")
    assert indexed.content() == before


@pytest.mark.parametrize(
    "damage", ["packed = CAST(x'00' || substr(packed, 2) AS BLOB)", "packed = x''", "file_id = 3 - file_id"]
)
def test_a_damaged_profile_after_a_killed_run_is_noticed_too(indexed: Indexed, damage: str) -> None:
    before = indexed.content()
    (indexed.folder / "index.stamp").unlink()
    sql(indexed, f"UPDATE profiles SET {damage} WHERE function_id = 1")
    assert indexed.content() != before
    indexed.refresh()
    assert "damaged" in (indexed.note or "")
    assert indexed.content() == before


def test_an_index_of_a_newer_version_is_refused_and_left_alone(indexed: Indexed) -> None:
    sql(indexed, "PRAGMA user_version = 99")
    size = (indexed.folder / DATABASE).stat().st_size
    with pytest.raises(StoreError, match="upgrade"):
        open_or_mend(indexed.folder)
    assert (indexed.folder / DATABASE).stat().st_size == size


def test_a_locked_database_is_not_taken_for_a_damaged_one(indexed: Indexed) -> None:
    other = indexed.open()
    other.connection.execute("BEGIN IMMEDIATE")
    (indexed.folder / "index.stamp").unlink()
    store, _ = open_or_mend(indexed.folder)
    store.connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="locked"), store.transaction():
        store.set_meta("a", "b")
    other.connection.rollback()
    assert sorted(Store.open(indexed.folder).files()) == ["a.py", "b.py"]
