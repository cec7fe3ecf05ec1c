"""The list of what the pairs are collected from, and where its git directories are."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import cast

from codesearch.errors import CodesearchError
from codesearch.train.data.pair import Split
from indexer.git import git_command, git_environment

LISTED = Path(__file__).with_name("sources.tsv")
_COLUMNS = ("repository", "commit", "split", "licence", "languages")
_INSTALLED = "pypi:"


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the list: tab-separated, its first line names the columns."""

    repository: str
    """``owner/name`` on GitHub, or ``pypi:name`` for the import package ``name`` of this environment."""
    commit: str
    """Or the version of the installed package."""
    split: Split
    licence: str
    """SPDX identifier as far as it is known, ``other`` if not."""
    languages: str
    """The languages of most of its code, separated by commas."""

    @property
    def is_installed(self) -> bool:
        """Whether it is an installed package, which has no history."""
        return self.repository.startswith(_INSTALLED)

    @property
    def file_name(self) -> str:
        """The repository as the name of a file."""
        return self.repository.replace("/", "+").replace(":", "+")


def read_sources(path: Path = LISTED, excluded: Path | None = None) -> list[Source]:
    """Read the list.

    ``excluded`` is a file with a repository a line that must not be on it.

    Raises:
        CodesearchError: a file cannot be read or is not such a list, or the list names an excluded repository.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(_text(path)), delimiter="\t", quoting=csv.QUOTE_NONE))
    except csv.Error as error:
        raise CodesearchError(f"{path} is no list of repositories: {error}") from None
    forbidden = set(_text(excluded).casefold().split()) if excluded else set()
    sources = []
    for number, row in enumerate(rows, start=2):
        if set(row) != set(_COLUMNS) or None in row.values() or row["split"] not in ("train", "valid"):
            raise CodesearchError(f"{path}:{number}: expected {len(_COLUMNS)} columns: {', '.join(_COLUMNS)}")
        if row["repository"].casefold() in forbidden:
            raise CodesearchError(f"{path}:{number}: {row['repository']} is excluded: remove the line")
        split = cast(Split, row["split"])
        sources.append(Source(row["repository"], row["commit"], split, row["licence"], row["languages"]))
    return sources


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CodesearchError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CodesearchError(f"cannot read {path}: it is no text in UTF-8 ({error.reason})") from None


def git_directory(source: Source, mirror: Path | None, clones: Path) -> Path:
    """Return the git directory of a repository that holds its commit.

    It is looked for in ``mirror`` as ``OWNER+NAME``, ``OWNER+NAME.git`` or ``OWNER+NAME/repo``, bare or with a work
    tree, and cloned from GitHub into ``clones`` when there is none.

    Raises:
        CodesearchError: it cannot be cloned, or does not have the commit.
    """
    name = source.file_name
    places = [mirror / name, mirror / f"{name}.git", mirror / name / "repo"] if mirror else []
    for place in [*places, clones / name]:
        for directory in (place, place / ".git"):
            if (directory / "HEAD").is_file():
                return _with_commit(directory, source)
    return _with_commit(_clone(source, clones / name), source)


def package_folder(source: Source) -> Path:
    """Return the folder of an installed package.

    Raises:
        CodesearchError: it is not installed in the listed version.
    """
    name = source.repository.removeprefix(_INSTALLED)
    try:
        package = distribution(name)
    except PackageNotFoundError:
        raise CodesearchError(f"{name} is not installed: `pip install {name}=={source.commit}`") from None
    if package.version != source.commit:
        raise CodesearchError(f"{name} is installed as {package.version}: `pip install {name}=={source.commit}`")
    tops = {file.parts[0] for file in package.files or () if file.name == "__init__.py" and len(file.parts) == 2}
    named = name.replace("-", "_").casefold()
    tops = {top for top in tops if top.casefold() == named} or tops
    if len(tops) != 1:
        raise CodesearchError(f"{name} has not exactly one import package: remove it from the list")
    return Path(str(package.locate_file(tops.pop())))


def _clone(source: Source, directory: Path) -> Path:
    url = f"https://github.com/{source.repository}.git"
    unfinished = directory.with_name(directory.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = git_command("clone", "--quiet", "--bare", url, str(unfinished))
    done = subprocess.run(command, env=git_environment("https"), capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["git failed"]
        raise CodesearchError(f"cannot clone {url}: {reason[0]}")
    return unfinished.rename(directory)


def _with_commit(directory: Path, source: Source) -> Path:
    command = git_command("--git-dir", str(directory), "cat-file", "-e", f"{source.commit}^{{commit}}")
    if subprocess.run(command, env=git_environment(), capture_output=True).returncode:
        raise CodesearchError(f"{directory} lacks commit {source.commit} of {source.repository}: fetch it there")
    return directory
