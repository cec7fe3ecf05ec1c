"""Faults as a user meets them: kills, damage, several processes at once, roots that moved."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from place import Place, codesearch, command, is_one_line, write_source

from codesearch import CodeIndex
from indexer.crawl import CrawlOptions
from indexer.refresh import changes
from indexer.store import DATABASE, Store

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "faults.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("made"))
    write_source(place.root, 30)
    done = place.index()
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    """The indexed root; its index is put back as it was, times included."""
    saved = made.index_dir.with_name("saved")
    shutil.rmtree(saved, ignore_errors=True)
    shutil.copytree(made.index_dir, saved)
    yield made
    shutil.rmtree(made.index_dir)
    saved.rename(made.index_dir)


def test_killed_runs_leave_an_index_that_opens_answers_and_is_completed() -> None:
    done = subprocess.run(
        [
            sys.executable,
            BENCHMARK,
            "--kills",
            "6",
            "--seed",
            "7",
            "--source",
            Path(contextlib.__file__).parent / "json",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"completed to the same content \| 6 ", done.stdout)


# Damage

# Each file of the word index: see the tests of indexer.words.
FILES = ("index.db", "index.stamp", "*.faiss", "meta.json", "*.term")


def damage(path: Path, how: str, keep_time: bool = False) -> None:
    data = bytearray(path.read_bytes())
    stat = path.stat()
    path.unlink()  # this process may still have the old one mapped
    if how == "deleted":
        return
    if how == "flipped":
        for offset in range(min(40, len(data) - 1), len(data), max(1, len(data) // 7)):
            data[offset] ^= 0xFF
    path.write_bytes({"truncated": data[: len(data) * 2 // 3], "emptied": b""}.get(how, data))
    if keep_time:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("pattern", FILES)
@pytest.mark.parametrize("how", ["truncated", "emptied", "deleted", "flipped", "flipped, same time"])
def test_a_damaged_file_of_an_index_never_changes_an_answer(place: Place, pattern: str, how: str) -> None:
    before = place.answers()
    damage(next(place.folder.rglob(pattern)), how.split(",")[0], keep_time="same time" in how)
    assert place.answers() == before
    if pattern != "index.stamp":
        assert len(place.notes) == 1
    assert not any("\n" in note for note in place.notes)
    assert place.answers() == before
    assert place.notes == []


@pytest.mark.parametrize("how", ["truncated", "flipped", "flipped, same time"])
@pytest.mark.parametrize("pattern", ["index.db", "*.faiss", "*.term"])
def test_a_search_that_may_not_refresh_refuses_damage_with_one_line(place: Place, pattern: str, how: str) -> None:
    damage(next(place.folder.rglob(pattern)), how.split(",")[0], keep_time="same time" in how)
    done = place.search("--no-refresh")
    assert is_one_line(done), (done.stdout, done.stderr)
    assert "codesearch index" in done.stderr


def test_a_mended_index_is_told_in_one_line(place: Place) -> None:
    before = place.search()
    assert before.stderr == ""
    damage(place.folder / DATABASE, "emptied")
    after = place.search()
    assert after.stdout == before.stdout
    assert after.stderr.count("\n") == 1
    assert "built anew" in after.stderr


def test_a_damaged_log_loses_no_more_than_the_run_that_wrote_it(place: Place) -> None:
    before = place.answers()
    with contextlib.closing(sqlite3.connect(place.folder / DATABASE)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("INSERT INTO meta VALUES ('new', 'value')")
        writer.commit()
        copy = place.index_dir.with_name("copy")
        shutil.copytree(place.index_dir, copy)
    shutil.rmtree(place.index_dir)
    copy.rename(place.index_dir)
    damage(place.folder / f"{DATABASE}-wal", "flipped")
    assert place.answers() == before


@pytest.mark.parametrize(
    ("how", "told"), [("emptied", "  0 functions in 0 files"), ("flipped", "  1,200 functions in 30 files")]
)
def test_status_tells_what_can_still_be_read_of_a_damaged_index(place: Place, how: str, told: str) -> None:
    damage(place.folder / DATABASE, how)
    for which in ([], [place.root]):
        done = codesearch("status", *which, "--index-dir", place.index_dir)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[1].startswith(told)


def test_status_of_an_index_that_cannot_be_read_says_so_in_one_line(place: Place) -> None:
    damage(place.folder / DATABASE, "truncated")
    every = codesearch("status", "--index-dir", place.index_dir)
    assert (every.returncode, every.stderr) == (0, "")
    assert re.fullmatch(r".*\n  cannot be read \(.* malformed\): index it again\n", every.stdout)
    one = codesearch("status", place.root, "--index-dir", place.index_dir)
    assert is_one_line(one), (one.stdout, one.stderr)
    assert one.stderr.endswith("malformed\n")


def test_a_rebuild_reads_everything_again_and_keeps_the_vectors(place: Place) -> None:
    before = place.answers()
    done = codesearch("index", place.root, "--index-dir", place.index_dir, "--rebuild")
    assert "read 30 files, encoded 0 functions" in done.stdout
    assert place.answers() == before


# Several processes


def test_searches_answer_while_indexers_work_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    write_source(place.root, 5)
    assert place.index().returncode == 0
    write_source(place.root, 60)
    indexers = [
        subprocess.Popen(
            command("index", place.root, "--index-dir", place.index_dir, "--rebuild"),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    searches = 0
    while any(indexer.poll() is None for indexer in indexers) or searches < 2:
        done = place.search()
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 10
        assert done.stderr.count("\n") <= 1
        searches += 1
    for indexer in indexers:
        assert indexer.wait() == 0
        assert indexer.stderr is not None
        assert "Traceback" not in indexer.stderr.read()
    with CodeIndex.build(place.root, index_dir=place.index_dir) as index:
        assert index.report is None
        assert index.store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert index.store.count("files") == 60


def test_a_search_during_indexing_answers_from_what_is_committed_and_says_how_much_that_is(place: Place) -> None:
    from filelock import FileLock

    with contextlib.closing(sqlite3.connect(place.folder / DATABASE)) as other:
        other.execute("UPDATE meta SET value = '7' WHERE key = 'pending'")
        other.commit()
    with FileLock(place.folder / "index.lock"):
        done = place.search()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 10
    assert "30 of 37 files" in done.stderr


def files_in(place: Place) -> int:
    """How many files the database holds, 0 before there is one."""
    for path in place.index_dir.rglob(DATABASE):
        with contextlib.closing(sqlite3.connect(path)) as reader, contextlib.suppress(sqlite3.OperationalError):
            return int(reader.execute("SELECT count(*) FROM files").fetchone()[0])
    return 0


@pytest.mark.parametrize("least", [0, 1])
def test_ctrl_c_is_one_line_and_what_was_read_is_not_read_again(tmp_path: Path, least: int) -> None:
    place = Place(tmp_path)
    write_source(place.root, 1500)
    process = subprocess.Popen(
        command("index", place.root, "--index-dir", place.index_dir), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while files_in(place) < least or not list(place.index_dir.rglob(DATABASE)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    # A shell shows 130 either way: where the interpreter itself was interrupted, it ends by the signal.
    assert process.returncode in (130, -signal.SIGINT)
    assert stderr.strip() == "codesearch: stopped; what was done is kept"
    kept = files_in(place)
    assert kept >= least
    with contextlib.closing(Store.open(place.folder)) as store:
        assert len(changes(store, place.root, CrawlOptions()).to_read) == 1500 - kept


# Roots


def test_a_root_behind_a_link_has_the_index_of_the_folder_it_names(tmp_path: Path) -> None:
    place = Place(tmp_path)
    write_source(place.root, 2)
    place.answers()
    (tmp_path / "link").symlink_to(place.root)
    with CodeIndex.build(tmp_path / "link", index_dir=place.index_dir) as index:
        assert index.report is None


def test_a_root_that_was_moved_is_indexed_anew_and_the_old_index_can_be_forgotten(tmp_path: Path) -> None:
    place = Place(tmp_path)
    write_source(place.root, 2)
    before = place.answers()
    old = place.root
    place.root = place.root.rename(tmp_path / "moved")
    assert place.answers() == before
    assert codesearch("status", "--index-dir", place.index_dir).stdout.count("functions in") == 2
    (tmp_path / "through").symlink_to(tmp_path)
    through = tmp_path / "through" / old.name
    assert codesearch("forget", through, "--index-dir", place.index_dir).returncode == 0
    assert codesearch("status", "--index-dir", place.index_dir).stdout.count("functions in") == 1
    assert place.answers() == before


def test_an_index_of_a_newer_version_is_refused_with_one_line_everywhere(place: Place) -> None:
    with contextlib.closing(sqlite3.connect(place.folder / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for done in (place.search(), place.index()):
        assert is_one_line(done), (done.stdout, done.stderr)
        assert "upgrade codesearch" in done.stderr
    status = codesearch("status", "--index-dir", place.index_dir)
    assert status.returncode == 0
    assert "upgrade codesearch" in status.stdout
    assert codesearch("forget", place.root, "--index-dir", place.index_dir).returncode == 0
    assert place.search().returncode == 0
