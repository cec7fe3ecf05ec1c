"""What the commands do once their options are read."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from codesearch.errors import CodesearchError
from eval.errors import EvalError, writing_to
from eval.evaluation import Options, describe, evaluate
from eval.output_folder import PREDICTIONS, OutputFolder
from eval.progress import with_bar
from eval.ranker import Ranker, Speed
from eval.report import Report
from eval.system import System, load_system
from eval.table import tables, write_tables
from eval.tasks import RETRIEVAL_TASKS, Source, Task
from eval.terminal import print_report, print_table
from eval.vector_cache import VectorCache, default_cache

if TYPE_CHECKING:
    from eval.repo_search import RepoOutcome
    from eval.worst_page import WorstQuery


@dataclass(frozen=True)
class SystemNames:
    """A system as the command line names it."""

    encoder: str
    fuse: str | None
    rerank: str | None
    rerank_depth: int
    max_words: int

    def load(self) -> System:
        """Load encoder and matching head."""
        return load_system(self.encoder, self.fuse, self.rerank, self.rerank_depth, self.max_words)


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an error that is meant for the user into one line on standard error and exit status 2."""
    from indexer.errors import IndexerError

    try:
        yield
    except (CodesearchError, IndexerError) as error:
        print(f"codesearch eval: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def require_loadable(systems: Sequence[SystemNames]) -> None:
    """Raise the error of a system that cannot be loaded before the first of several is evaluated.

    They are loaded for that and let go: together they may not fit into memory.
    """
    if len(systems) > 1:
        for names in systems:
            names.load()


@contextlib.contextmanager
def _shown(output: Path | None, as_json: bool) -> Iterator[list[Report]]:
    """Take reports, and show those that are finished, also where a later one fails."""
    reports: list[Report] = []
    try:
        yield reports
    finally:
        if reports:
            _show(reports, output, as_json)


def task_named(name: str, source: Source) -> Task:
    """Return the task, refusing a split, protocol, form of text or choice of languages that it does not have."""
    if name not in RETRIEVAL_TASKS:
        raise EvalError(f"there is no task {name!r}; take one of {', '.join(RETRIEVAL_TASKS)}")
    task = RETRIEVAL_TASKS[name]
    choices = (("split", source.split, task.splits), ("protocol", source.protocol, task.protocols))
    for option, given, known in (*choices, ("text", source.text, task.texts)):
        if given is not None and given not in known:
            raise EvalError(f"{name} has no --{option} {given!r}; take one of {', '.join(known)}")
    if source.languages and not task.by_language:
        raise EvalError(f"{name} has no --language; it is one collection, leave the option out")
    return task


def run_task(
    name: str,
    source: Source,
    systems: Sequence[SystemNames],
    options: Options,
    cache: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Evaluate each system on the task, print the reports and write the output folder."""
    with one_line_errors(), _shown(output, as_json) as reports:
        task = task_named(name, source)
        require_loadable(systems)
        vectors = VectorCache(cache or default_cache())
        for names in systems:
            system = names.load()
            folder = _folder(output, system.name, len(systems))
            keep = folder.keep if folder else lambda outcome: None
            report = evaluate(task, source, system, vectors, options, with_bar, keep)
            reports.append(report)
            _finish(report, folder)


def run_challenge(
    data: Path,
    functions: Path | None,
    predictions: Path | None,
    systems: Sequence[SystemNames],
    languages: tuple[str, ...],
    skip_damaged: bool,
    command: str,
    cache: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Rank all functions with each system, or take a ranking that is given, and judge it."""
    from eval.challenge import DEPTH, read_annotations, read_predictions, read_queries, write_predictions
    from eval.challenge_run import LanguageRanking, challenge_report, rank_language

    with one_line_errors(), _shown(output, as_json) as reports:
        relevance = read_annotations(data / "annotationStore.csv")
        if predictions is not None:
            found = read_predictions(predictions)
            missing = set(languages) - set(found)
            if missing:
                raise EvalError(
                    f"{predictions} has no rows in {', '.join(sorted(missing))}; it has {', '.join(sorted(found))}"
                )
            given = {language: LanguageRanking(found[language], 0, "", {}) for language in languages or found}
            reports.append(challenge_report(given, relevance, {"name": predictions.name}, Speed(), command))
            if output is not None:
                OutputFolder(output, predictions.name, given=predictions).finish(reports[0])
            return
        if functions is None:
            raise EvalError("challenge ranks the functions of --functions, or judges a ranking given as --predictions")
        queries = read_queries(data / "queries.csv")
        require_loadable(systems)
        vectors = VectorCache(cache or default_cache())
        for names in systems:
            system = names.load()
            folder = _folder(output, system.name, len(systems))
            ranker = Ranker(system, vectors, DEPTH, with_bar)
            rankings = {
                language: rank_language(
                    language, functions, queries, ranker, Source(skip_damaged=skip_damaged).reader()
                )
                for language in languages or sorted(relevance)
            }
            reports.append(challenge_report(rankings, relevance, describe(system), ranker.speed, command))
            _finish(reports[-1], folder)
            if folder:
                urls = {language: ranking.urls for language, ranking in rankings.items()}
                with writing_to(folder.folder):
                    write_predictions(folder.folder / PREDICTIONS, urls)


def run_repos(
    data: Path,
    repositories: Path | None,
    names: tuple[str, ...],
    by_lines: bool,
    encoders: Sequence[str],
    rerank: str | None,
    command: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Index and search whole repositories with each encoder."""
    from codesearch import load_encoder, load_matcher
    from eval.checkout import checkout
    from eval.codesearch_index import builder, search_system
    from eval.repo_queries import read_repositories
    from eval.repo_search import repos_report, search_repository

    with one_line_errors(), _shown(output, as_json) as reports:
        benchmark = read_repositories(data, names, by_lines)
        matcher = load_matcher(rerank) if rerank else None
        for name in encoders if len(encoders) > 1 else ():
            load_encoder(name)  # as require_loadable does
        folders = {repository.name: checkout(repository, repositories) for repository in benchmark}
        for name in encoders:
            encoder = load_encoder(name)
            build = builder(encoder, matcher)
            folder = _folder(output, encoder.name, len(encoders))
            outcomes = []
            for repository in with_bar(benchmark, f"searching with {name}"):
                outcome = search_repository(repository, folders[repository.name], build)
                if folder:
                    folder.keep_run(repository.name, outcome.run(), outcome.qrels(), _worst(outcome))
                outcomes.append(outcome)
            system = search_system(encoder, matcher)
            reports.append(repos_report(outcomes, system, command, data.resolve().name, by_lines))
            _finish(reports[-1], folder)


def _worst(outcome: RepoOutcome) -> list[WorstQuery]:
    from eval.worst_page import SHOWN_HITS, WorstQuery

    return [
        WorstQuery(
            outcome.repository.name,
            answer.query.text,
            answer.first,
            [(str(wanted), "") for wanted in answer.query.wanted],
            [(f"{hit.path}:{hit.start_line}", hit.snippet, 1 / rank) for rank, hit in enumerate(answer.hits, start=1)][
                :SHOWN_HITS
            ],
        )
        for answer in outcome.answers
        if answer.first != 1
    ]


def _folder(output: Path | None, name: str, systems: int) -> OutputFolder | None:
    if output is None:
        return None
    own = re.sub(r"[^\w.+-]+", "-", name).strip("-")[:80]
    return OutputFolder(output if systems == 1 else output / own, name)


def _finish(report: Report, folder: OutputFolder | None) -> None:
    if folder:
        folder.finish(report)


def _show(reports: Sequence[Report], output: Path | None, as_json: bool) -> None:
    if as_json:
        texts: list[Any] = [report.to_json() for report in reports]
        print(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
    else:
        for report in reports:
            print_report(report)
        for one in tables(reports) if len(reports) > 1 else ():
            print_table(f"{one.title}, {one.measure}", one.header, one.rows, one.sources)
    if len(reports) > 1 and output is not None:
        write_tables(reports, output)
