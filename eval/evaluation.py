"""One task with one system: read, rank, measure, and hand each collection's outcome on before the next is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from eval.bm25 import stems, words
from eval.fusion import SHARE
from eval.intervals import Estimate, estimate
from eval.measures import PerQuery, check, first_ranks, per_query, runs
from eval.progress import Track, silently
from eval.ranker import DEPTH, Ranker
from eval.ranking import Ranking
from eval.report import Lengths, PartResult, Report, rank_histogram
from eval.retrieval import Retrieval, sampled
from eval.system import System
from eval.tasks.task import Source, Task
from eval.vector_cache import VectorCache

RANKED_WHOLE = 2_000_000
RECALL_AT = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Options:
    """How to evaluate, apart from what."""

    depth: int | None = None
    """Documents kept for each query; what lies deeper counts as not found. None is all of a small collection
    (at most ``RANKED_WHOLE`` pairs of query and document) and 1,000 of a larger one."""
    limit: int | None = None
    """Only so many queries of each collection, drawn with ``seed``."""
    seed: int = 0
    measures: tuple[str, ...] = ()
    """In the notation of ir_measures; empty is the task's own."""
    command: str = ""


@dataclass(frozen=True)
class Outcome:
    """All of one collection: for run files, plots and pages."""

    retrieval: Retrieval
    ranking: Ranking
    values: PerQuery
    ranks: list[int | None]


@runtime_checkable
class CountsTruncated(Protocol):
    """An encoder that can say which texts it does not read to their end."""

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """Return how many of the texts are longer than what is read of one."""


def evaluate(
    task: Task,
    source: Source,
    system: System,
    cache: VectorCache,
    options: Options = Options(),
    track: Track = silently,
    keep: Callable[[Outcome], object] = lambda outcome: None,
) -> Report:
    """Run the whole task; ``keep`` is called with each collection's outcome as soon as it is there.

    Raises :class:`eval.errors.DataError` for data that cannot be used.
    """
    measures = options.measures or task.measures
    check(measures)
    ranker = Ranker(system, cache, track=track)
    parts: list[PartResult] = []
    tables: list[NDArray[np.float64]] = []
    for collection in task.read(source):
        retrieval = sampled(collection, options.limit, options.seed)
        ranker.depth = options.depth or default_depth(retrieval)
        ranking = ranker.rank(retrieval)
        curve = [f"R@{k}" for k in RECALL_AT if k <= ranker.depth]
        values = per_query([*dict.fromkeys([*measures, *curve])], retrieval.qrels, runs(retrieval, ranking))
        ranks = first_ranks(retrieval, ranking)
        table = np.array([[values[m][query.id] for m in measures] for query in retrieval.queries])
        tables.append(table)
        parts.append(
            PartResult(
                name=retrieval.name,
                language=retrieval.language,
                queries=len(retrieval.queries),
                documents=len(retrieval.documents),
                depth=min(ranker.depth, len(retrieval.documents)),
                checksum=retrieval.checksum(),
                counts=dict(retrieval.counts + ranker.counts),
                measures=dict(zip(measures, estimate([table]), strict=True)),
                recall_at={int(name[2:]): float(np.mean([*values[name].values()])) for name in curve},
                ranks=rank_histogram(ranks),
                lengths=lengths(retrieval, system),
            )
        )
        keep(Outcome(retrieval, ranking, values, ranks))
    return Report(
        task=task.name,
        meaning=task.meaning,
        version=task.version,
        paper=task.paper,
        protocol=source.protocol or task.protocols[0],
        split=source.split or task.splits[0],
        text=source.text or task.texts[0],
        system=describe(system),
        measures=overall(measures, tables),
        parts=parts,
        speed=ranker.speed,
        limit=options.limit,
        seed=options.seed,
        command=options.command,
    )


def default_depth(retrieval: Retrieval) -> int:
    """Return how many documents are kept for each query when nobody says."""
    pairs = len(retrieval.queries) * len(retrieval.documents)
    return len(retrieval.documents) if pairs <= RANKED_WHOLE else DEPTH


def overall(measures: Sequence[str], tables: Sequence[NDArray[np.float64]]) -> dict[str, Estimate]:
    """Return the mean over collections of each measure, with its interval."""
    return dict(zip(measures, estimate(tables), strict=True))


def describe(system: System) -> dict[str, Any]:
    """Return what the ranking depends on, for the report."""
    encoder, matcher = system.encoder, system.matcher
    return {
        "name": system.name,
        "encoder": encoder.name if encoder else None,
        "dimensions": encoder.dim if encoder else None,
        "max_tokens": encoder.max_tokens if encoder else None,
        "bm25_words": system.bm25_words if system.bm25 else None,
        "matching_head": matcher.name if matcher else None,
        "rerank_depth": system.rerank_depth if matcher else None,
        "score": "matching logit + cosine" if matcher and encoder else "matching logit" if matcher else None,
        "fusion": f"meaning + {SHARE} words, each scaled to 0..1" if encoder and system.bm25 else None,
    }


def lengths(retrieval: Retrieval, system: System) -> dict[str, Lengths]:
    """Return how long queries and functions are and how many the system cuts off."""
    return {
        "query": _lengths([query.text for query in retrieval.queries], system, are_queries=True),
        "code": _lengths([document.text for document in retrieval.documents], system, are_queries=False),
    }


def _lengths(texts: Sequence[str], system: System, *, are_queries: bool) -> Lengths:
    characters = [len(text) for text in texts]
    limits, read, uncounted = [], texts, False
    if system.bm25 and system.bm25_words and not are_queries:
        split, unit = (stems, "stems") if system.encoder else (words, "words")
        limits.append(f"{system.bm25_words} {unit}")
        read = [text for text in texts if len(split(text)) <= system.bm25_words]
    cut = len(texts) - len(read)
    if system.encoder is not None and system.encoder.max_tokens:
        limits.append(f"{system.encoder.max_tokens} tokens of the encoder")
        if isinstance(system.encoder, CountsTruncated):
            cut += system.encoder.count_truncated(read, are_queries=are_queries)
        else:
            uncounted = True
    return Lengths(
        texts=len(texts),
        mean_characters=sum(characters) / len(texts),
        longest_characters=max(characters),
        limit=" and ".join(limits) or "everything",
        truncated=None if uncounted else cut,
    )
