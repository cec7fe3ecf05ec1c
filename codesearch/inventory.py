"""What is indexed: describing and deleting indexes without loading an encoder."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesearch.age import age
from codesearch.settings import remembered
from codesearch.target import resolve
from indexer.errors import StoreError
from indexer.location import clones_folder, clones_in, index_folder, index_folders, indexes_folder
from indexer.mend import discard
from indexer.paths import resolved
from indexer.remove import remove_folder
from indexer.store import DATABASE, Store

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Description:
    """One index; sizes in bytes, times in seconds since the epoch."""

    root: str
    url: str | None
    ref: str | None
    commit: str | None
    files: int
    functions: int
    pending_files: int
    languages: dict[str, int]
    skipped: dict[str, int]
    exclude: list[str]
    encoder: str
    size: int
    indexed_at: float | None
    folder: str
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of this index."""
        return asdict(self)

    def text(self) -> str:
        """A few lines for a person."""
        if self.problem:
            return f"{self.root}\n  {self.problem}"
        indexed = f"indexed {age(time.time() - self.indexed_at)} ago" if self.indexed_at else "never finished"
        lines = [
            f"{self.url or self.root}{f' at {self.ref}' if self.ref else ''}",
            f"  {self.functions:,} functions in {self.files:,} files, {self.size / 1e6:.1f} MB, {indexed}",
            f"  encoder {self.encoder}",
        ]
        if self.pending_files:
            lines.append(f"  {self.pending_files:,} files are still to be indexed: run `codesearch index`")
        if self.languages:
            shares = sorted(self.languages.items(), key=lambda pair: -pair[1])
            lines.append("  " + ", ".join(f"{name} {count:,}" for name, count in shares[:8]))
        if self.skipped:
            lines.append("  skipped: " + ", ".join(f"{count:,} {reason}" for reason, count in self.skipped.items()))
        if self.exclude:
            lines.append("  without what matches --exclude " + " ".join(map(shlex.quote, self.exclude)))
        return "\n".join(lines)


def describe_one(path_or_url: str, index_dir: str | Path | None = None, ref: str | None = None) -> Description:
    """Describe the index of a folder, a file or a URL at a ref, or the one above it.

    Raises:
        StoreError: there is none.
    """
    target = resolve(path_or_url, ref=ref, index_dir=index_dir, clone=False)
    return _describe(target.folder)


def describe_all(index_dir: str | Path | None = None) -> list[Description]:
    """Describe every index, by root; one that cannot be read says so in its ``problem``."""
    found = map(_describe_anyway, index_folders(indexes_folder(index_dir)))
    return sorted(found, key=lambda description: description.root)


def forget_one(path_or_url: str, index_dir: str | Path | None = None, ref: str | None = None) -> str:
    """Delete the index of exactly this folder, file or URL at a ref; returns its root.

    Raises:
        StoreError: there is none.
    """
    path = resolved(path_or_url)
    # A Path's own `exists` raises where a folder may not be entered.
    gone = None if ref or os.path.exists(path) else index_folder(str(path), index_dir)  # noqa: PTH110
    if gone is not None and os.path.exists(gone / DATABASE):  # noqa: PTH110 - the folder was deleted before its index
        _delete(gone)
        return str(path)
    target = resolve(path_or_url, ref=ref, index_dir=index_dir, clone=False, enclosing=False)
    at = f" at {ref}" if ref else ""
    if not os.path.exists(target.folder):  # noqa: PTH110
        raise StoreError(
            f"{target.repository.url or path_or_url}{at} is not indexed: `codesearch status` lists what is"
        )
    _delete(target.folder)
    if target.repository.url:
        _delete_clone(target.root)
    return f"{target.repository.url or target.root}{at}"


def forget_all(index_dir: str | Path | None = None) -> int:
    """Delete every index and every clone; returns how many indexes there were.

    Raises:
        StoreError: one cannot be deleted, or is being written; all others are gone nevertheless.
    """
    folders = index_folders(indexes_folder(index_dir))
    kept = [error for folder in folders if (error := _failure(_delete, folder))]
    kept += [error for clone in clones_in(clones_folder(index_dir)) if (error := _failure(_delete_clone, clone))]
    if kept:
        others = f", and {len(kept) - 1} more" if kept[1:] else ""
        raise StoreError(f"{kept[0]}{others}; everything else is deleted")
    return len(folders)


def _failure(delete: Callable[[Path], None], folder: Path) -> StoreError | None:
    try:
        delete(folder)
    except StoreError as error:
        return error
    return None


def _delete(folder: Path) -> None:
    """Delete an index, unless it is being written."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / "index.lock").acquire(timeout=0):
            discard(folder)
            shutil.rmtree(folder, ignore_errors=True)  # on Windows the lock stays, which is no index
    except Timeout:
        raise StoreError(f"{folder} is being indexed by another process: try again when it is done") from None
    except OSError as error:
        raise StoreError(f"cannot delete {folder}: {error.strerror or error}") from error


def _delete_clone(folder: Path) -> None:
    try:
        if folder.exists():
            remove_folder(folder)
        folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"cannot delete {folder}: {error.strerror or error}") from error


def _describe(folder: Path) -> Description:
    with contextlib.closing(Store.open(folder)) as store, store.reading():
        repository = store.repository()
        languages = store.connection.execute(
            "SELECT coalesce(language, 'text'), count(*) FROM files WHERE skipped IS NULL GROUP BY 1"
        ).fetchall()
        return Description(
            root=repository.root if repository else folder.name,
            url=repository.url if repository else None,
            ref=repository.ref if repository else None,
            commit=repository.commit if repository else None,
            files=sum(count for _, count in languages),
            functions=store.count("functions"),
            pending_files=_number(store.meta("pending")),
            languages=dict(languages),
            skipped=_counts(store.meta("skipped")),
            exclude=[*remembered(folder).exclude],
            encoder=store.meta("encoder") or "none yet",
            size=_bytes_in(folder),
            indexed_at=repository.indexed_at if repository else None,
            folder=str(folder),
        )


def _bytes_in(folder: Path) -> int:
    """The size of its files; a run that is under way may delete some meanwhile."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += Path(parent, name).stat().st_size
    return size


def _describe_anyway(folder: Path) -> Description:
    try:
        return _describe(folder)
    except StoreError as error:
        problem = f"cannot be read ({error}): index it again"
        return Description(folder.name, None, None, None, 0, 0, 0, {}, {}, [], "", 0, None, str(folder), problem)


def _number(stored: str | None) -> int:
    return int(stored) if stored and stored.isdecimal() else 0


def _counts(stored: str | None) -> dict[str, int]:
    try:
        return dict(json.loads(stored or "{}"))
    except (ValueError, TypeError):
        return {}
