"""The search engine: an index of one root that is kept fresh and answers queries."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from codesearch import ranking
from codesearch.candidates import Candidates, CandidateSearch
from codesearch.coverage import Coverage, passes_over
from codesearch.errors import CodesearchError
from codesearch.hit import Hit
from codesearch.query import Query, language_name, parse
from codesearch.reranking import reranked
from codesearch.restrict import allowed_ids, normal_path
from codesearch.settings import remembered
from codesearch.similar import similar_functions
from codesearch.target import Target, resolve
from indexer.crawl import CrawlOptions
from indexer.errors import StoreError
from indexer.mend import is_stamped, open_or_mend, stamp, was_tampered_with
from indexer.progress import Progress
from indexer.records import EXTRACTION_VERSION
from indexer.refresh import Changes, Report, changes, refresh
from indexer.skip import Skipped
from indexer.store import DATABASE, Store
from indexer.vectors import VectorIndex
from indexer.words import WordIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from codesearch.encoders.protocol import Encoder
    from codesearch.matching.protocol import Matcher

CANDIDATES = 80
"""How many functions each of words and vectors bring to the ranking."""
_BEGINNING_SECONDS = 2.0
"""How long a search waits for an index that another process has just begun."""


class CodeIndex:
    """An open index; use as a context manager, or call ``close``."""

    def __init__(self, target: Target, store: Store, encoder: Encoder, notes: Sequence[str] = ()) -> None:
        self.target = target
        self.store = store
        self.encoder = encoder
        self.notes = list(notes)
        """Lines that the user should see: what was mended, what is not covered."""
        self.report: Report | None = None
        """What the run that brought the index up to date did; None when nothing had changed."""
        self.skipped = Skipped()
        """What was passed over when the files were last looked at; nothing where they were not."""
        self._words = WordIndex(store.folder)
        self._vectors = VectorIndex(store, encoder.name, encoder.dim)
        self._matchers: dict[str, Matcher] = {}
        self._candidates = CandidateSearch(store, self._words, self._vectors, encoder)
        with store.reading():
            self._vectors.load()

    @classmethod
    def build(
        cls,
        source: str | Path,
        *,
        encoder: str | Encoder | None = None,
        ref: str | None = None,
        exclude: Sequence[str] | None = None,
        max_file_size: int | None = None,
        index_dir: str | Path | None = None,
        update: bool = True,
        wait: bool = True,
        enclosing: bool = False,
        rebuild: bool = False,
        progress: Progress | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> CodeIndex:
        """Index a folder, a file or a git URL, or bring its index up to date, and open it.

        Args:
            source: What to index.
            encoder: A name that ``load_encoder`` knows, or an encoder; this and the next two are by default what the
                index was made with.
            ref: Branch, tag or commit of a URL.
            exclude: Patterns in gitignore syntax; by default none at first.
            max_file_size: Larger files are skipped, in bytes; by default 1,000,000 at first.
            index_dir: Holds the indexes instead of the user's cache folder.
            update: Whether a URL that was cloned before is fetched again.
            wait: Whether to wait for another process that is indexing the same root; if not, what it has committed
                is searched.
            enclosing: Whether the index of a folder above is used where there is one.
            rebuild: Whether to read every file again; vectors are kept.
            progress: Is told of long work.
            tell: Is given lines about long work that has no measure.

        Raises:
            CodesearchError, IndexerError: with one line that says what is wrong.
        """

        def brought_up_to_date(target: Target) -> CodeIndex:
            return cls._brought_up_to_date(target, encoder, exclude, max_file_size, wait, rebuild, progress, tell)

        target = resolve(source, ref=ref, index_dir=index_dir, update=update, enclosing=enclosing, tell=tell)
        index = brought_up_to_date(target)
        if enclosing and passes_over(index.store, target.under):
            # The user points at what the index of a folder above leaves out: a worktree, a file that git ignores.
            index.close()
            index = brought_up_to_date(resolve(source, index_dir=index_dir, enclosing=False))
        return index

    @classmethod
    def _brought_up_to_date(
        cls,
        target: Target,
        encoder: str | Encoder | None,
        exclude: Sequence[str] | None,
        max_file_size: int | None,
        wait: bool,
        rebuild: bool,
        progress: Progress | None,
        tell: Callable[[str], None] | None,
    ) -> CodeIndex:
        known = remembered(target.folder)
        settings = known.changed(encoder if isinstance(encoder, str) else None, exclude, max_file_size)
        loaded = _load(settings.encoder if encoder is None else encoder)
        options = CrawlOptions(settings.exclude, settings.max_file_size)
        planned = None
        try:
            # Other settings are to be remembered even where they change nothing yet.
            found = None if rebuild or settings != known else cls._open_fresh(target, loaded, options)
            if isinstance(found, CodeIndex):
                return found
            planned = found
        except StoreError:
            rebuild = True  # it looks untouched, but cannot be read
        from filelock import FileLock, Timeout

        lock = FileLock(target.folder / "index.lock")
        try:
            target.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            if not wait:
                return cls._open_while_busy(target, loaded)
            if tell:
                tell("waiting for another process that is indexing this")
            lock.acquire()
        except OSError as error:
            hint = "" if planned is None else "; `codesearch search --no-refresh` answers from it as it is"
            raise StoreError(f"cannot write the index in {target.folder}: {error.strerror or error}{hint}") from error
        try:
            if not is_stamped(target.folder):
                planned = None  # a run that began meanwhile was stopped: what is to be read is not known any more
            store, note = open_or_mend(target.folder, anew=rebuild)
            with store.closed_on_error():
                with store.reading():
                    # Until everything is encoded anew, the index is searched with the encoder it has.
                    before = remembered(target.folder).encoder
                    kept = settings if store.meta("encoder") is None else replace(settings, encoder=before)
                    kept.remember(store)
                    report = refresh(store, target.repository, target.root, loaded, options, progress, planned)
                    settings.remember(store)
                if kept != settings:
                    report.notes.append(
                        f"searched with the encoder {settings.encoder} from now on; --encoder {kept.encoder} goes back"
                    )
                stamp(store)
                index = cls(target, store, loaded, [*([note] if note else []), *report.notes])
        finally:
            lock.release()
        index.report, index.skipped = report, report.skipped
        return index

    @classmethod
    def open(
        cls,
        source: str | Path,
        *,
        encoder: str | Encoder | None = None,
        ref: str | None = None,
        index_dir: str | Path | None = None,
    ) -> CodeIndex:
        """Open an index as it is, without looking at the files or fetching a URL.

        Raises:
            StoreError: there is none, it is damaged, or it passes over what is named.
            CodesearchError: another encoder made it.
        """
        target = resolve(source, ref=ref, index_dir=index_dir, clone=False)
        if was_tampered_with(target.folder):
            raise StoreError(f"the index in {target.folder} is damaged or was copied: run `codesearch index` first")
        store = Store.open(target.folder)
        with store.closed_on_error():
            loaded = _load(remembered(target.folder).encoder if encoder is None else encoder)
            with store.reading():
                made_with, made_by = store.meta("encoder"), store.meta("extraction")
            if made_by not in (None, EXTRACTION_VERSION):
                raise StoreError(f"another version made the index in {target.folder}: run `codesearch index` first")
            if made_with and made_with != loaded.name:
                raise CodesearchError(
                    f"this index was made with the encoder {made_with}, not {loaded.name}: "
                    "search with the same --encoder, or index again with this one"
                )
            index = cls(target, store, loaded)
            if not is_stamped(target.folder):
                index.notes.append(index.coverage().note("indexing is not complete"))
            elif not index._is_whole():
                raise StoreError(f"the index in {target.folder} is damaged: run `codesearch index` first")
            if passes_over(store, target.under):
                raise StoreError(f"the index of {target.root} passes over {source}: run `codesearch index` there first")
        return index

    def _is_whole(self) -> bool:
        """Whether words and vectors are on disk as the last run left them."""
        with self.store.reading():
            return self._words.is_whole(self.store) and self._vectors.is_whole

    @classmethod
    def _open_fresh(cls, target: Target, encoder: Encoder, options: CrawlOptions) -> CodeIndex | Changes | None:
        """The index, if nothing changed since it was completed; what changed; None if it needs more than that."""
        if not is_stamped(target.folder):
            return None
        store = Store.open(target.folder)
        with store.closed_on_error():
            with store.reading():
                changed = changes(store, target.root, options) if store.meta("encoder") == encoder.name else None
            if changed is not None and not changed:
                index = cls(target, store, encoder)
                index.skipped = changed.skipped
                if index._is_whole():
                    return index
        store.close()
        return changed

    @classmethod
    def _open_while_busy(cls, target: Target, encoder: Encoder) -> CodeIndex:
        deadline = time.monotonic() + _BEGINNING_SECONDS
        while True:
            try:
                store = Store.open(target.folder)
                with store.closed_on_error():
                    index = cls(target, store, encoder)
                    if index.coverage().finds_something:
                        break
                store.close()
            except StoreError as error:
                if error.__cause__ is None and os.path.exists(target.folder / DATABASE):  # noqa: PTH110
                    raise  # another version wrote it
            if time.monotonic() > deadline:
                raise CodesearchError("another process has just begun to index this: try again in a moment")
            time.sleep(0.1)
        index.notes.append(index.coverage().note("another process is indexing"))
        return index

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def __enter__(self) -> CodeIndex:
        """Give the index itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()

    def coverage(self) -> Coverage:
        """How much can be found before indexing is complete."""
        words = self._words.count if self._candidates.has_words else None
        return Coverage.of(self.store, self._vectors.encoder_id, words)

    # Searching

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        rerank: bool | str | Matcher = False,
        language: str | None = None,
        under: str | None = None,
    ) -> list[Hit]:
        """The ``k`` functions that answer a query best, best first.

        Args:
            query: Plain words, a symbol, or both, with filters (see ``codesearch.query``).
            k: How many to return at most.
            rerank: Whether a matching head reads the best; the shipped one, or a name, or a loaded one.
            language: Only functions in this language.
            under: Only functions below this folder or file, a path relative to the root.

        Raises:
            CodesearchError: the query is empty, a filter is not understood, ``under`` leads out of the root, or the
                matching head cannot be loaded.
        """
        parsed = parse(query)
        if not parsed.text and not parsed.filters and not language:
            raise CodesearchError("the query is empty: say what the code does, name a symbol, or filter, as in lang:go")
        matcher = None
        if rerank and parsed.text and not parsed.is_symbol:  # what a symbol names is no matter of meaning
            matcher = self._matcher("default" if rerank is True else rerank)
        with self.store.reading():
            return self._search(parsed, k, matcher, language_name(language) if language else None, under)

    def _search(
        self, parsed: Query, k: int, matcher: Matcher | None, language: str | None, under: str | None
    ) -> list[Hit]:
        below = self.target.under if under is None else normal_path(under)
        allowed = allowed_ids(self.store, self.target.repository, parsed.filters, below, language)
        k = self._at_most(k)
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        if not parsed.text:
            return self._listed(allowed, k)
        ranked = self._ranked(parsed, CANDIDATES, allowed, k, matcher)
        if len(ranked) < k and k > CANDIDATES:
            # Candidates are weighed against each other, so more of them would change the order of the first.
            further = self._ranked(parsed, 3 * k, allowed, k + len(ranked), None)
            lowest = min(ranked.values(), default=0.0)
            ranked |= {i: min(score, lowest) for i, score in further.items() if i not in ranked}
        return self._hits(list(islice(ranked.items(), k)))

    def _ranked(
        self, query: Query, depth: int, allowed: NDArray[np.int64] | None, k: int, matcher: Matcher | None
    ) -> dict[int, float]:
        """The ``k`` best of the candidates, best first, with their scores."""
        found = self.candidates(query, depth, allowed)
        how = ranking.load_ranking()
        scores = how.scores(found.features, query.is_symbol)
        if matcher:
            scores = reranked(self.store, matcher, query.text, found.ids, scores)
        chosen = ranking.spread(scores, found.files.tolist(), k, how.repeat)
        return {int(found.ids[i]): score for i, score in chosen}

    def similar(self, path: str, line: int, k: int = 10) -> list[Hit]:
        """Functions like the one at a line of a file of the root, that one left out.

        Raises:
            CodesearchError: the file is not indexed, or has no function at this line.
        """
        with self.store.reading():
            allowed = allowed_ids(self.store, self.target.repository, (), self.target.under)
            return self._hits(similar_functions(self.store, self._vectors, path, line, self._at_most(k), allowed))

    def _at_most(self, k: int) -> int:
        """No more than there are: words and vectors make room for as many as they are asked for."""
        return k if k <= CANDIDATES else min(k, self.store.count("functions"))

    def candidates(self, query: Query, depth: int = CANDIDATES, allowed: NDArray[np.int64] | None = None) -> Candidates:
        """What words, vectors and symbols bring, with their ranking features."""
        return self._candidates.of(query, depth, allowed)

    def _matcher(self, named: str | Matcher) -> Matcher:
        """A matching head, by its name loaded once."""
        if not isinstance(named, str):
            return named
        if named not in self._matchers:
            from codesearch.matching.load import load_matcher

            self._matchers[named] = load_matcher(named)
        return self._matchers[named]

    def _listed(self, allowed: NDArray[np.int64] | None, k: int) -> list[Hit]:
        """Filters without words list what they let through, in the order of the files."""
        if allowed is None:
            return []
        permitted = set(allowed.tolist())
        ids = (i for i in self.store.ids_by_path() if i in permitted)
        return self._hits([(i, 0.0) for i in islice(ids, k)])

    def _hits(self, ranked: Sequence[tuple[int, float]]) -> list[Hit]:
        """Hits of function ids and scores; those that another run has deleted since are left out."""
        rows = self.store.function_rows([i for i, _ in ranked])
        present = [(rows[i], score) for i, score in ranked if i in rows]
        repository = self.target.repository.name
        return [Hit.of(row, rank, score, repository) for rank, (row, score) in enumerate(present, 1)]


def _load(encoder: str | Encoder) -> Encoder:
    if isinstance(encoder, str):
        from codesearch.encoders.load import load_encoder

        return load_encoder(encoder)
    return encoder
