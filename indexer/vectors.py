"""The FAISS index over every function's vectors; derived from the store and rebuilt from it without encoding.

Vectors are kept and searched as float16: half of the bytes to read, and the rounding (2**-11 of a component) is far
below the differences that matter for a rank.
"""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.errors import StoreError, first_line
from indexer.flat_file import FlatFile
from indexer.seal import holds, seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from indexer.faiss_file import FaissFile
    from indexer.store import Store

_NAME = "vectors"
_BATCH = 4096

# Below this many vectors a new base is not worth writing: the tail is read from the store and compared directly.
_SMALL_TAIL = 1000
_TAIL_SHARE = 0.05

# Exact search reads all vectors: 0.8 ms for 10,000 of 256 dimensions, and grows with their number. Above this, an
# inverted file reads a small part of them; its recall against exact search is measured when it is built.
EXACT_LIMIT = 120_000
_RECALL_SAMPLE = 256


def pack(vectors: NDArray[np.float32]) -> bytes:
    """The stored form of one function's vectors, shape ``(parts, dim)``: a checksum, then float16 rows."""
    data = np.ascontiguousarray(vectors, dtype="<f2").tobytes()
    return zlib.crc32(data).to_bytes(4, "little") + data


def is_whole(packed: bytes) -> bool:
    """Whether a stored form is what ``pack`` made."""
    return len(packed) > 4 and zlib.crc32(packed[4:]) == int.from_bytes(packed[:4], "little")


def unpack(packed: bytes, dim: int) -> NDArray[np.float16]:
    """The rows of a stored form, shape ``(parts, dim)``.

    Raises:
        StoreError: the bytes are damaged.
    """
    if not is_whole(packed) or (len(packed) - 4) % (2 * dim):
        raise StoreError("a stored vector is damaged: run `codesearch index --rebuild`")
    return np.frombuffer(packed, dtype="<f2", offset=4).reshape(-1, dim)


def encoded_up_to(store: Store, encoder_id: int) -> int:
    """The id up to which every function is known to have a vector: those in the FAISS file had one."""
    derived = store.derived(f"{_NAME}-{encoder_id}")
    return derived[0] if derived else 0


class VectorIndex:
    """Nearest functions by inner product: a FAISS file for most vectors, the store for the newest ones."""

    def __init__(self, store: Store, encoder_name: str, dim: int) -> None:
        self.store = store
        self.dim = dim
        self.encoder_id = store.encoder_id(encoder_name)
        self._name = f"{_NAME}-{self.encoder_id}"
        self.is_whole = True
        self._base: FlatFile | FaissFile | None = None
        self._gone: NDArray[np.int64] = np.empty(0, np.int64)
        self._tail_ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._tail: NDArray[np.float32] = np.empty((0, dim), np.float32)

    def _path(self, last_id: int) -> Path:
        return self.store.folder / f"{self._name}-{last_id}.faiss"

    # Writing

    def update(self) -> bool:
        """Write a new FAISS file when the old one is damaged or the tail of newer vectors has grown too long.

        Returns whether there was one that is damaged.
        """
        derived = self.store.derived(self._name)
        is_damaged = derived is not None and self._opened(derived) is None
        if derived is not None and not is_damaged:
            last_id, rows, _ = derived
            changed = self.store.count_after(last_id) + len(self.store.gone(_NAME, last_id))
            if changed <= max(_SMALL_TAIL, rows * _TAIL_SHARE):
                return False
        elif self.store.count("functions") <= _SMALL_TAIL:
            self._drop_base()
            return is_damaged
        self._write_base()
        return is_damaged

    def _write_base(self) -> None:
        last_id = self.store.last_id()
        file = self._empty_file()
        functions = 0
        for ids, vectors in self._stored_batches(0):
            file.add(ids, vectors)
            functions += len(np.unique(ids))
        if file.is_inverted:
            file.tune(self._sample(_RECALL_SAMPLE))
        path = self._path(last_id)
        temporary = path.with_suffix(".tmp")
        try:
            file.write(temporary)
            temporary.replace(path)
        except (RuntimeError, OSError) as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(f"cannot write the vectors in {self.store.folder}: {first_line(error)}") from error
        with self.store.transaction():
            # Those of other encoders are not told any more which functions are gone.
            self.store.drop_derived(f"{_NAME}-")
            self.store.set_derived(self._name, last_id, functions, seal([path]))
            self.store.forget_gone(_NAME)
        self._drop_files_but(path)

    def _drop_base(self) -> None:
        with self.store.transaction():
            self.store.drop_derived(f"{_NAME}-")
            self.store.forget_gone(_NAME)
        self._drop_files_but(None)

    def _drop_files_but(self, kept: Path | None) -> None:
        for old in self.store.folder.glob(f"{_NAME}-*"):
            if old != kept:
                with contextlib.suppress(OSError):  # Windows keeps what a search has mapped; the next time it goes
                    old.unlink()

    def _empty_file(self) -> FaissFile:
        from indexer.faiss_file import FaissFile

        count = self.store.count("functions")
        if count <= EXACT_LIMIT:
            return FaissFile.exact(self.dim)
        lists = int(4 * np.sqrt(count))
        return FaissFile.inverted(self.dim, lists, self._sample(40 * lists))

    def _sample(self, size: int) -> NDArray[np.float32]:
        step = max(1, self.store.count("functions") // size)
        rows = self.store.connection.execute(
            "SELECT vector FROM functions JOIN vectors ON encoder_id = ? AND vectors.digest = functions.digest "
            "WHERE functions.id % ? = 0 LIMIT ?",
            (self.encoder_id, step, size),
        )
        return np.concatenate([unpack(packed, self.dim)[:1] for (packed,) in rows]).astype(np.float32)

    def _stored_batches(self, after: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Function ids and vectors above an id, a batch at a time; a function in parts has its id more than once."""
        ids: list[int] = []
        rows: list[NDArray[np.float16]] = []
        for function_id, packed in self.store.vectors_after(self.encoder_id, after):
            vectors = unpack(packed, self.dim)
            rows.append(vectors)
            ids.extend([function_id] * len(vectors))
            if len(ids) >= _BATCH:
                yield np.array(ids, np.int64), np.concatenate(rows).astype(np.float32)
                ids, rows = [], []
        if ids:
            yield np.array(ids, np.int64), np.concatenate(rows).astype(np.float32)

    # Reading

    def load(self) -> None:
        """Map the FAISS file and read the vectors that are newer than it.

        Without a FAISS file that can be trusted, ``is_whole`` tells, all vectors are read from the store.
        """
        derived = self.store.derived(self._name)
        last_id = 0
        self._base = self._opened(derived) if derived else None
        self.is_whole = derived is None or self._base is not None
        if derived and self._base is not None:
            last_id = derived[0]
            self._gone = np.array(self.store.gone(_NAME, last_id), np.int64)
        tail = list(self._stored_batches(last_id))
        if tail:
            self._tail_ids = np.concatenate([ids for ids, _ in tail])
            self._tail = np.concatenate([vectors for _, vectors in tail])

    def _opened(self, derived: tuple[int, int, str]) -> FlatFile | FaissFile | None:
        """The file, or None if it is damaged or was just replaced by a process that is indexing."""
        if not holds(self.store.folder, derived[2]):
            return None
        path = self._path(derived[0])
        if (flat := FlatFile.open(path, self.dim)) is not None:
            return flat
        from indexer.faiss_file import FaissFile

        return FaissFile.open(path, self.dim)

    def vector_of(self, digest: bytes) -> NDArray[np.float32] | None:
        """The unit vector of a content, the mean of its parts; None if it is not encoded."""
        row = self.store.connection.execute(
            "SELECT vector FROM vectors WHERE encoder_id = ? AND digest = ?", (self.encoder_id, digest)
        ).fetchone()
        if row is None:
            return None
        mean = unpack(row[0], self.dim).astype(np.float32).mean(axis=0)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)  # type: ignore[no-any-return]

    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids of the ``k`` nearest functions and the inner product of the nearest part of each, best first.

        ``query`` has shape ``(dim,)``.
        """
        rows = 2 * k  # so that one search is enough, unless few long functions have most of the nearest parts
        while True:
            ids, scores = self._nearest_parts(query, rows, allowed)
            first_parts = np.sort(np.unique(ids, return_index=True)[1])
            if len(first_parts) >= k or len(ids) < rows:
                return ids[first_parts][:k], scores[first_parts][:k]
            rows *= 4

    def _nearest_parts(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        found = [self._search_base(query, k, allowed), self._search_tail(query, allowed)]
        ids = np.concatenate([part[0] for part in found])
        scores = np.concatenate([part[1] for part in found])
        if len(ids) > k:
            best = np.argpartition(-scores, k - 1)[:k]
            ids, scores = ids[best], scores[best]
        order = np.argsort(-scores, kind="stable")
        return ids[order], scores[order]

    def _search_base(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if self._base is None:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        return self._base.search(query, k, allowed, self._gone)

    def _search_tail(
        self, query: NDArray[np.float32], allowed: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        scores = self._tail @ query
        if allowed is None:
            return self._tail_ids, scores
        keep = np.isin(self._tail_ids, allowed)
        return self._tail_ids[keep], scores[keep]
