"""``codesearch eval``: parse, call, print."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.command_options import (
    Cache,
    ChallengeOutput,
    Data,
    Depth,
    EncoderNames,
    Fuse,
    Languages,
    Limit,
    Matcher,
    MaxWords,
    Measures,
    MtebOutput,
    Output,
    PrintJson,
    Protocol,
    RepoEncoderNames,
    Rerank,
    RerankDepth,
    Seed,
    SkipDamaged,
    Split,
    TableOutput,
    Text,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Benchmark encoders, matching heads and the whole search by published protocols.",
    pretty_exceptions_enable=False,
)


def _retrieval_command(name: str, meaning: str) -> Callable[..., None]:
    """Make the command of a task of queries, functions and judgements: all of them take the same options."""

    def command(
        data: Data = None,
        encoder: EncoderNames = None,
        split: Split = None,
        protocol: Protocol = None,
        text: Text = None,
        language: Languages = None,
        rerank: Rerank = False,
        matcher: Matcher = None,
        rerank_depth: RerankDepth = 32,
        fuse: Fuse = None,
        max_words: MaxWords = 256,
        measure: Measures = None,
        depth: Depth = None,
        limit: Limit = None,
        seed: Seed = 0,
        skip_damaged: SkipDamaged = False,
        output: Output = None,
        as_json: PrintJson = False,
        cache: Cache = None,
    ) -> None:
        from eval.command_run import SystemNames, run_task
        from eval.evaluation import Options
        from eval.tasks import Source

        source = Source(data, split, protocol, tuple(language or ()), text, skip_damaged)
        options = Options(depth, limit, seed, tuple(measure or ()), _command_line())
        names = encoder or ["default"]
        systems = [SystemNames(one, fuse, _head(rerank, matcher), rerank_depth, max_words) for one in names]
        run_task(name, source, systems, options, cache, output, as_json)

    command.__doc__ = meaning
    return command


TASK_HELP = {
    "csn": "CodeSearchNet, six languages: find the function a docstring was written for.",
    "cosqa": "CoSQA: 500 real web queries over 6,267 Python functions.",
    "advtest": "AdvTest: CodeSearchNet Python with function and variable names normalised.",
    "webquery": "WebQueryTest: real web queries with judged Python functions.",
    "folder": "Your own data: corpus.jsonl, queries.jsonl and qrels.tsv (BEIR's layout).",
}

for _name, _meaning in TASK_HELP.items():
    app.command(_name)(_retrieval_command(_name, _meaning))


@app.command()
def challenge(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder with queries.csv and annotationStore.csv.")],
    functions: Annotated[
        Path | None, typer.Option(help="CodeSearchNet folder with the functions to rank (any shape).")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Judge this model_predictions.csv instead of ranking.")
    ] = None,
    encoder: EncoderNames = None,
    language: Languages = None,
    rerank: Rerank = False,
    matcher: Matcher = None,
    rerank_depth: RerankDepth = 32,
    fuse: Fuse = None,
    max_words: MaxWords = 256,
    skip_damaged: SkipDamaged = False,
    output: ChallengeOutput = None,
    as_json: PrintJson = False,
    cache: Cache = None,
) -> None:
    """CodeSearchNet Challenge: 99 queries, functions judged by people; nDCG as relevanceeval computes it."""
    from eval.command_run import SystemNames, run_challenge

    names = encoder or ["default"]
    systems = [SystemNames(one, fuse, _head(rerank, matcher), rerank_depth, max_words) for one in names]
    languages = tuple(language or ())
    command = _command_line()
    run_challenge(data, functions, predictions, systems, languages, skip_damaged, command, cache, output, as_json)


@app.command()
def repos(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder with repos.tsv and queries/NAME.tsv.")],
    repositories: Annotated[
        Path | None, typer.Option(help="Folder of local clones (NAME or OWNER+NAME); else they are cloned.")
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="Only this repository; can be given several times.")] = None,
    by_lines: Annotated[
        bool, typer.Option("--by-lines", help="A hit has to be the wanted function, not only in its file.")
    ] = False,
    encoder: RepoEncoderNames = None,
    rerank: Rerank = False,
    matcher: Matcher = None,
    output: Output = None,
    as_json: PrintJson = False,
) -> None:
    """Whole repositories through the real index and the real search; answers are files, or functions by their lines."""
    from eval.command_run import run_repos

    head, encoders = _head(rerank, matcher), encoder or ["default"]
    run_repos(data, repositories, tuple(name or ()), by_lines, encoders, head, _command_line(), output, as_json)


@app.command()
def compare(
    run_a: Annotated[Path, typer.Argument(help="A .run file, or a folder that --output wrote.")],
    run_b: Annotated[Path, typer.Argument(help="The run to compare with it.")],
    qrels: Annotated[Path | None, typer.Option(help="Judgements; by default the .qrels beside each run.")] = None,
    measure: Annotated[str, typer.Option(help="In the notation of ir_measures.")] = "RR",
    as_json: PrintJson = False,
) -> None:
    """Compare two runs: paired randomisation test, and the queries each of them wins."""
    import json

    from eval.command_run import one_line_errors
    from eval.compare import compare as compare_runs
    from eval.terminal import print_comparison

    with one_line_errors():
        comparison = compare_runs(run_a, run_b, qrels, measure)
        if as_json:
            print(json.dumps(asdict(comparison)))
        else:
            print_comparison(comparison, str(run_a), str(run_b))


@app.command()
def table(
    folders: Annotated[list[Path], typer.Argument(help="Folders that --output wrote.")],
    output: TableOutput = None,
    as_json: PrintJson = False,
) -> None:
    """Put several results side by side with published ones."""
    import json

    from eval.command_run import one_line_errors
    from eval.report import read_report, report_folders
    from eval.table import tables, write_tables
    from eval.terminal import print_table

    with one_line_errors():
        reports = [read_report(folder) for output in folders for folder in report_folders(output)]
        found = tables(reports)
        if output is not None:
            write_tables(reports, output)
        if as_json:
            print(json.dumps([asdict(one) for one in found]))
            return
        for one in found:
            notes = [f"[{number}] {source}" for number, source in enumerate(one.sources, start=1)]
            print_table(f"{one.title}, {one.measure}", one.header, one.rows, notes)


@app.command()
def export(
    task: Annotated[str, typer.Argument(metavar="TASK", help=f"One of {', '.join(TASK_HELP)}.")],
    output: Annotated[Path, typer.Option(help="Folder to write to; each collection gets one of its own.")],
    data: Data = None,
    split: Split = None,
    text: Text = None,
    language: Languages = None,
    skip_damaged: SkipDamaged = False,
) -> None:
    """Write a task as corpus.jsonl, queries.jsonl and qrels (BEIR's layout)."""
    from eval.command_run import one_line_errors, task_named
    from eval.export import export as write
    from eval.tasks import Source

    with one_line_errors():
        source = Source(data, split, None, tuple(language or ()), text, skip_damaged)
        for folder in write(task_named(task, source).read(source), output):
            print(folder)


@app.command()
def mteb(
    task: Annotated[list[str] | None, typer.Option(help="A task of mteb; can be given several times.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="All tasks of one of mteb's benchmarks, e.g. CoIR.")] = None,
    encoder: EncoderNames = None,
    rerank: Rerank = False,
    matcher: Matcher = None,
    rerank_depth: RerankDepth = 32,
    fuse: Fuse = None,
    max_words: MaxWords = 256,
    output: MtebOutput = None,
    as_json: PrintJson = False,
    cache: Cache = None,
) -> None:
    """Tasks of the mteb package (CoIR, MTEB code), measured by its own harness."""
    import json

    from eval.command_run import SystemNames, one_line_errors, require_loadable
    from eval.mteb_run import run_mteb, system_folder
    from eval.progress import with_bar
    from eval.terminal import print_table
    from eval.vector_cache import VectorCache, default_cache

    names = encoder or ["default"]
    systems = [SystemNames(one, fuse, _head(rerank, matcher), rerank_depth, max_words) for one in names]
    found: list[dict[str, Any]] = []
    with one_line_errors():
        try:
            require_loadable(systems)
            vectors = VectorCache(cache or default_cache())
            for one in systems:
                system = one.load()
                folder = system_folder(output, system.name) if output is not None and len(names) > 1 else output
                scores = run_mteb(system, vectors, task or [], benchmark, folder, with_bar)
                found.append({"system": system.name, "scores": scores})
                if not as_json:
                    mean = [["mean", f"{sum(scores.values()) / len(scores):.4f}"]] if len(scores) > 1 else []
                    rows = [[name, f"{score:.4f}"] for name, score in scores.items()] + mean
                    print_table(f"mteb: {system.name}", ["task", "main score"], rows)
        finally:
            if as_json and found:
                print(json.dumps(found[0] if len(found) == 1 else found))


def _head(rerank: bool, matcher: str | None) -> str | None:
    """The name of the matching head that is asked for."""
    return matcher or ("default" if rerank else None)


def _command_line() -> str:
    program = "codesearch" if not sys.argv[0].endswith("__main__.py") else "python -m eval"
    return shlex.join([*program.split(), *sys.argv[1:]])
