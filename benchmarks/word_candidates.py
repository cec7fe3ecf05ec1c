"""The word indexes that are compared, each as little code as codesearch would have to keep, and a plain BM25."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

FIELDS = ("name", "path", "docstring", "body")
DEPTH = 100
K1, B = 1.2, 0.75

Document = tuple[str, ...]
"""The words of each field, separated by spaces."""


class WordIndex(Protocol):
    """One of the candidates; documents are numbered from 0."""

    @classmethod
    def build(cls, folder: Path, documents: Sequence[Document]) -> None:
        """Index documents in a new folder."""

    def __init__(self, folder: Path) -> None: ...

    def replace(self, ids: Sequence[int], documents: Sequence[Document]) -> None:
        """Index other documents under these numbers, so that a search finds them."""

    def search(self, words: Sequence[str]) -> list[int]:
        """The best documents with any of the words, best first."""


class Fts5:
    """SQLite FTS5 without a copy of the text."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "words.db", isolation_level=None)

    @classmethod
    def build(cls, folder: Path, documents: Sequence[Document]) -> None:
        index = cls(folder)
        index._database.execute("PRAGMA journal_mode = WAL")
        index._database.execute("BEGIN")
        index._database.execute(
            f"CREATE VIRTUAL TABLE words USING fts5({', '.join(FIELDS)}, content='', tokenize='unicode61')"
        )
        index._add(range(len(documents)), documents)
        index._database.execute("INSERT INTO words(words) VALUES ('optimize')")
        index._database.execute("COMMIT")
        index._database.close()

    def _add(self, ids: Sequence[int], documents: Sequence[Document]) -> None:
        self._database.executemany(
            "INSERT INTO words(rowid, name, path, docstring, body) VALUES (?, ?, ?, ?, ?)",
            ((i, *document) for i, document in zip(ids, documents, strict=True)),
        )

    def replace(self, ids: Sequence[int], documents: Sequence[Document]) -> None:
        self._database.execute("BEGIN")
        # Without a copy of the text, a deletion has to be told what was there.
        self._database.executemany(
            "INSERT INTO words(words, rowid, name, path, docstring, body) VALUES ('delete', ?, ?, ?, ?, ?)",
            ((i, *document) for i, document in zip(ids, documents, strict=True)),
        )
        self._add(ids, documents)
        self._database.execute("COMMIT")

    def search(self, words: Sequence[str]) -> list[int]:
        match = " OR ".join(f'"{word}"' for word in words)
        rows = self._database.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 100", (match,))
        return [row[0] for row in rows]


class Tantivy:
    """The Rust library behind the ``tantivy`` package."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._library = tantivy
        self._index = tantivy.Index.open(str(folder))
        self._searcher = self._index.searcher()

    @classmethod
    def build(cls, folder: Path, documents: Sequence[Document]) -> None:
        import tantivy

        schema = tantivy.SchemaBuilder().add_unsigned_field("id", indexed=True, fast=True)
        for field in FIELDS:
            schema.add_text_field(field, index_option="freq")
        tantivy.Index(schema.build(), path=str(folder))
        cls(folder)._write((), range(len(documents)), documents)

    def _write(self, gone: Sequence[int], ids: Sequence[int], documents: Sequence[Document]) -> None:
        writer = self._index.writer(64_000_000, 1)
        if gone:
            query = self._library.Query.term_set_query(self._index.schema, "id", list(gone))
            writer.delete_documents_by_query(query)
        for i, words in zip(ids, documents, strict=True):
            document = self._library.Document(**dict(zip(FIELDS, words, strict=True)))
            document.add_unsigned("id", i)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def replace(self, ids: Sequence[int], documents: Sequence[Document]) -> None:
        self._write(ids, ids, documents)

    def search(self, words: Sequence[str]) -> list[int]:
        query, occur = self._library.Query, self._library.Occur
        schema = self._index.schema
        parts = [(occur.Should, query.term_query(schema, field, word, "freq")) for word in words for field in FIELDS]
        hits = self._searcher.search(query.boolean_query(parts), DEPTH, count=False).hits
        return [int(i) for i in self._searcher.fast_field_values("id", [address for _, address in hits])]


class Bm25s:
    """One bm25s index a field, memory-mapped; it cannot be changed, so that a new document means a new index."""

    def __init__(self, folder: Path) -> None:
        import bm25s

        self._folder = folder
        self._fields = [bm25s.BM25.load(folder / field, mmap=True, show_progress=False) for field in FIELDS]
        self._count = self._fields[0].scores["num_docs"]

    @classmethod
    def build(cls, folder: Path, documents: Sequence[Document]) -> None:
        import bm25s

        for field, texts in zip(FIELDS, zip(*documents, strict=True), strict=True):
            index = bm25s.BM25(k1=K1, b=B, method="lucene")
            index.index([text.split() for text in texts], show_progress=False)
            index.save(folder / field, show_progress=False)
        (folder / "documents.json").write_text(json.dumps(documents), "utf-8")

    def replace(self, ids: Sequence[int], documents: Sequence[Document]) -> None:
        every = json.loads((self._folder / "documents.json").read_text("utf-8"))
        for i, document in zip(ids, documents, strict=True):
            every[i] = document
        self.build(self._folder, every)
        self.__init__(self._folder)  # type: ignore[misc]

    def search(self, words: Sequence[str]) -> list[int]:
        import numpy as np

        known = [(index, [word for word in words if word in index.vocab_dict]) for index in self._fields]
        scores = sum((index.get_scores(some) for index, some in known if some), np.zeros(self._count, np.float32))
        best = np.argpartition(-scores, min(DEPTH, len(scores) - 1))[:DEPTH]
        return best[np.argsort(-scores[best], kind="stable")].tolist()  # type: ignore[no-any-return]


CANDIDATES: dict[str, type[Any]] = {"SQLite FTS5": Fts5, "tantivy": Tantivy, "bm25s": Bm25s}


class PlainBm25:
    """BM25 as it is written down (Robertson and Zaragoza, 2009, with Lucene's idf), summed over the fields."""

    def __init__(self, documents: Sequence[Document]) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self._fields = []
        for texts in zip(*documents, strict=True):
            vocabulary: dict[str, int] = {}
            rows = [[vocabulary.setdefault(word, len(vocabulary)) for word in text.split()] for text in texts]
            columns = np.fromiter((i for row in rows for i in row), np.int64)
            ends = np.cumsum([0, *map(len, rows)])
            counts = csr_matrix((np.ones(len(columns)), columns, ends), (len(rows), len(vocabulary)))
            counts.sum_duplicates()
            self._fields.append((vocabulary, counts.tocsc(), np.diff(ends)))

    def search(self, words: Sequence[str]) -> list[int]:
        import numpy as np

        scores = np.zeros(self._fields[0][1].shape[0])
        for vocabulary, counts, lengths in self._fields:
            norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1e-9))
            for word in words:
                if word in vocabulary:
                    column = counts[:, [vocabulary[word]]]
                    rows, tf = column.indices, column.data
                    idf = np.log(1 + (len(scores) - len(rows) + 0.5) / (len(rows) + 0.5))
                    scores[rows] += idf * tf / (tf + norm[rows])
        return np.argsort(-scores, kind="stable")[:DEPTH].tolist()  # type: ignore[no-any-return]
