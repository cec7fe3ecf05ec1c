"""Describing and deleting indexes, without an encoder."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from codesearch import CodeIndex, inventory
from codesearch.target import resolve
from indexer.errors import StoreError


@pytest.fixture
def indexed(project):
    CodeIndex.build(project).close()
    return project


def test_an_index_is_described(indexed):
    found = inventory.describe_one(str(indexed))
    assert (found.root, found.files, found.functions) == (str(indexed), 5, 10)
    assert found.languages == {"python": 3, "go": 1, "javascript": 1}
    assert found.encoder.startswith("static@")
    assert abs(time.time() - found.indexed_at) < 60


def test_the_index_above_a_folder_is_described(indexed):
    assert inventory.describe_one(str(indexed / "shop")).root == str(indexed)


def test_skipped_files_are_counted_by_reason(project):
    (project / "logo.png").write_bytes(b"\x89PNG")
    CodeIndex.build(project).close()
    assert inventory.describe_one(str(project)).skipped == {"binary": 1}


def test_an_index_is_described_while_its_files_come_and_go(indexed):
    words = resolve(indexed).folder / "words"
    done = threading.Event()

    def come_and_go():
        while not done.is_set():
            for act in (Path.touch, Path.unlink):
                for number in range(50):
                    act(words / f"{number}.segment")

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(100):
            assert inventory.describe_one(str(indexed)).functions == 10
    finally:
        done.set()
        other.join()


def test_what_is_left_to_index_is_said(indexed):
    with CodeIndex.open(indexed) as index, index.store.transaction():
        index.store.set_meta("pending", "7")
    assert "7 files are still to be indexed: run `codesearch index`" in inventory.describe_one(str(indexed)).text()


def test_all_indexes_are_described_by_root(indexed):
    CodeIndex.build(indexed / "web").close()
    assert [found.root for found in inventory.describe_all()] == [str(indexed), str(indexed / "web")]


def test_an_index_that_cannot_be_read_hides_no_other(indexed):
    CodeIndex.build(indexed / "web").close()
    (resolve(indexed / "web").folder / "index.db").write_bytes(b"not a database" * 1000)
    problems = [found.problem for found in inventory.describe_all()]
    assert sorted(problem is None for problem in problems) == [False, True]


def test_nothing_indexed_is_nothing_described(project):
    assert inventory.describe_all() == []
    with pytest.raises(StoreError, match="run `codesearch index` first"):
        inventory.describe_one(str(project))


def test_forgetting_needs_the_very_folder(indexed):
    with pytest.raises(StoreError, match="is not indexed"):
        inventory.forget_one(str(indexed / "shop"))
    assert inventory.forget_one(str(indexed)) == str(indexed)
    assert inventory.describe_all() == []


def test_an_index_that_is_being_written_is_not_deleted(indexed):
    folder = resolve(indexed).folder
    with FileLock(folder / "index.lock"), pytest.raises(StoreError, match="is being indexed by another process"):
        inventory.forget_one(str(indexed))
    assert inventory.describe_one(str(indexed)).functions == 10


def test_an_index_that_cannot_be_deleted_is_not_said_to_be_forgotten(open_project, as_ordinary_user):
    CodeIndex.build(open_project).close()
    folder = resolve(open_project).folder
    folder.chmod(0o555)
    (folder / "index.lock").chmod(0o666)
    with as_ordinary_user(), pytest.raises(StoreError, match=r"cannot delete .*: Permission denied"):
        inventory.forget_one(str(open_project))
    folder.chmod(0o755)
    assert inventory.describe_one(str(open_project)).functions == 10


def test_forgetting_everything_goes_on_after_an_index_that_is_being_written(indexed):
    CodeIndex.build(indexed / "web").close()
    busy = resolve(indexed).folder
    with FileLock(busy / "index.lock"), pytest.raises(StoreError, match=r"another process.*; everything else"):
        inventory.forget_all()
    assert [found.root for found in inventory.describe_all()] == [str(indexed)]


def test_a_cache_that_may_not_be_entered_is_one_clear_line(open_project, as_ordinary_user):
    CodeIndex.build(open_project).close()
    indexes = resolve(open_project).folder.parent
    indexes.chmod(0o000)
    with as_ordinary_user(), pytest.raises(StoreError, match=r"cannot read .*: Permission denied"):
        inventory.describe_all()
    indexes.chmod(0o755)


def test_forgetting_everything_counts_what_there_was(indexed):
    CodeIndex.build(indexed / "web").close()
    assert inventory.forget_all() == 2
    assert inventory.describe_all() == []


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(0.2, "a moment"), (1, "1 second"), (59, "59 seconds"), (3600, "1 hour"), (200_000, "2 days")],
)
def test_an_age_is_told_in_its_largest_unit(indexed, seconds, age):
    found = inventory.describe_one(str(indexed))
    aged = type(found)(**{**found.as_dict(), "indexed_at": time.time() - seconds})
    assert f"indexed {age} ago" in aged.text()
