"""Where the index of a root lives."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.location import cache_folder, enclosing_root, index_folder
from indexer.records import Repository
from indexer.store import Store


def make_index(root: Path, index_dir: Path, *, complete: bool = True) -> None:
    with closing(Store.open(index_folder(str(root), index_dir), create=True)) as store, store.transaction():
        store.set_repository(Repository(root.name, str(root)))
        if complete:
            store.mark_complete()


def test_roots_of_one_name_have_indexes_of_their_own() -> None:
    first, second = (index_folder(root, Path("/i")) for root in ("/a/project", "/b/project"))
    assert first != second
    assert first.name.startswith("project-")


@given(st.text(min_size=1))
def test_any_root_gives_a_plain_folder_name(root: str) -> None:
    name = index_folder(f"/{root}", Path("/i")).relative_to("/i")
    assert len(name.parts) == 1
    assert str(name).isascii()
    assert len(str(name)) < 60


def test_the_nearest_indexed_folder_above_is_found(tmp_path: Path) -> None:
    root, index_dir = tmp_path / "root", tmp_path / "i"
    deep = root / "a" / "b"
    assert enclosing_root(deep, index_dir) is None
    make_index(root, index_dir)
    assert enclosing_root(deep, index_dir) == root
    make_index(root / "a", index_dir)
    assert enclosing_root(deep, index_dir) == root / "a"


def test_a_folder_above_whose_first_run_was_stopped_is_not_taken_for_indexed(tmp_path: Path) -> None:
    make_index(tmp_path, tmp_path / "i", complete=False)
    assert enclosing_root(tmp_path / "a", tmp_path / "i") is None
    assert enclosing_root(tmp_path, tmp_path / "i") == tmp_path


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESEARCH_CACHE", "/elsewhere")
    assert cache_folder() == Path("/elsewhere")
    monkeypatch.delenv("CODESEARCH_CACHE")
    assert cache_folder().name == "codesearch"
