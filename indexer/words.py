"""The word index: BM25 over fields, by tantivy; derived from the store and rebuilt from it when in doubt."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tantivy

from indexer.errors import StoreError, first_line
from indexer.progress import Progress, Silent
from indexer.seal import holds, seal, sealed_names
from indexer.split import WordSplitter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.store import Store

_NAME = "words"
_BATCH = 2000
_HEAP_BYTES = 64_000_000
_THREADS = 1

# Deleted functions still count in BM25's statistics, so with many of them the index is built anew.
_REBUILD_WHEN_GONE = 0.2
_ALWAYS_BEARABLE = 100

FIELDS = ("name", "path", "docstring", "body")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_text_field("symbol", tokenizer_name="raw", index_option="basic")
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="en_stem", index_option="freq")
    return builder.build()


class WordIndex:
    """The words of every function, to be searched by BM25 or by exact symbol.

    It may hold functions that the store has no more: ids are never reused, so whoever reads the store drops them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / _NAME
        self._damaged = f"the word index in {folder} is damaged, run `codesearch index --rebuild`"

    @cached_property
    def _index(self) -> tantivy.Index:
        # tantivy takes a lock to read, for which it must write.
        writable = os.access(self.folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
        return tantivy.Index.open(str(self.folder if writable or not self.folder.exists() else self._linked()))

    def _linked(self) -> Path:
        """A folder that can be written and has links to the files of one that cannot."""
        self._links = tempfile.TemporaryDirectory(prefix="codesearch-")  # is deleted with this object
        folder = Path(self._links.name)
        for path in self.folder.iterdir():
            if not path.name.startswith("."):
                (folder / path.name).symlink_to(path.absolute())
        return folder

    @cached_property
    def _searcher(self) -> tantivy.Searcher:
        return self._index.searcher()

    def update(self, store: Store, progress: Progress | None = None) -> bool:
        """Add every function that the store got since the last update, or all of them when in doubt.

        Returns whether the index on disk was damaged or unfinished. Killed before its commit, an update has changed
        nothing; killed between commit and record, the seal does not hold and the next one builds the index anew.
        """
        derived = store.derived(_NAME)
        is_damaged = derived is not None and not self._is_as_recorded(derived[2])
        last_id, added = (0, 0) if derived is None or is_damaged else derived[:2]
        gone = store.gone(_NAME, last_id)
        if not gone and not store.count_after(last_id):
            if is_damaged:  # and there is no function to build it from
                with store.transaction():
                    store.drop_derived(_NAME)
            return is_damaged
        if last_id and added - self.count + len(gone) > max(_ALWAYS_BEARABLE, added * _REBUILD_WHEN_GONE):
            last_id, added = 0, 0
        self._forget_open()
        with _errors_in_one_line(f"cannot write the word index in {self.folder}"):
            if last_id == 0:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir(parents=True, exist_ok=True)
            elif derived is not None:
                self._drop_leftovers(derived[2])
            index = tantivy.Index(_schema(), path=str(self.folder))
            writer = index.writer(_HEAP_BYTES, _THREADS)
            if last_id and gone:
                writer.delete_documents_by_query(tantivy.Query.term_set_query(_schema(), "id", gone))
            splitter = WordSplitter()
            progress = progress or Silent()
            progress.stage("words", store.count_after(last_id))
            while rows := store.functions_after(last_id, _BATCH):
                for row in rows:
                    writer.add_document(_document(splitter, row))
                last_id = rows[-1][0]
                added += len(rows)
                progress.advance(len(rows))
            writer.commit()
            writer.wait_merging_threads()
            kept = derived[2] if derived is not None and not is_damaged else "{}"
            sealed = seal((path for path in self.folder.iterdir() if not path.name.startswith(".")), kept)
        with store.transaction():
            store.set_derived(_NAME, last_id, added, sealed)
            store.forget_gone(_NAME)
        return is_damaged

    def _forget_open(self) -> None:
        for cached in ("_index", "_searcher", "count"):
            self.__dict__.pop(cached, None)

    def _drop_leftovers(self, sealed: str) -> None:
        """Delete files of an update that was killed before its commit, over which the next one would stumble."""
        for path in self.folder.iterdir():
            if not path.name.startswith(".") and path.name not in sealed_names(sealed):
                path.unlink()

    def _is_as_recorded(self, sealed: str) -> bool:
        return holds(self.folder, sealed) and self.can_be_searched()

    def can_be_searched(self) -> bool:
        """Whether there is an index on disk that opens; an update under way leaves the last commit open to readers."""
        try:
            with _errors_in_one_line("cannot read the word index"):
                return bool(self._searcher.num_docs >= 0)
        except StoreError:
            return False

    def is_whole(self, store: Store) -> bool:
        """Whether the files are the ones that the last update wrote, up to the newest function, and open."""
        derived = store.derived(_NAME)
        if derived is None:
            return not store.last_id()
        return not store.count_after(derived[0]) and self._is_as_recorded(derived[2])

    @cached_property
    def count(self) -> int:
        """Number of functions."""
        with _errors_in_one_line(self._damaged):
            return int(self._searcher.num_docs)

    def frequency(self, term: str) -> int:
        """Number of functions that have a stemmed word in their source."""
        with _errors_in_one_line(self._damaged):
            return int(self._searcher.doc_freq("body", term))

    def search(
        self, terms: Sequence[str], boosts: Sequence[float], k: int, allowed: Sequence[int] | None = None
    ) -> tuple[list[int], list[float]]:
        """Ids and BM25 scores of the ``k`` best functions; a field's scores are multiplied by its boost.

        ``boosts`` go with ``FIELDS``; only ids in ``allowed`` are returned where it is given.
        """
        schema = self._index.schema
        weighted = [
            tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, term, "freq"), boost)
            for term in terms
            for field, boost in zip(FIELDS, boosts, strict=True)
            if boost
        ]
        if not weighted:
            return [], []
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in weighted])
        if allowed is not None:
            only = tantivy.Query.const_score_query(tantivy.Query.term_set_query(schema, "id", list(allowed)), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, only)])
        return self._hits(query, k)

    def defining(self, symbols: Sequence[str], k: int) -> list[int]:
        """Ids of functions whose name or qualified name is one of the symbols, letter case aside."""
        query = tantivy.Query.term_set_query(self._index.schema, "symbol", [symbol.lower() for symbol in symbols])
        return self._hits(query, k)[0]

    def _hits(self, query: tantivy.Query, k: int) -> tuple[list[int], list[float]]:
        with _errors_in_one_line(self._damaged):
            hits = self._searcher.search(query, k, count=False).hits
            ids = self._searcher.fast_field_values("id", [address for _, address in hits])
        return list(map(int, ids)), [score for score, _ in hits]


@contextlib.contextmanager
def _errors_in_one_line(what: str) -> Iterator[None]:
    """Give what tantivy and the disk raise as a StoreError."""
    try:
        yield
    except StoreError:
        raise
    except (ValueError, OSError) as error:
        raise StoreError(f"{what}: {first_line(error)}") from error
    except BaseException as error:
        # Damage that it did not expect makes tantivy panic, which is no Exception and has no class to import.
        if type(error).__name__ != "PanicException":
            raise
        raise StoreError(f"{what}: {first_line(error)}") from None


def _document(splitter: WordSplitter, row: tuple[Any, ...]) -> tantivy.Document:
    function_id, _, path, name, qualified_name, docstring, text = row
    document = tantivy.Document(
        symbol=_symbols(name, qualified_name),
        name=splitter.words(qualified_name),
        path=splitter.words(path),
        docstring=splitter.words(docstring),
        body=splitter.words(text),
    )
    document.add_unsigned("id", function_id)  # as a keyword it would be a signed number, which the field refuses
    return document


def _symbols(name: str, qualified_name: str) -> list[str]:
    """Every dotted ending of the qualified name: ``a.B.c`` is found as ``c``, ``b.c`` and ``a.b.c``."""
    names = qualified_name.lower().split(".")
    return list(dict.fromkeys([name.lower(), *(".".join(names[i:]) for i in range(len(names)))]))
