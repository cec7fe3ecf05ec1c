"""An index of a folder, made with the shipped static encoder, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesearch import load_encoder
from codesearch.encoders.protocol import Encoder
from indexer.crawl import CrawlOptions
from indexer.mend import open_or_mend, stamp
from indexer.progress import Progress
from indexer.records import Repository
from indexer.refresh import Changes, Report, changes, refresh
from indexer.stems import Stems
from indexer.store import Store
from indexer.vectors import VectorIndex
from indexer.words import FIELDS, WordIndex


@cache
def shipped_encoder() -> Encoder:
    return load_encoder("default")


class CountingEncoder:
    """The shipped encoder, with a record of what it was given."""

    def __init__(self) -> None:
        self.inner = shipped_encoder()
        self.name, self.dim, self.max_tokens = self.inner.name, self.inner.dim, self.inner.max_tokens
        self.encoded: list[str] = []

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        self.encoded.extend(codes)
        return self.inner.encode_code(codes)


class Indexed:
    """A root and its index; every ``refresh`` opens the store anew, as every command does."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        root.mkdir(exist_ok=True)
        self.encoder = CountingEncoder()
        self.note: str | None = None

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def changes(self) -> Changes:
        store = self.open()
        try:
            return changes(store, self.root, CrawlOptions())
        finally:
            store.close()

    def refresh(self, planned: Changes | None = None, progress: Progress | None = None, **options: Any) -> Report:
        store, self.note = open_or_mend(self.folder)
        try:
            repository = Repository(self.root.name, str(self.root))
            crawl_options = CrawlOptions(**options)
            report = refresh(store, repository, self.root, self.encoder, crawl_options, progress, planned)
            stamp(store)
        finally:
            store.close()
        return report

    def open(self) -> Store:
        return Store.open(self.folder)

    def content(self) -> list[Any]:
        """Files, functions, and the vector of each function."""
        store = self.open()
        try:
            rows = store.connection.execute
            return [
                rows("SELECT path, size, digest, language, skipped FROM files ORDER BY path").fetchall(),
                rows(
                    "SELECT path, kind, qualified_name, start_line, end_line, signature, docstring, text, "
                    "packed, vector FROM functions JOIN files ON files.id = functions.file_id "
                    "JOIN profiles ON function_id = functions.id AND profiles.file_id = files.id "
                    "JOIN vectors ON vectors.digest = functions.digest ORDER BY 1, 4, 5, 2, 3"
                ).fetchall(),
            ]
        finally:
            store.close()

    def names_by_words(self, text: str) -> set[str]:
        """Qualified names of the functions that hold a word."""
        store = self.open()
        try:
            words = WordIndex(self.folder)
            if not words.can_be_searched():
                return set()
            ids, _ = words.search(Stems().of(text), [1.0] * len(FIELDS), 1000)
            return {row.qualified_name for row in store.function_rows(ids).values()}
        finally:
            store.close()

    def names_by_meaning(self, k: int = 1000) -> set[str]:
        """Qualified names of the functions whose vectors a search returns."""
        store = self.open()
        try:
            vectors = VectorIndex(store, self.encoder.name, self.encoder.dim)
            vectors.load()
            query = shipped_encoder().encode_queries(["a function"])[0]
            ids, _ = vectors.search(query, k)
            return {row.qualified_name for row in store.function_rows(ids.tolist()).values()}
        finally:
            store.close()
