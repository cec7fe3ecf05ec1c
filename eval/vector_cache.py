"""Vectors that were computed once: keyed by the text's digest, the side (query or code) and the encoder's name."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.errors import EvalError
from indexer.location import cache_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS encoders (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS vectors (
    encoder INTEGER NOT NULL, side TEXT NOT NULL, digest BLOB NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (encoder, side, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS speed (
    encoder INTEGER NOT NULL, side TEXT NOT NULL, texts INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (encoder, side)
);
"""


def digest(text: str) -> bytes:
    """Return the key of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


class VectorCache:
    """A SQLite file of float32 vectors. Every :meth:`put` is one transaction: a crash loses one batch at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._usable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=60)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.executescript(_SCHEMA)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.DatabaseError) as error:
            message = f"the vector cache {self._path} cannot be used ({error}); delete it or give --cache"
            raise EvalError(message) from error

    def get(self, encoder: str, side: str, digests: Sequence[bytes], dim: int) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that are there, each ``(dim,)``; one of another length is damaged, and not there."""
        number = self._number(encoder)
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._usable():
            for start in range(0, len(digests), 500):
                some = digests[start : start + 500]
                rows = self._database.execute(
                    "SELECT digest, vector FROM vectors WHERE encoder = ? AND side = ? "
                    f"AND digest IN ({','.join('?' * len(some))})",
                    (number, side, *some),
                )
                whole = ((key, data) for key, data in rows if isinstance(data, bytes) and len(data) == 4 * dim)
                found.update((key, np.frombuffer(data, dtype="<f4")) for key, data in whole)
        return found

    def put(
        self, encoder: str, side: str, digests: Sequence[bytes], vectors: NDArray[np.float32], seconds: float
    ) -> None:
        """Keep ``vectors`` ``(len(digests), dim)`` and the time they took."""
        number = self._number(encoder)
        with self._usable(), self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                [(number, side, key, row.astype("<f4").tobytes()) for key, row in zip(digests, vectors, strict=True)],
            )
            self._database.execute(
                "INSERT INTO speed VALUES (?, ?, ?, ?) ON CONFLICT (encoder, side) DO UPDATE "
                "SET texts = texts + excluded.texts, seconds = seconds + excluded.seconds",
                (number, side, len(digests), seconds),
            )

    def rate(self, encoder: str, side: str) -> float | None:
        """Return texts a second over everything this encoder has ever put here; None when that is nothing."""
        number = self._number(encoder)
        with self._usable():
            row = self._database.execute(
                "SELECT texts, seconds FROM speed WHERE encoder = ? AND side = ?", (number, side)
            ).fetchone()
        return row[0] / row[1] if row and row[1] > 0 else None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _number(self, encoder: str) -> int:
        with self._usable(), self._database, closing(self._database.cursor()) as cursor:
            cursor.execute("INSERT OR IGNORE INTO encoders (name) VALUES (?)", (encoder,))
            row = cursor.execute("SELECT id FROM encoders WHERE name = ?", (encoder,)).fetchone()
        return int(row[0])


def default_cache() -> Path:
    """Return where vectors are kept unless ``--cache`` says otherwise."""
    return cache_folder() / "eval" / "vectors.sqlite"
