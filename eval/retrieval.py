"""What every text-to-code benchmark comes down to: queries, candidate functions and relevance judgements."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import quote

from eval.errors import DataError

Qrels = dict[str, dict[str, int]]
"""Query id to document id to relevance; above 0 is relevant."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question in plain words. ``where`` is the file and line it was read from."""

    id: str
    text: str
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One candidate: a function as the encoder gets it. ``where`` is the file and line it was read from."""

    id: str
    text: str
    where: str = field(default="", compare=False)


Item = TypeVar("Item", Query, Document)


@dataclass(frozen=True, slots=True)
class Pool:
    """A group of queries that is ranked against some of the documents only; both are positions."""

    queries: tuple[int, ...]
    documents: tuple[int, ...]


@dataclass(frozen=True)
class Retrieval:
    """One collection to search, with its queries and the right answers.

    ``pools`` is empty when every query is ranked against every document. ``counts`` says what was left out
    or merged while reading, in words, so that a report can show it.
    """

    name: str
    queries: list[Query]
    documents: list[Document]
    qrels: Qrels
    language: str = ""
    pools: tuple[Pool, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)

    def groups(self) -> tuple[Pool, ...]:
        """Return the pools; a single one of everything when there are none."""
        everything = Pool(tuple(range(len(self.queries))), tuple(range(len(self.documents))))
        return self.pools or (everything,)

    def rearranged(self, order: Sequence[int]) -> Retrieval:
        """Return the same with the documents in another order: ``order`` holds their old positions."""
        new_position = {old: new for new, old in enumerate(order)}
        pools = tuple(Pool(p.queries, tuple(sorted(new_position[d] for d in p.documents))) for p in self.pools)
        return replace(self, documents=[self.documents[old] for old in order], pools=pools)

    def checksum(self) -> str:
        """SHA-256 over queries, documents, judgements and pools: equal for equal data in any file format."""
        digest = hashlib.sha256()
        for kind, items in (("q", self.queries), ("d", self.documents)):
            for item in items:
                for part in (kind, item.id, item.text):
                    data = part.encode("utf-8", "surrogatepass")
                    digest.update(len(data).to_bytes(8, "big") + data)
        for query in self.queries:
            digest.update(repr(sorted(self.qrels[query.id].items())).encode())
        for pool in self.pools:
            digest.update(repr(pool).encode())
        return digest.hexdigest()


def checked(retrieval: Retrieval, skip_damaged: bool = False) -> Retrieval:
    """Return the data fit to be measured: repeated ids merged, queries that nothing answers left out, all counted.

    Half of a surrogate pair, which JSON can hold and no file, becomes a question mark.

    Raises :class:`DataError` for one id with two texts (with ``skip_damaged`` the first is kept and the others
    are counted), and when no query or no document is left.
    """
    counts = Counter(retrieval.counts)
    queries = _merged(_writable(retrieval.queries, "query", counts), "query", counts, skip_damaged)
    documents = _merged(_writable(retrieval.documents, "document", counts), "document", counts, skip_damaged)
    asked = {one_word(query): judged for query, judged in retrieval.qrels.items()}
    known = {document.id for document in documents}
    qrels: Qrels = {}
    answered = []
    for query in queries:
        judged = {one_word(document): relevance for document, relevance in asked.get(query.id, {}).items()}
        present = {document: relevance for document, relevance in judged.items() if document in known}
        counts["judgements of documents that are not in the collection"] += len(judged) - len(present)
        if not query.text.strip():
            counts["queries left out: empty text"] += 1
        elif not any(relevance > 0 for relevance in present.values()):
            counts["queries left out: no relevant document in the collection"] += 1
        else:
            qrels[query.id] = present
            answered.append(query)
    counts["documents with empty text"] += sum(not document.text.strip() for document in documents)
    if not documents:
        raise DataError(f"{retrieval.name}: there are no documents to search; check the data folder and the split")
    if not answered:
        raise DataError(f"{retrieval.name}: no query has an answer in the collection; check the data and the split")
    return replace(retrieval, queries=answered, documents=documents, qrels=qrels, counts=+counts)


def one_word(identifier: str) -> str:
    """Return an id without white space, which separates the fields of TREC files, as a URL would write it."""
    identifier = _utf8(identifier)
    return identifier if not any(map(str.isspace, identifier)) else quote(identifier, safe=":/#%?=&")


def _utf8(text: str) -> str:
    """Return the text with a question mark for every half of a surrogate pair, which UTF-8 does not have."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _writable(items: Sequence[Item], what: str, counts: Counter[str]) -> list[Item]:
    found = [replace(item, id=one_word(item.id), text=_utf8(item.text)) for item in items]
    halved = [item for item in items if _utf8(item.id) != item.id or _utf8(item.text) != item.text]
    counts[f"{what} ids or texts with half of a surrogate pair, replaced"] += len(halved)
    return found


def _merged(items: Sequence[Item], what: str, counts: Counter[str], skip_damaged: bool) -> list[Item]:
    seen: dict[str, Item] = {}
    for item in items:
        if item.id not in seen:
            seen[item.id] = item
        elif seen[item.id] == item:
            counts[f"{what} ids given twice with the same text, merged"] += 1
        elif skip_damaged:
            counts[f"{what} ids given twice with different texts, the first kept"] += 1
        else:
            raise DataError(
                f"{item.where or what}: the {what} id {item.id!r} was given before with another text"
                f"{' (' + seen[item.id].where + ')' if item.where else ''}; make ids unique, or keep the first and "
                "count the others with --skip-damaged"
            )
    return list(seen.values())


def sampled(retrieval: Retrieval, limit: int | None, seed: int) -> Retrieval:
    """Keep ``limit`` queries drawn with ``seed``, and every document, so that a sample is as hard as the whole."""
    if limit is None or limit >= len(retrieval.queries):
        return retrieval
    if limit < 1:
        raise DataError(f"a sample needs at least one query, not {limit}; give --limit 1 or more")
    kept = sorted(random.Random(seed).sample(range(len(retrieval.queries)), limit))
    new_position = {old: new for new, old in enumerate(kept)}
    pools = tuple(
        Pool(tuple(new_position[q] for q in pool.queries if q in new_position), pool.documents)
        for pool in retrieval.pools
    )
    queries = [retrieval.queries[position] for position in kept]
    return replace(
        retrieval,
        queries=queries,
        qrels={query.id: retrieval.qrels[query.id] for query in queries},
        pools=tuple(pool for pool in pools if pool.queries),
        counts=retrieval.counts + Counter({"queries left out by --limit": len(retrieval.queries) - limit}),
    )
