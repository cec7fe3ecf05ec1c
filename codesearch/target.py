"""What a user points at, a folder, a file or a git URL, as the root that is indexed and the part that is searched."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.age import age
from indexer.errors import SourceError, StoreError
from indexer.location import clones_folder, enclosing_root, index_folder
from indexer.paths import display_path, resolved
from indexer.records import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

_CLONE_SECONDS = 600.0
_OLD_SECONDS = 24 * 3600.0
"""From this age on, a search of a git URL says how old its clone is."""


@dataclass(frozen=True, slots=True)
class Target:
    """An indexed root and where its index lives."""

    root: Path
    """Absolute; for a URL its clone in the cache."""
    under: str
    """The part of the root that is searched, as stored paths are written, with ``/``; empty for all of it."""
    folder: Path
    """Holds the index."""
    repository: Repository

    @property
    def top(self) -> Path:
        """The folder that paths of results start from: the root, or the folder it lies in if it is a file."""
        return self.root if self.root.is_dir() else self.root.parent


def resolve(
    path_or_url: str | Path,
    *,
    ref: str | None = None,
    index_dir: str | Path | None = None,
    update: bool = True,
    clone: bool = True,
    enclosing: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Target:
    """Find out what is meant.

    Args:
        path_or_url: A folder, a file or a git URL.
        ref: Branch, tag or commit of a URL.
        index_dir: Holds the indexes instead of the cache folder.
        update: Whether a URL that was cloned before is fetched again.
        clone: Whether a URL is fetched at all; if not, its root need not exist.
        enclosing: Whether an index of a folder above is used.
        tell: Called with a line when something long begins.

    Raises:
        SourceError: it does not exist or cannot be cloned.
    """
    text = str(path_or_url)
    if not text:
        raise SourceError("the path is empty: give a folder, a file or a git URL")
    if not os.path.exists(text) and _is_git_url(text):  # noqa: PTH110 - a Path's own raises where it may not look
        return _resolve_url(text, ref, index_dir, update, clone, tell)
    if ref:
        raise SourceError("--ref goes with a git URL: check the branch out to search it in a folder")
    path = resolved(text)
    if not os.path.exists(path):  # noqa: PTH110 - a Path's own raises where a folder may not be entered
        raise SourceError(f"no such file or folder: {text}")
    root = (enclosing_root(path, index_dir) if enclosing else None) or path
    under = path.relative_to(root).as_posix()
    folder = index_folder(str(root), index_dir)
    known = _cloned_repository(folder) if root.parent == clones_folder(index_dir) else None
    repository = known or Repository(display_path(root.name), display_path(str(root)))
    return Target(root, "" if under == "." else display_path(under), folder, repository)


def _is_git_url(text: str) -> bool:
    from indexer.remote import is_git_url

    return is_git_url(text)


def _resolve_url(
    url: str,
    ref: str | None,
    index_dir: str | Path | None,
    update: bool,
    clone: bool,
    tell: Callable[[str], None] | None,
) -> Target:
    from indexer.clone import clone_folder, clone_or_update
    from indexer.remote import parse_remote

    remote = parse_remote(url)
    cache = clones_folder(index_dir)
    folder = clone_folder(url, ref, cache)
    if clone and (update or not folder.exists()):
        if tell:
            tell(f"fetching {remote.shown}")
        folder = clone_or_update(url, ref, cache, _CLONE_SECONDS)
    elif clone and tell and (since := _seconds_since_fetched(folder)) > _OLD_SECONDS:
        tell(f"{remote.shown} as it was {age(since)} ago: `codesearch index` fetches it again")
    repository = Repository(
        _owner_and_name(remote.shown), display_path(str(folder)), remote.shown, ref, _commit(folder)
    )
    return Target(folder, "", index_folder(str(folder), index_dir), repository)


def _cloned_repository(folder: Path) -> Repository | None:
    """What the index of a clone says that it is a clone of, for a search from inside of it."""
    from indexer.store import Store

    try:
        with closing(Store.open(folder)) as store:
            return store.repository()
    except (StoreError, sqlite3.Error):
        return None


def _seconds_since_fetched(clone: Path) -> float:
    try:
        return time.time() - (clone / ".git" / "FETCH_HEAD").stat().st_mtime
    except OSError:
        return 0.0


def _owner_and_name(url: str) -> str:
    return "/".join(url.removesuffix(".git").rstrip("/").replace(":", "/").split("/")[-2:])


def _commit(clone: Path) -> str | None:
    """The commit that is checked out; a clone's HEAD is detached."""
    try:
        return (clone / ".git" / "HEAD").read_text("ascii").strip()
    except OSError:
        return None
