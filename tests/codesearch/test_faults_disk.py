"""Full and read-only disks, limits and missing permissions: one line, and nothing is lost."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from place import QUERY, Place, codesearch, is_one_line, write_source

from codesearch import CodeIndex
from codesearch.errors import CodesearchError
from indexer.errors import IndexerError, StoreError

OrdinaryUser = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_one_line_and_what_was_committed_stays(tmp_path: Path, small_disk: Path) -> None:
    place = Place(tmp_path)
    place.index_dir = small_disk
    write_source(place.root, 2, 20)
    assert place.index().returncode == 0
    before = place.answers()
    write_source(tmp_path / "big", 60)
    (tmp_path / "big").rename(place.root / "more")
    for _ in range(2):
        done = place.index()
        assert is_one_line(done), (done.stdout, done.stderr)
        assert "cannot write" in done.stderr
    assert place.search("--no-refresh").returncode == 0
    shutil.rmtree(place.root / "more")
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert place.answers() == before


def test_an_index_on_a_disk_without_a_free_byte_can_be_searched(tmp_path: Path, small_disk: Path) -> None:
    place = Place(tmp_path)
    place.index_dir = small_disk
    write_source(place.root, 2, 20)
    assert place.index().returncode == 0
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))
    done = place.search()
    assert done.returncode == 0, done.stderr
    assert "module_" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("limit", [20_000, 200_000, 1_000_000])
def test_a_limit_on_the_size_of_files_is_one_line_and_nothing_is_lost(tmp_path: Path, limit: int) -> None:
    place = Place(tmp_path)
    write_source(place.root, 60)
    program = (
        "import resource, runpy, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY)); "
        "sys.argv[0] = 'codesearch'; runpy.run_module('codesearch', run_name='__main__')"
    )
    arguments = ["index", str(place.root), "--index-dir", str(place.index_dir)]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert is_one_line(done), (done.returncode, done.stdout, done.stderr)
    assert place.index().returncode == 0
    assert len(place.answers()) == 10


def test_an_index_on_a_read_only_disk_is_searched_but_not_refreshed(tmp_path: Path, small_disk: Path) -> None:
    place = Place(tmp_path)
    place.index_dir = small_disk
    write_source(place.root, 2, 20)
    assert place.index().returncode == 0
    before = place.search().stdout
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = place.search()
    assert (done.returncode, done.stdout, done.stderr) == (0, before, "")
    assert codesearch("status", place.root, "--index-dir", place.index_dir).returncode == 0
    write_source(place.root, 3, 20)
    for refused in (place.search(), place.index()):
        assert is_one_line(refused), (refused.stdout, refused.stderr)
        assert "`codesearch search --no-refresh` answers from it as it is" in refused.stderr
    assert place.search("--no-refresh").stdout == before


@pytest.fixture
def open_place(open_folder: Path) -> Iterator[Place]:
    """An indexed root that other users can reach."""
    place = Place(open_folder)
    write_source(place.root, 5)
    place.answers()
    yield place
    place.index_dir.chmod(0o755)


def test_an_index_of_another_user_is_searched_but_not_refreshed(
    open_place: Place, as_ordinary_user: OrdinaryUser
) -> None:
    before = open_place.answers()
    for path in (open_place.index_dir, *open_place.index_dir.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    with as_ordinary_user():
        assert open_place.answers() == before
    write_source(open_place.root, 6)
    with as_ordinary_user(), pytest.raises(StoreError, match="cannot write the index") as error:
        open_place.answers()
    assert "\n" not in str(error.value)
    with as_ordinary_user(), CodeIndex.open(open_place.root, index_dir=open_place.index_dir) as index:
        assert [(hit.path, hit.start_line) for hit in index.search(QUERY)] == before


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_an_index_folder_that_may_not_be_entered_is_one_line(
    open_place: Place, as_ordinary_user: OrdinaryUser, mode: int
) -> None:
    open_place.index_dir.chmod(mode)
    with as_ordinary_user(), pytest.raises((StoreError, CodesearchError)) as error:
        open_place.answers()
    assert "\n" not in str(error.value)


def test_a_root_that_may_not_be_entered_is_one_line(open_place: Place, as_ordinary_user: OrdinaryUser) -> None:
    open_place.root.chmod(0)
    for source in (open_place.root, open_place.root / "inside"):
        with as_ordinary_user(), pytest.raises((CodesearchError, IndexerError)) as error:
            CodeIndex.build(source, index_dir=open_place.index_dir.with_name("other"))
        assert "\n" not in str(error.value)
    open_place.root.chmod(0o755)
