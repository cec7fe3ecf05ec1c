"""Bringing an index up to date with its root: crawl, extract what changed, encode what was never seen.

Every stage is a catching-up with the stage before, so a run that was killed anywhere is simply gone on with.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.crawl import CrawlOptions, FoundFile, crawl
from indexer.encoding import CodeEncoder, encode_missing
from indexer.location import own_folders
from indexer.paths import display_path, path_from_display
from indexer.progress import Progress, Silent
from indexer.records import EXTRACTION_VERSION, FileRecord, Repository
from indexer.skip import Skipped, SkipReason
from indexer.store import Store
from indexer.vectors import VectorIndex
from indexer.words import WordIndex

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.extraction import Extracted

_COMMIT_FILES = 500
_COMMIT_SECONDS = 2.0
_WORDS_SECONDS = 15.0
_BEGUN = f"{EXTRACTION_VERSION} begun"
"""Instead of the version: files of another one are marked to be read again, and not all of them are read yet."""
_REASONS = frozenset(reason.value for reason in SkipReason)


@dataclass(slots=True)
class Changes:
    """What differs between the root and the index."""

    to_read: list[tuple[FoundFile, int]] = field(default_factory=list)
    """New and changed files, with their id or 0."""
    deleted: list[int] = field(default_factory=list)
    found: int = 0
    skipped: Skipped = field(default_factory=Skipped)
    indexed_at: float | None = None
    """When the index that was compared was completed."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.to_read or self.deleted)


@dataclass(slots=True)
class Report:
    """What a run did."""

    found: int = 0
    read: int = 0
    deleted: int = 0
    encoded: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    """Lines that the user should see: why git was not asked, which derived index was damaged and is built anew."""
    skipped: Skipped = field(default_factory=Skipped)


def changes(store: Store, root: Path, options: CrawlOptions) -> Changes:
    """Compare the root with the index by names, sizes, times and inodes, without reading a file."""
    result = Changes(indexed_at=_indexed_at(store))
    known = store.files()
    anew = store.meta("extraction") not in (EXTRACTION_VERSION, _BEGUN)
    for found in crawl(root, options, result.skipped, own_folders(root, store.folder)):
        result.found += 1
        old = known.pop(display_path(found.path), None)
        if old is None or anew:
            result.to_read.append((found, old.id if old else 0))
        elif (old.size, old.mtime_ns, old.inode) != (found.size, found.mtime_ns, found.inode):
            result.to_read.append((found, old.id))
        elif old.skipped == SkipReason.UNREADABLE.value and _is_readable(absolute_path(root, old.path)):
            result.to_read.append((found, old.id))  # a change of permissions leaves the modification time as it is
        elif old.skipped == SkipReason.VANISHED.value:
            result.to_read.append((found, old.id))  # it was away for a moment, and is as it was
        elif old.skipped in _REASONS:
            result.skipped.add(SkipReason(old.skipped), found.path)
        elif old.skipped:
            result.to_read.append((found, old.id))  # for a reason of another version
    result.deleted = [old.id for old in known.values()]
    return result


def refresh(
    store: Store,
    repository: Repository,
    root: Path,
    encoder: CodeEncoder,
    options: CrawlOptions,
    progress: Progress | None = None,
    planned: Changes | None = None,
) -> Report:
    """Bring the index up to date; the caller holds its lock.

    Ctrl-C and kills keep what was committed, and the next run goes on from there. ``planned`` is what ``changes`` gave
    before the lock was taken; it is used if no other process has completed the index since.
    """
    started = time.perf_counter()
    progress = progress or Silent()
    is_current = planned is not None and planned.indexed_at == _indexed_at(store) is not None
    plan = planned if planned is not None and is_current else changes(store, root, options)
    report = Report(plan.found, len(plan.to_read), len(plan.deleted), skipped=plan.skipped, notes=plan.skipped.notes)
    words = WordIndex(store.folder)
    if plan:
        _read_files(store, repository, root, plan, options, progress, words)
    if words.update(store, progress):
        report.notes.append("the word index was damaged or unfinished and is built anew")
    report.encoded = encode_missing(store, encoder, progress)
    if VectorIndex(store, encoder.name, encoder.dim).update():
        report.notes.append("the vector index was damaged and is built anew")
    with store.transaction():
        store.set_repository(repository)
        store.mark_complete()
        store.set_meta("pending", "0")
        store.set_meta("extraction", EXTRACTION_VERSION)
        store.set_meta("encoder", encoder.name)
        store.set_meta("skipped", json.dumps({reason.value: n for reason, n in plan.skipped.counts.items()}))
        store.drop_unused_vectors()
    report.seconds = time.perf_counter() - started
    return report


def _read_files(
    store: Store,
    repository: Repository,
    root: Path,
    plan: Changes,
    options: CrawlOptions,
    progress: Progress,
    words: WordIndex,
) -> None:
    from indexer.extraction import extract_files

    progress.stage("reading", len(plan.to_read))
    # A run that ended while it read files may have been ended by one of them.
    apart = store.meta("pending") not in (None, "0")
    ids = {found.path: file_id for found, file_id in plan.to_read}
    with store.transaction():
        store.set_repository(repository)
        store.delete_files(plan.deleted)
        made_by = store.meta("extraction")
        if made_by not in (EXTRACTION_VERSION, _BEGUN):
            store.distrust_files()
            store.set_meta("extraction", _BEGUN if made_by else EXTRACTION_VERSION)
        store.set_meta("pending", str(len(plan.to_read)))
    waiting: list[Extracted] = []
    left = len(plan.to_read)
    committed_at = words_at = time.monotonic()

    def commit() -> None:
        nonlocal waiting, left
        batch, waiting = waiting, []  # first, so that Ctrl-C at any later moment does not have it stored twice
        with store.transaction():
            for extracted in batch:
                _store_file(store, extracted, ids[extracted.found.path], plan.skipped)
            left -= len(batch)
            store.set_meta("pending", str(left))
        progress.advance(len(batch))

    try:
        for extracted in extract_files(root, [found for found, _ in plan.to_read], options, apart=apart):
            waiting.append(extracted)
            now = time.monotonic()
            if len(waiting) >= _COMMIT_FILES or now - committed_at > _COMMIT_SECONDS:
                commit()
                committed_at = now
                if now - words_at > _WORDS_SECONDS:
                    words.update(store)
                    words_at = now
    finally:
        commit()


def _store_file(store: Store, extracted: Extracted, file_id: int, skipped: Skipped) -> None:
    found = extracted.found
    record = FileRecord(
        display_path(found.path),
        found.size,
        found.mtime_ns,
        found.inode,
        extracted.digest,
        extracted.language,
        extracted.skipped,
        file_id,
    )
    if extracted.skipped:
        skipped.add(SkipReason(extracted.skipped), found.path)
    store.replace_file(record, extracted.functions)


def _indexed_at(store: Store) -> float | None:
    repository = store.repository()
    return repository.indexed_at if repository else None


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def absolute_path(root: Path, stored: str) -> Path:
    """The file behind a stored path."""
    folder = root if root.is_dir() else root.parent
    return folder / path_from_display(stored)
