"""Reading and extracting many files: in this process while they are few, in worker processes when they are many."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from indexer.crawl import CrawlOptions, FoundFile
from indexer.extract import extract
from indexer.languages import language_of, language_of_shebang
from indexer.paths import display_path
from indexer.profile import Profiler
from indexer.records import NewFunction
from indexer.skip import SkipReason
from indexer.source import Source, read_source
from indexer.text import content_digest, encoder_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from loky import ProcessPoolExecutor

    from indexer.function import Function

# Starting workers costs about as much as extracting this much source in this process.
_POOL_BYTES = 4_000_000
_CHUNK_FILES = 48
_CHUNK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of one file."""

    found: FoundFile
    digest: bytes | None
    language: str | None
    skipped: str | None
    functions: list[NewFunction] = field(default_factory=list)


def extract_file(root: Path, found: FoundFile, options: CrawlOptions) -> Extracted:
    """Read one file and take out its functions, or say why it has none."""
    source = read_source(root, found, options)
    if not isinstance(source, Source):
        return Extracted(found, None, None, source.value)
    language = language_of(found.path)
    if language is None and source.text.startswith("#!"):
        language = language_of_shebang(source.text.split("\n", 1)[0])
    functions = [new_function(unit) for unit in extract(source.text, display_path(found.path), language)]
    return Extracted(found, source.digest, language.name_of(source.text) if language else None, None, functions)


def new_function(unit: Function) -> NewFunction:
    """A function as it is stored."""
    return NewFunction(
        unit.kind,
        unit.name,
        unit.qualified_name,
        unit.start_line,
        unit.end_line,
        unit.signature,
        unit.docstring,
        unit.text,
        content_digest(encoder_text(unit.qualified_name, unit.docstring, unit.text)),
        _profiler().pack(unit),
    )


@cache
def _profiler() -> Profiler:
    """Of this process, so that what it remembers serves all files."""
    return Profiler()


def extract_files(
    root: Path, files: Sequence[FoundFile], options: CrawlOptions, *, apart: bool = False
) -> Iterator[Extracted]:
    """Extract files in about their order; memory is bounded by a few chunks of files, however many there are.

    With ``apart``, never in this process, which a file that crashes the parser would take down.
    """
    workers = os.cpu_count() or 1
    if not apart and (sum(file.size for file in files) < _POOL_BYTES or workers == 1):
        for file in files:
            yield _extract_or_skip(root, file, options)
        return
    yield from _extract_in_processes(root, list(_chunks(files)), options, workers)


def _extract_in_processes(
    root: Path, chunks: list[list[FoundFile]], options: CrawlOptions, workers: int
) -> Iterator[Extracted]:
    from concurrent.futures.process import BrokenProcessPool

    pool = worker_pool(workers)
    waiting: deque[tuple[list[FoundFile], Future[list[Extracted]]]] = deque()
    remaining = deque(chunks)
    try:
        while remaining or waiting:
            suspects = [chunk for chunk, _ in waiting]
            try:
                while remaining and len(waiting) < 2 * workers:
                    suspects.append(remaining.popleft())
                    waiting.append((suspects[-1], pool.submit(_extract_chunk, root, suspects[-1], options)))
                extracted = waiting.popleft()[1].result()
            except BrokenProcessPool:
                # One file took its worker down. The chunks that were under way are done again, file by file, so that
                # only the guilty file is lost.
                waiting.clear()
                pool.shutdown(wait=False, kill_workers=True)
                yield from _extract_one_by_one(root, [file for chunk in suspects for file in chunk], options)
                pool = worker_pool(workers)
            else:
                yield from extracted
    finally:
        pool.shutdown(wait=False, kill_workers=True)


def _extract_one_by_one(root: Path, files: list[FoundFile], options: CrawlOptions) -> Iterator[Extracted]:
    """Extract in one other process, which is started again after each file that it does not survive."""
    from concurrent.futures.process import BrokenProcessPool

    pool = worker_pool(1)
    try:
        for file in files:
            try:
                yield from pool.submit(_extract_chunk, root, [file], options).result()
            except BrokenProcessPool:  # noqa: PERF203 - starting a process costs more
                pool.shutdown(wait=False, kill_workers=True)
                pool = worker_pool(1)
                yield Extracted(file, None, None, SkipReason.CRASHED.value)
    finally:
        pool.shutdown(wait=False, kill_workers=True)


def _extract_chunk(root: Path, files: list[FoundFile], options: CrawlOptions) -> list[Extracted]:
    return [_extract_or_skip(root, file, options) for file in files]


def _extract_or_skip(root: Path, file: FoundFile, options: CrawlOptions) -> Extracted:
    """Extract a file; one that brings its parser or its reader to an error is counted and costs nothing else."""
    try:
        return extract_file(root, file, options)
    except Exception:
        return Extracted(file, None, None, SkipReason.CRASHED.value)


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """Processes that leave Ctrl-C to this one and end with it."""
    # loky: its workers are not forks, so threads of tantivy, FAISS and tokenizers do no harm, and they do not import
    # the caller's main module, so that a user's script needs no `if __name__ == "__main__"`.
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(workers, initializer=_obey_parent, initargs=(os.getpid(),))
    with _interrupts_blocked():  # the workers that start now inherit it
        pool.submit(int)
    return pool


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let Ctrl-C wait; without this, one that comes while a worker still imports would show its traceback."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _obey_parent(parent: int) -> None:
    """Leave Ctrl-C to the parent, which keeps what is done and stops the workers; end when it was killed."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _chunks(files: Sequence[FoundFile]) -> Iterator[list[FoundFile]]:
    chunk: list[FoundFile] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += file.size
        if len(chunk) >= _CHUNK_FILES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
