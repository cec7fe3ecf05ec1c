"""The CodeSearchNet Challenge: 99 queries with functions judged 0 to 3 by people, scored as ``relevanceeval`` does."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.errors import DataError
from eval.records import text_lines

DEPTH = 300
"""``relevanceeval`` reads no more URLs of a query than these."""

HIGHEST_RELEVANCE = 3

Relevance = dict[str, dict[str, float]]
"""Query in lower case to URL to mean relevance over the annotators."""

Predictions = Mapping[str, Sequence[str]]
"""Query in lower case to URLs, best first."""


@dataclass(frozen=True, slots=True)
class ChallengeScore:
    """One query's nDCG: within the annotated functions only, and over everything that was returned."""

    query: str
    within: float
    over_all: float


def read_queries(path: Path) -> list[str]:
    """Read ``queries.csv``: one column named ``query``."""
    return [row["query"] for _, row in _rows(path, ("query",))]


def read_annotations(path: Path) -> dict[str, Relevance]:
    """Read ``annotationStore.csv``; a function judged by several people has the mean of their judgements."""
    judged: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for where, row in _rows(path, ("Language", "Query", "GitHubUrl", "Relevance")):
        relevance = _relevance(row["Relevance"], where)
        judged[row["Language"].lower()][row["Query"].lower()][row["GitHubUrl"]].append(relevance)
    return {
        language: {
            query: {url: sum(values) / len(values) for url, values in urls.items()} for query, urls in queries.items()
        }
        for language, queries in judged.items()
    }


def _relevance(text: str, where: str) -> float:
    try:
        relevance = float(text)
    except ValueError:
        relevance = math.nan
    # nan is not in between either, and the gain of a large one, 2 ** relevance, is no float
    if not 0 <= relevance <= HIGHEST_RELEVANCE:
        raise DataError(f"{where} has the relevance {text!r}, not a number from 0 to {HIGHEST_RELEVANCE}")
    return relevance


def read_predictions(path: Path) -> dict[str, dict[str, list[str]]]:
    """Read a ``model_predictions.csv``: language to query to URLs in the order of the rows, at most ``DEPTH``."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for _, row in _rows(path, ("language", "query", "url")):
        urls = found[row["language"].lower()][row["query"].lower()]
        if len(urls) < DEPTH:
            urls.append(row["url"])
    return {language: dict(queries) for language, queries in found.items()}


def write_predictions(path: Path, predictions: Mapping[str, Predictions]) -> None:
    """Write a file that CodeSearchNet's own ``relevanceeval.py`` reads."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["language", "query", "url"])
        for language, queries in predictions.items():
            writer.writerows([language, query, url] for query, urls in queries.items() for url in urls)


def score(predictions: Predictions, relevance: Relevance) -> list[ChallengeScore]:
    """Return the scores of all queries that have a function with a relevance above 0, as ``relevanceeval.ndcg`` does.

    The gain is ``2 ** relevance - 1`` and the ideal ranking holds every annotated function. Within: a function
    without annotation takes no rank. Over all: it does.
    """
    scores = []
    for query, judged in relevance.items():
        ideal = _dcg(enumerate(sorted(judged.values(), reverse=True), start=1))
        if ideal == 0:
            continue
        urls = list(predictions.get(query, ()))[:DEPTH]
        within = _dcg(enumerate((judged[url] for url in urls if url in judged), start=1))
        over_all = _dcg((rank, judged[url]) for rank, url in enumerate(urls, start=1) if url in judged)
        scores.append(ChallengeScore(query, within / ideal, over_all / ideal))
    return scores


def coverage(predictions: Predictions, relevance: Relevance) -> float:
    """Return the share of annotated functions that are among the predictions."""
    found = [url in set(predictions.get(query, ())[:DEPTH]) for query, urls in relevance.items() for url in urls]
    return sum(found) / len(found) if found else 0.0


def _dcg(ranked: Iterable[tuple[int, float]]) -> float:
    return sum((2**relevance - 1) / math.log2(rank + 1) for rank, relevance in ranked)


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    reader = csv.DictReader(text_lines(path, mend="get it from github.com/github/CodeSearchNet"))
    rows = []
    try:
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise DataError(f"{path} has no column {', '.join(sorted(missing))}")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if any(row[column] is None for column in columns):
                raise DataError(f"{where} has fewer fields than the header")
            rows.append((where, row))
    except csv.Error as error:
        # the count of the outer reader is behind by the line that failed
        raise DataError(f"{path}:{reader.reader.line_num} is damaged ({error}); get the file again") from error
    if not rows:
        raise DataError(f"{path} has no rows")
    return rows
