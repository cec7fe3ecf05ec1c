"""Real git repositories for the tests of the indexer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


class Repository:
    """A git repository in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "protocol.file.allow=always")
        done = subprocess.run(["git", *identity, *arguments], cwd=self.folder, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str] | None = None) -> str:
        """Write the files, commit everything and return the commit's id."""
        write(self.folder, files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        return self.git("rev-parse", "HEAD")


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@pytest.fixture(autouse=True)
def _no_git_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def make_repository() -> Callable[[Path], Repository]:
    return Repository


@pytest.fixture
def write_files() -> Callable[[Path, dict[str, str]], None]:
    return write


@pytest.fixture(params=["in a git work tree", "outside of git"])
def root(request: pytest.FixtureRequest, tmp_path: Path, make_repository: Callable[[Path], Repository]) -> Path:
    """A folder whose files git lists (as untracked), and one whose files are walked."""
    folder = tmp_path / "root"
    folder.mkdir()
    if request.param == "in a git work tree":
        make_repository(folder)
    return folder
