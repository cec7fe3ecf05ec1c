"""Where the index of a root lives: one folder per root in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from indexer.errors import StoreError
from indexer.paths import resolved
from indexer.store import DATABASE, was_completed

_READABLE = re.compile(r"[^A-Za-z0-9._-]+")
_INDEX_NAME = re.compile(r".+-[0-9a-f]{12}")


def cache_folder() -> Path:
    """``CODESEARCH_CACHE`` or the platform's cache folder for codesearch."""
    chosen = os.environ.get("CODESEARCH_CACHE")
    if chosen:
        return Path(os.path.expanduser(chosen))  # noqa: PTH111 - a Path's own raises for a user that does not exist
    from platformdirs import user_cache_path

    return user_cache_path("codesearch")


def indexes_folder(index_dir: str | Path | None = None) -> Path:
    """The folder that holds all indexes: the chosen one, or one in the cache folder."""
    return resolved(index_dir) if index_dir is not None else cache_folder() / "indexes"


def clones_folder(index_dir: str | Path | None = None) -> Path:
    """The folder that holds all clones."""
    return (resolved(index_dir) if index_dir is not None else cache_folder()) / "clones"


def index_folder(root: str, index_dir: str | Path | None = None) -> Path:
    """The folder of the index of ``root``, an absolute path or a URL: readable, and unlike that of any other root."""
    digest = hashlib.blake2b(os.fsencode(root), digest_size=6).hexdigest()
    readable = _READABLE.sub("-", Path(root).name).strip("-.")[:40] or "root"
    return indexes_folder(index_dir) / f"{readable}-{digest}"


def index_folders(folder: Path) -> list[Path]:
    """The folders of indexes in a folder; whatever else lies there is not ours.

    Raises:
        StoreError: the folder cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror or error}") from error
    return [
        path
        for path in paths
        if _INDEX_NAME.fullmatch(path.name) and os.path.exists(path / DATABASE)  # noqa: PTH110 - a Path's own may raise
    ]


def clones_in(folder: Path) -> list[Path]:
    """The clones in a folder, each of which has its lock beside it."""
    return sorted(path.with_suffix("") for path in folder.glob("*.lock"))


def own_folders(root: Path, folder: Path) -> list[str]:
    """The folders below ``root`` that codesearch writes itself, relative to it.

    These are the cache and the index in ``folder`` with the indexes and the clones beside it.
    """
    root, folder = root.resolve(), folder.resolve()
    own = [folder, cache_folder().resolve()]
    if folder.parent.is_relative_to(root):
        own += [*index_folders(folder.parent), *clones_in(folder.parent / "clones")]
    return [path.relative_to(root).as_posix() for path in own if root in path.parents]


def enclosing_root(path: Path, index_dir: str | Path | None = None) -> Path | None:
    """The nearest indexed folder that is ``path`` or holds it, or None.

    One that holds it counts if it was ever completed: a run that was stopped in the home folder must not have
    everything below it indexed.
    """
    for root in (path, *path.parents):
        folder = index_folder(str(root), index_dir)
        if os.path.exists(folder / DATABASE) and (root == path or was_completed(folder)):  # noqa: PTH110 - may raise
            return root
    return None
