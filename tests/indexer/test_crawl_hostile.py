"""What a crawl must not follow, open, run or stumble over."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from crawling import Write, paths

from indexer.crawl import crawl
from indexer.errors import SourceError
from indexer.skip import Skipped, SkipReason

# Links and other things that are no files ------------------------------------------------------------------------


def test_links_are_not_followed_whether_they_lead_out_in_or_around(root: Path, write_files: Write) -> None:
    write_files(root.parent / "outside", {"secret.py": ""})
    write_files(root, {"a.py": "", "sub/b.py": ""})
    (root / "out_file.py").symlink_to(root.parent / "outside/secret.py")
    (root / "out_folder").symlink_to(root.parent / "outside")
    (root / "twice.py").symlink_to("a.py")
    (root / "sub/loop").symlink_to("..")
    (root / "itself").symlink_to("itself")
    skipped = Skipped()
    assert paths(root, skipped=skipped) == ["a.py", "sub/b.py"]
    assert skipped.counts == {SkipReason.SYMLINK: 5}


def test_a_tracked_file_behind_a_folder_that_became_a_link_is_not_found(repository: Any, write_files: Write) -> None:
    repository.commit({"sub/secret.py": "", "a.py": ""})
    write_files(repository.folder.parent / "outside", {"secret.py": ""})
    (repository.folder / "sub").rename(repository.folder.parent / "moved")
    (repository.folder / "sub").symlink_to(repository.folder.parent / "outside")
    assert paths(repository.folder) == ["a.py"]


def test_fifos_and_sockets_are_counted_and_never_opened(
    root: Path, write_files: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(root, {"a.py": ""})
    os.mkfifo(root / "fifo.py")
    os.mkfifo(root / ".codesearchignore")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.py")
        skipped = Skipped()
        assert paths(root, skipped=skipped) == ["a.py"]
    # Git itself does not list them.
    assert skipped.counts == ({} if (root / ".git").exists() else {SkipReason.SPECIAL: 3})


def test_a_tracked_file_that_became_a_fifo_is_counted(repository: Any) -> None:
    repository.commit({"a.py": ""})
    (repository.folder / "a.py").unlink()
    os.mkfifo(repository.folder / "a.py")
    skipped = Skipped()
    assert paths(repository.folder, skipped=skipped) == []
    assert skipped.counts == {SkipReason.SPECIAL: 1}


def test_unreadable_folders_are_counted_and_the_rest_is_found(
    open_folder: Path, write_files: Write, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    write_files(open_folder, {"a.py": "", "locked/b.py": "", "z/c.py": ""})
    (open_folder / "locked").chmod(0)
    skipped = Skipped()
    with as_ordinary_user():
        assert paths(open_folder, skipped=skipped) == ["a.py", "z/c.py"]
    assert skipped.examples == {SkipReason.UNREADABLE: ["locked/"]}


def test_an_unreadable_root_is_one_clear_error(
    open_folder: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    (open_folder / "locked").mkdir(mode=0)
    with as_ordinary_user(), pytest.raises(SourceError, match=r"cannot read .*locked: Permission denied"):
        crawl(open_folder / "locked")


@pytest.mark.parametrize("name", [b"line\nbreak.py", b"latin-\xe9.py", b'tab\tquote".py', b"-option.py", b" space .py"])
def test_file_names_may_hold_anything(root: Path, name: bytes) -> None:
    (root / os.fsdecode(name)).write_text("x")
    assert [os.fsencode(path) for path in paths(root)] == [name]


def test_folders_a_thousand_deep_are_found(root: Path) -> None:
    deep = root / "/".join(["d"] * 1200)
    here = os.open(root, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("a.py", os.O_CREAT, dir_fd=here))
    os.close(here)
    try:
        assert paths(root) == [str(deep.relative_to(root) / "a.py")]
    finally:
        subprocess.run(["rm", "-rf", root / "d"], check=True)  # pytest's own clean-up recurses, too deep for Python


# Repositories that mean harm, and git that cannot help -----------------------------------------------------------


def test_settings_of_a_repository_cannot_run_a_command(repository: Any, tmp_path: Path) -> None:
    repository.commit({"a.py": ""})
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    script.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-index-change").symlink_to(script)
    repository.git("config", "core.fsmonitor", str(script))
    repository.git("config", "core.hooksPath", str(hooks))
    assert paths(repository.folder) == ["a.py"]
    assert not (tmp_path / "ran").exists()


def test_a_forged_index_cannot_name_files_outside_of_the_root(repository: Any, write_files: Write) -> None:
    repository.commit({"a.py": "", "xx/secret.py": ""})
    index = repository.folder / ".git/index"
    forged = index.read_bytes()[:-20].replace(b"xx/secret.py", b"../secret.py")
    index.write_bytes(forged + hashlib.sha1(forged).digest())
    write_files(repository.folder.parent, {"secret.py": ""})
    (repository.folder / "xx/secret.py").unlink()
    assert "../secret.py" in repository.git("ls-files", "--full-name")
    assert paths(repository.folder) == ["a.py"]


def test_a_repository_that_git_distrusts_is_walked_and_that_is_said(
    repository: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({".gitignore": "*.log\n", "a.py": ""})
    (repository.folder / "a.log").touch()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    skipped = Skipped()
    assert paths(repository.folder, skipped=skipped) == [".gitignore", "a.py"]
    assert len(skipped.notes) == 1
    assert "safe.directory" in skipped.notes[0]


def test_without_git_a_work_tree_is_walked_and_that_is_said(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({".gitignore": "*.log\n", "a.py": ""})
    (repository.folder / "a.log").touch()
    monkeypatch.setenv("PATH", "/nonexistent")
    skipped = Skipped()
    assert paths(repository.folder, skipped=skipped) == [".gitignore", "a.py"]
    assert "git is not installed" in skipped.notes[0]


def test_variables_of_a_running_hook_do_not_point_to_another_repository(
    repository: Any, tmp_path: Path, make_repository: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": ""})
    other = make_repository(tmp_path / "other")
    other.commit({"b.py": ""})
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git/index"))
    assert paths(repository.folder) == ["a.py"]
