"""Measures, computed by ir_measures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eval.errors import EvalError
from eval.ranking import Ranking
from eval.retrieval import Qrels, Retrieval
from indexer.errors import first_line

if TYPE_CHECKING:
    from ir_measures.measures import Measure

Run = dict[str, dict[str, float]]
"""Query id to document id to score."""

PerQuery = dict[str, dict[str, float]]
"""Measure to query id to value."""

QUERIES_AT_ONCE = 500


def runs(retrieval: Retrieval, ranking: Ranking) -> Iterator[Run]:
    """Yield the ranking as runs of a few hundred queries each: as Python objects all of it would not fit in memory."""
    ids = [document.id for document in retrieval.documents]
    for start in range(0, len(retrieval.queries), QUERIES_AT_ONCE):
        run: Run = {}
        for row in range(start, min(start + QUERIES_AT_ONCE, len(retrieval.queries))):
            found = ranking.documents[row] >= 0
            documents = ranking.documents[row][found].tolist()
            scores = ranking.scores[row][found].tolist()
            run[retrieval.queries[row].id] = {ids[d]: score for d, score in zip(documents, scores, strict=True)}
        yield run


def per_query(measures: Sequence[str], qrels: Qrels, parts: Iterable[Run]) -> PerQuery:
    """Return every measure of every query; measures are in the notation of ir_measures (``RR``, ``nDCG@10``).

    A query that a run gives nothing for counts as 0.
    """
    import ir_measures

    names = _names_by_measure(measures)
    values: PerQuery = defaultdict(dict)
    for run in parts:
        judged = {query: qrels[query] for query in run if query in qrels}
        asked = {query: documents for query, documents in run.items() if query in judged}
        for name in measures:
            values[name].update((query, 0.0) for query in judged)
        for metric in ir_measures.iter_calc(list(names), judged, asked):
            for name in names[metric.measure]:
                values[name][metric.query_id] = float(metric.value)
    return dict(values)


def check(measures: Sequence[str]) -> None:
    """Raise EvalError for a measure that cannot be computed, before there is anything to measure."""
    for name in measures:
        _check_one(name)


def _check_one(name: str) -> None:
    try:
        per_query([name], {"query": {"document": 1}}, [{"query": {"document": 1.0}}])
    except EvalError:
        raise
    except Exception as error:  # a provider does not say what it lacks: it divides by it, or asserts it
        reason = first_line(error).rstrip(".")
        raise EvalError(f"--measure: {name} cannot be computed ({reason}); take others") from error


def _names_by_measure(names: Sequence[str]) -> dict[Measure, list[str]]:
    """Parsed measures with what they are called; one may have several names, such as RR and MRR."""
    import ir_measures

    parsed: defaultdict[Measure, list[str]] = defaultdict(list)
    for name in names:
        try:
            measure = ir_measures.parse_measure(name)
            measure.validate_params()
        except AssertionError as error:
            wrong = str(error).partition("=")[0]
            raise EvalError(f"--measure: {name} lacks a parameter or has a wrong one ({wrong}); take others") from error
        except (NameError, ValueError, TypeError, SyntaxError) as error:
            raise EvalError(f"--measure: {error}; write it as ir_measures does, for instance nDCG@10") from error
        if measure.params.get("cutoff", 1) < 1:
            raise EvalError(f"--measure: {name} looks at no result; its number must be 1 or more")
        if ir_measures.providers.registry["gdeval"].supports(measure):
            raise EvalError(f"--measure: {name} is computed by gdeval, whose query ids are numbers; take others")
        parsed[measure].append(name)
    return parsed


def first_ranks(retrieval: Retrieval, ranking: Ranking) -> list[int | None]:
    """Return for each query the rank, from 1, of its first relevant document; None when it is not in the ranking."""
    position = {document.id: place for place, document in enumerate(retrieval.documents)}
    ranks: list[int | None] = []
    for row, query in enumerate(retrieval.queries):
        relevant = [position[doc] for doc, relevance in retrieval.qrels[query.id].items() if relevance > 0]
        hits = np.flatnonzero(np.isin(ranking.documents[row], relevant))
        ranks.append(int(hits[0]) + 1 if len(hits) else None)
    return ranks
