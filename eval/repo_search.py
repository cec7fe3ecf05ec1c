"""The real index and the real search on whole repositories: the ``repos`` task."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np

from eval.errors import DataError
from eval.intervals import Estimate, estimate
from eval.measures import Run, per_query
from eval.ranker import Speed
from eval.repo_queries import RepoQuery, Repository, Wanted
from eval.report import PartResult, Report, rank_histogram
from eval.retrieval import Qrels, one_word

K = 10
MEASURES = ("nDCG@10", "Success@1", "Success@5", "Success@10", "RR")
TOKENS = "tokens to first hit"

_TOKEN = re.compile(r"\w+|[^\w\s]")


class Hit(Protocol):
    """What a search returns."""

    @property
    def path(self) -> str:
        """Where the function is, from the indexed folder, with ``/``."""

    @property
    def start_line(self) -> int:
        """Its first line, 1-based."""

    @property
    def end_line(self) -> int:
        """Its last line, inclusive."""

    @property
    def snippet(self) -> str:
        """Its text."""


class Index(Protocol):
    """An index that can be searched."""

    @property
    def functions(self) -> int:
        """How many functions it holds."""

    def search(self, query: str, k: int = K) -> Sequence[Hit]:
        """Return the best ``k`` hits, best first."""


@dataclass(frozen=True)
class Answer:
    """One query's hits. ``documents`` holds for each rank the wanted place that counts there, or the hit itself."""

    query: RepoQuery
    hits: Sequence[Hit]
    documents: tuple[str, ...]
    first: int | None
    """Rank, from 1, of the first right hit."""
    tokens: int
    """Tokens of all hits up to the first right one, or of all when none is right."""
    milliseconds: float


@dataclass(frozen=True)
class RepoOutcome:
    """All of one repository."""

    repository: Repository
    answers: list[Answer]
    left_out: int
    functions: int
    build_seconds: float

    def run(self) -> Run:
        """Return the ranking; scores count down from ``K``, as only the order is known."""
        return {a.query.id: {doc: float(K - rank) for rank, doc in enumerate(a.documents)} for a in self.answers}

    def qrels(self) -> Qrels:
        """Return the judgements: each wanted file or range once, binary."""
        return {a.query.id: {one_word(str(wanted)): 1 for wanted in a.query.wanted} for a in self.answers}


def search_repository(repository: Repository, files: Path, build: Callable[[Path], Index]) -> RepoOutcome:
    """Index ``repository.folder`` under ``files`` with ``build`` and ask every query that has an answer there.

    Raises :class:`DataError` when there is none.
    """
    asked = [query for query in repository.queries if any((files / wanted.path).is_file() for wanted in query.wanted)]
    if not asked:
        raise DataError(
            f"none of the {len(repository.queries)} queries about {repository.name} has one of its files at the commit "
            f"{repository.commit[:12]}; mend them, or leave it out: --name for each of the others"
        )
    begun = time.perf_counter()
    index = build(files / repository.folder)
    build_seconds = time.perf_counter() - begun
    answers = [_ask(index, query, repository.folder) for query in asked]
    left_out = len(repository.queries) - len(asked)
    return RepoOutcome(repository, answers, left_out, index.functions, build_seconds)


def _ask(index: Index, query: RepoQuery, folder: str) -> Answer:
    begun = time.perf_counter()
    hits = list(index.search(query.text, k=K))[:K]
    milliseconds = (time.perf_counter() - begun) * 1000
    documents, first = _documents(query.wanted, hits, PurePosixPath(folder))
    read = hits[: first or len(hits)]
    tokens = sum(len(_TOKEN.findall(hit.snippet)) for hit in read)
    return Answer(query, hits, documents, first, tokens, milliseconds)


def _documents(
    wanted: Sequence[Wanted], hits: Sequence[Hit], folder: PurePosixPath
) -> tuple[tuple[str, ...], int | None]:
    """Give each rank a document id: a wanted file counts once, at the rank of its first hit.

    A rank has room for one: of several places that a hit answers, those that a later hit answers too count there.
    """
    paths = [str(folder / hit.path) for hit in hits]
    right = [
        [one for one in wanted if one.matches(path, hit.start_line, hit.end_line)]
        for path, hit in zip(paths, hits, strict=True)
    ]
    counted = _one_each(right)
    documents = [
        str(counted.get(place, f"{place + 1}:{path}:{hit.start_line}-{hit.end_line}"))
        for place, (path, hit) in enumerate(zip(paths, hits, strict=True))
    ]
    first = next((rank for rank, found in enumerate(right, start=1) if found), None)
    return tuple(map(one_word, documents)), first


def _one_each(right: Sequence[Sequence[Wanted]]) -> dict[int, Wanted]:
    """Give as many hits as can be one of their right answers each, none of them twice, and the first hits before all.

    Every hit in turn takes one, of another hit where that can take yet another (Kuhn's matching).
    """
    owner: dict[Wanted, int] = {}

    def takes(place: int, asked: set[Wanted]) -> bool:
        for one in right[place]:
            if one not in asked:
                asked.add(one)
                if one not in owner or takes(owner[one], asked):
                    owner[one] = place
                    return True
        return False

    for place in range(len(right)):
        takes(place, set())
    return {place: one for one, place in owner.items()}


def repos_report(
    outcomes: Sequence[RepoOutcome], system: dict[str, object], command: str, version: str, by_lines: bool = False
) -> Report:
    """Return the report: means over all queries, and by repository, language and category."""
    parts, rows, languages, categories = [], [], [], []
    for outcome in outcomes:
        table = np.array(list(query_values(outcome)))
        rows.append(table)
        languages += [outcome.repository.language] * len(table)
        categories += [answer.query.category for answer in outcome.answers]
        parts.append(_part(outcome, table))
    everything = np.concatenate(rows)
    labels = [*MEASURES, TOKENS]

    def mean(chosen: Sequence[bool]) -> dict[str, Estimate]:
        return dict(zip(labels, estimate([everything[np.array(chosen)]]), strict=True))

    breakdown = {f"category {one}": mean([c == one for c in categories]) for one in sorted(set(categories))}
    breakdown |= {f"language {one}": mean([lang == one for lang in languages]) for one in sorted(set(languages))}
    latency = statistics.median(answer.milliseconds for outcome in outcomes for answer in outcome.answers)
    return Report(
        task="repos",
        meaning="Whole repositories, indexed and searched as by a user; files or line ranges answer the queries.",
        version=version,
        paper="semble's benchmark (github.com/MinishLab/semble, MIT)",
        protocol=f"{'ten' if len(outcomes) == 10 else len(outcomes)} repositories{', by lines' if by_lines else ''}",
        split="test",
        text="source",
        system=system,
        measures=mean([True] * len(everything)),
        parts=parts,
        speed=Speed(latency_ms=latency, index_seconds=sum(outcome.build_seconds for outcome in outcomes)),
        limit=None,
        seed=0,
        ties="none: hits come in the order of the search",
        command=command,
        mean_over="queries",
        breakdown=breakdown,
        remake="nDCG, Success and RR can be made again from the run files: `ir_measures PART.qrels PART.run nDCG@10`. "
        "Tokens are words and single punctuation marks of the snippets up to the first right hit, all ten without one.",
    )


def query_values(outcome: RepoOutcome) -> Iterator[list[float]]:
    """Yield the values of ``MEASURES`` and ``TOKENS`` of each query."""
    values = per_query(MEASURES, outcome.qrels(), [outcome.run()])
    for answer in outcome.answers:
        yield [*[values[name][answer.query.id] for name in MEASURES], float(answer.tokens)]


def _part(outcome: RepoOutcome, table: np.typing.NDArray[np.float64]) -> PartResult:
    recall = [f"R@{k}" for k in (1, 2, 3, 5, 10)]
    curve = per_query(recall, outcome.qrels(), [outcome.run()])
    left_out = {"queries left out: none of their files exist at the commit": outcome.left_out}
    return PartResult(
        name=outcome.repository.name,
        language=outcome.repository.language,
        queries=len(table),
        documents=outcome.functions,
        depth=K,
        checksum=outcome.repository.commit,
        counts={what: count for what, count in left_out.items() if count},
        measures=dict(zip([*MEASURES, TOKENS], estimate([table]), strict=True)),
        recall_at={int(name[2:]): float(np.mean([*curve[name].values()])) for name in recall},
        ranks=rank_histogram([answer.first for answer in outcome.answers]),
        lengths={},
    )
