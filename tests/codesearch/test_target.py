"""From what a user points at to the root that is indexed."""

from __future__ import annotations

import pytest

from codesearch import CodeIndex
from codesearch.target import resolve
from indexer.errors import SourceError


def test_a_folder_is_a_root_of_its_own(project, cache):
    target = resolve(project)
    assert (target.root, target.under) == (project, "")
    assert target.folder.is_relative_to(cache)
    assert target.folder.name.startswith("project-")
    assert target.repository.name == "project"


def test_a_subfolder_of_an_indexed_folder_belongs_to_it(project):
    CodeIndex.build(project).close()
    target = resolve(project / "shop")
    assert (target.root, target.under) == (project, "shop")


def test_the_nearest_indexed_folder_counts(project):
    CodeIndex.build(project).close()
    CodeIndex.build(project / "shop").close()
    assert resolve(project / "shop" / "retry.py").root == project / "shop"


def test_without_enclosing_a_subfolder_is_a_root_of_its_own(project):
    CodeIndex.build(project).close()
    assert resolve(project / "shop", enclosing=False).root == project / "shop"


def test_relative_and_linked_paths_mean_the_same_root(project, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(project)
    assert resolve(".").folder == resolve(link).folder == resolve(project).folder


def test_folders_of_one_name_have_indexes_of_their_own(tmp_path, cache):
    for parent in ("a", "b"):
        (tmp_path / parent / "src").mkdir(parents=True)
    assert resolve(tmp_path / "a" / "src").folder != resolve(tmp_path / "b" / "src").folder


def test_a_folder_whose_name_looks_like_a_url_is_a_folder(tmp_path, cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "github.com" / "owner" / "name").mkdir(parents=True)
    assert resolve("github.com/owner/name").repository.url is None


def test_what_does_not_exist_is_named(tmp_path, cache):
    with pytest.raises(SourceError, match=r"no such file or folder: .*nowhere"):
        resolve(tmp_path / "nowhere")


def test_a_ref_needs_a_url(project):
    with pytest.raises(SourceError, match="--ref goes with a git URL"):
        resolve(project, ref="main")
