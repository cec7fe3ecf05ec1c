"""Ranks all functions for the 99 queries of the CodeSearchNet Challenge and reports its nDCG."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.challenge import DEPTH, Predictions, Relevance, coverage, score
from eval.csn_files import files_of
from eval.errors import DataError
from eval.intervals import estimate
from eval.ranker import Ranker, Speed
from eval.records import Reader, Record
from eval.report import PartResult, Report
from eval.retrieval import Document, Query, Retrieval
from eval.tasks.csn import code_text, usable
from indexer.errors import first_line

WITHIN = "nDCG within annotated"
OVER_ALL = "nDCG over all"
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class LanguageRanking:
    """What a system returned in one language, and out of how many functions."""

    urls: Predictions
    documents: int
    checksum: str
    counts: dict[str, int]


def rank_language(
    language: str, functions: Path, queries: list[str], ranker: Ranker, reader: Reader
) -> LanguageRanking:
    """Rank all functions of a language: every split's, and ``LANGUAGE_dedupe_definitions_v2.pkl`` if there is one.

    Raises :class:`DataError` when there are none.
    """
    documents: dict[str, Document] = {}
    for record in _functions(functions, language, reader):
        documents.setdefault(record["url"], Document(record["url"], code_text(record, "tokens", language)))
    if not documents:
        raise DataError(f"the files of {language} in {functions} hold no function; get them again, or leave it out")
    asked = [Query(f"q{number}", query) for number, query in enumerate(queries)]
    # Judging comes later, so no query is left out for want of an answer.
    retrieval = Retrieval(f"challenge-{language}", asked, [*documents.values()], {q.id: {} for q in asked}, language)
    ranking = ranker.rank(retrieval)
    urls = [document.id for document in retrieval.documents]
    found = {
        query.lower(): [urls[place] for place in row if place >= 0][:DEPTH]
        for query, row in zip(queries, ranking.documents.tolist(), strict=True)
    }
    return LanguageRanking(found, len(urls), retrieval.checksum(), dict(+reader.counts + ranker.counts))


def challenge_report(
    rankings: Mapping[str, LanguageRanking],
    relevance: Mapping[str, Relevance],
    system: dict[str, Any],
    speed: Speed,
    command: str = "",
) -> Report:
    """Judge rankings by language and return the report; the overall number is the mean of the languages."""
    parts, tables = [], []
    for language, ranking in rankings.items():
        if language not in relevance:
            raise DataError(f"there are predictions for {language}, but no annotations; leave that language out")
        scores = score(ranking.urls, relevance[language])
        if not scores:
            raise DataError(f"no function in {language} has a relevance above 0; leave that language out (--language)")
        table = np.array([[one.within, one.over_all] for one in scores])
        tables.append(table)
        share = coverage(ranking.urls, relevance[language])
        counts = Counter(ranking.counts)
        counts["queries left out: no function above relevance 0"] = len(relevance[language]) - len(scores)
        counts["annotated functions in the ranking, per thousand"] = round(share * 1000)
        parts.append(
            PartResult(
                name=f"challenge-{language}",
                language=language,
                queries=len(scores),
                documents=ranking.documents,
                depth=DEPTH,
                checksum=ranking.checksum,
                counts=dict(+counts),
                measures=dict(zip((WITHIN, OVER_ALL), estimate([table]), strict=True)),
                recall_at={},
                ranks=[],
                lengths={},
            )
        )
    return Report(
        task="challenge",
        meaning="99 queries over all functions of CodeSearchNet, functions judged 0 to 3 by people.",
        version="annotationStore.csv of github.com/github/CodeSearchNet",
        paper="Husain et al., CodeSearchNet Challenge, 2019",
        protocol="relevanceeval",
        split="test",
        text="tokens",
        system=system,
        measures=dict(zip((WITHIN, OVER_ALL), estimate(tables), strict=True)),
        parts=parts,
        speed=speed,
        limit=None,
        seed=0,
        command=command,
        remake="`model_predictions.csv` is what CodeSearchNet's own relevanceeval.py reads.",
    )


def _functions(data: Path, language: str, reader: Reader) -> Iterator[Record]:
    found = False
    for split in SPLITS:
        files = files_of(data, split, language)
        if files is not None:
            found = True
            yield from (r for r in files.records(reader) if usable(r, reader, "tokens", documentation=False))
    for folder in (data, data / language):
        path = folder / f"{language}_dedupe_definitions_v2.pkl"
        if path.exists():
            found = True
            for number, value in enumerate(load_plain_pickle(path), start=1):
                record = Record(value, f"{path}: record {number}")
                if usable(record, reader, "tokens", documentation=False):
                    yield record
    if not found:
        raise DataError(f"{data} holds no functions in {language}; give --functions a CodeSearchNet folder")


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, dicts, text and numbers; refuses everything that would import or call something."""

    def find_class(self, module_name: str, global_name: str) -> Callable[..., Any]:
        raise DataError(f"the pickle wants {module_name}.{global_name}; only plain lists and dicts are read")


def load_plain_pickle(path: Path) -> list[dict[str, Any]]:
    """Read a pickle of a list of dicts without running anything that comes from it."""
    try:
        with path.open("rb") as file:
            value = _PlainUnpickler(file).load()
    except DataError:
        raise
    except Exception as error:  # damaged opcodes raise whatever they come upon, a MemoryError among others
        raise DataError(f"{path} is not a readable pickle ({first_line(error)}); get it again") from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DataError(f"{path} is not a list of dicts; get it again")
    return value
