"""Encoding the functions whose content was never seen: here, or in worker processes when the encoder allows it."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from indexer.text import encoder_text, parts
from indexer.vectors import encoded_up_to, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from indexer.progress import Progress
    from indexer.store import Store

_BATCH = 512
_CHARS_PER_TOKEN = 4
# Starting workers costs about as much as a static encoder needs for this many functions.
_POOL_FUNCTIONS = 8_000

Packed = list[tuple[bytes, bytes]]
"""Content digests with the stored form of their vectors."""


class CodeEncoder(Protocol):
    """What the indexer needs of an encoder.

    One that runs on a single core and is quick to load also has an attribute ``reload``, a function without arguments
    that can be pickled and loads it once more in a worker process.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def dim(self) -> int: ...  # noqa: D102
    @property
    def max_tokens(self) -> int: ...  # noqa: D102
    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]: ...  # noqa: D102


def encode_missing(store: Store, encoder: CodeEncoder, progress: Progress) -> int:
    """Encode every function whose content this encoder never saw; returns how many that were.

    Each batch is committed, so that an interruption loses one at most.
    """
    with store.transaction():
        encoder_id = store.add_encoder(encoder.name, encoder.dim)
    first = store.unencoded(encoder_id, encoded_up_to(store, encoder_id), _BATCH)
    if not first:
        return 0
    # Counting reads all functions once more, which is a large part of a small refresh.
    total = len(first) if len(first) < _BATCH else store.count_unencoded(encoder_id)
    progress.stage("encoding", total)
    reload = getattr(encoder, "reload", None)
    workers = os.cpu_count() or 1

    def keep(encoded: Iterable[tuple[list[tuple[Any, ...]], Packed]]) -> None:
        for rows, packed in encoded:
            with store.transaction():
                store.add_vectors(encoder_id, packed)
            progress.advance(len(rows))

    if reload is not None and total >= _POOL_FUNCTIONS and workers > 1:
        from concurrent.futures.process import BrokenProcessPool

        batches = _unencoded_batches(store, encoder_id, first)
        try:
            keep(_encode_in_processes(batches, reload, encoder.name, workers))
        except BrokenProcessPool:
            # The system ended a worker, as a rule for want of memory, of which this process alone needs less.
            first = store.unencoded(encoder_id, encoded_up_to(store, encoder_id), _BATCH)
        else:
            return total
    keep((rows, _encode(encoder, rows)) for rows in _unencoded_batches(store, encoder_id, first))
    return total


def _unencoded_batches(store: Store, encoder_id: int, rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while rows:
        yield rows
        rows = store.unencoded(encoder_id, rows[-1][0], _BATCH) if len(rows) == _BATCH else []


def _encode(encoder: CodeEncoder, rows: list[tuple[Any, ...]]) -> Packed:
    inputs: list[str] = []
    owners: list[tuple[bytes, int]] = []
    unseen = {row[1]: row for row in rows}  # the same function can be there many times
    for _, digest, qualified_name, docstring, text in unseen.values():
        cut = parts(encoder_text(qualified_name, docstring, text), encoder.max_tokens * _CHARS_PER_TOKEN)
        owners.append((digest, len(cut)))
        inputs.extend(cut)
    vectors = encoder.encode_code(inputs)
    packed = []
    start = 0
    for digest, count in owners:
        packed.append((digest, pack(vectors[start : start + count])))
        start += count
    return packed


def _encode_in_processes(
    batches: Iterator[list[tuple[Any, ...]]], reload: Callable[[], CodeEncoder], name: str, workers: int
) -> Iterator[tuple[list[tuple[Any, ...]], Packed]]:
    from indexer.extraction import worker_pool

    pool = worker_pool(workers)
    waiting: deque[tuple[list[tuple[Any, ...]], Future[Packed]]] = deque()
    try:
        for rows in batches:
            waiting.append((rows, pool.submit(_encode_in_worker, reload, name, rows)))
            if len(waiting) >= 2 * workers:
                oldest, future = waiting.popleft()
                yield oldest, future.result()
        for rows, future in waiting:
            yield rows, future.result()
    finally:
        pool.shutdown(wait=False, kill_workers=True)


_loaded: dict[str, CodeEncoder] = {}


def _encode_in_worker(reload: Callable[[], CodeEncoder], name: str, rows: list[tuple[Any, ...]]) -> Packed:
    if name not in _loaded:
        _loaded[name] = reload()
    return _encode(_loaded[name], rows)
