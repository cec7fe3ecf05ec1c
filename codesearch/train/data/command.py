"""``codesearch train data``: collect the training pairs of all listed repositories."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated
from zlib import crc32

import typer

from codesearch.errors import CodesearchError
from codesearch.train.data.collect import Limits, pairs_of_history, pairs_of_tree
from codesearch.train.data.foreign import functions_of
from codesearch.train.data.made import made_pairs
from codesearch.train.data.near_duplicates import NearDuplicates
from codesearch.train.data.pair import Pair, read_pairs, write_pairs
from codesearch.train.data.queries import Queries, query_pairs, read_queries
from codesearch.train.data.sources import LISTED, Source, read_sources

_PARTS: dict[str, Callable[[Source, Path | None, Path, Limits], Iterator[Pair]]] = {
    "": pairs_of_tree,
    ".commits": pairs_of_history,
}
"""What is collected from a repository, by the ending of its file."""
_WRITTEN = {"": ("", ".made"), ".commits": (".commits",)}
"""The endings of the files of pairs that come of each part."""


@dataclass(slots=True)
class Collected:
    """What came of a run."""

    pairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How many, by split, source and language."""
    failed: dict[str, str] = field(default_factory=dict)
    """Repositories that could not be had, and why."""


def collect(
    sources: list[Source],
    output: Path,
    mirror: Path | None = None,
    unlike: Iterable[Path] = (),
    queries: Mapping[str, Iterable[Queries]] | None = None,
    workers: int = 2,
    limits: Limits | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Collected:
    """Write ``OWNER+NAME`` with ``.jsonl.gz``, ``.made.jsonl.gz`` and ``.commits.jsonl.gz`` for every source.

    What the files give comes first, and what is made from that, for all repositories, then the histories. A run that
    was killed goes on where it was. Held-out repositories go before all others, and no near copy of their code is
    taken from the others, whose order mixes languages, so that a run that is cut short has some of all. What an earlier
    run wrote for repositories that are no longer listed, or can no longer be had as they are listed, is deleted.

    Args:
        sources: the repositories, without double ones.
        output: a folder, made if it is not there.
        mirror: a folder of git directories to be used in place of clones.
        unlike: git directories, or JSON objects whose keys are functions in Python, of which no near copy is taken.
        queries: written for functions, by repository.
        workers: processes.
        limits: the most pairs a repository gives.
        report: is called with a line about each repository.
    """
    raw, clones = output / ".raw", output / ".clones"
    for folder in (output, raw, clones):
        folder.mkdir(parents=True, exist_ok=True)
    for unlisted in sorted(_collected_before(raw) - {source.file_name for source in sources}):
        if _delete(output, unlisted, ("", ".made", ".commits")):
            report(f"{unlisted}: no longer listed, its pairs are deleted")
    limits = limits or Limits()
    ordered = sorted(sources, key=lambda source: (source.split != "valid", crc32(source.repository.encode())))
    collected = Collected()
    seen = _Seen()
    with ProcessPoolExecutor(workers) as pool:
        for codes in pool.map(functions_of, unlike):
            for code in codes:
                seen.foreign.add(code)
        for ending in _PARTS:
            work = partial(_collect_raw, ending, raw, mirror, clones, limits)
            for source, failure in zip(ordered, pool.map(work, ordered), strict=True):
                if failure:
                    _delete(output, source.file_name, _WRITTEN[ending])
                    collected.failed[source.repository] = failure
                    report(f"{source.repository}: {failure}")
                    continue
                kept = [pair for pair in read_pairs(_raw_file(raw, source, ending)) if seen.is_new(pair)]
                if ending == "":
                    kept += list(query_pairs(kept, (queries or {}).get(source.repository, ())))
                write_pairs(output / f"{source.file_name}{ending}.jsonl.gz", kept)
                if ending == "":
                    made = list(made_pairs(kept, limits.made))
                    write_pairs(output / f"{source.file_name}.made.jsonl.gz", made)
                    kept += made
                collected.pairs.update((pair.split, pair.source, pair.language) for pair in kept)
                report(f"{source.repository}: {_summary(kept)}")
    return collected


def _raw_file(raw: Path, source: Source, ending: str) -> Path:
    """Where one part of what a repository gives is kept; another commit or split is another file."""
    return raw / f"{source.file_name}@{source.commit.replace('/', '+')}.{source.split}{ending}.jsonl.gz"


def _collected_before(raw: Path) -> set[str]:
    """Repositories, as names of files, of which anything was collected, once without the commit in the name."""
    names = (path.name.removesuffix(".jsonl.gz").removesuffix(".commits") for path in raw.glob("*.jsonl.gz"))
    return {name.partition("@")[0] for name in names}


def _delete(output: Path, name: str, endings: Iterable[str]) -> bool:
    """Delete the files of pairs of a repository; return whether there were any."""
    found = [path for ending in endings if (path := output / f"{name}{ending}.jsonl.gz").exists()]
    for path in found:
        path.unlink()
    return bool(found)


def _collect_raw(ending: str, raw: Path, mirror: Path | None, clones: Path, limits: Limits, source: Source) -> str:
    """Write one part of what a repository gives, near-duplicates included; return why it cannot be had, if so."""
    path = _raw_file(raw, source, ending)
    if not path.exists():
        try:
            write_pairs(path, _PARTS[ending](source, mirror, clones, limits))
        except CodesearchError as error:
            return str(error)
    return ""


class _Seen:
    """The code met so far."""

    def __init__(self) -> None:
        self.foreign = NearDuplicates()
        self._held_out = NearDuplicates()
        self._by_origin = {"docstring": NearDuplicates(), "comment": NearDuplicates(), "doc": NearDuplicates()}
        self._newest = ("", "", "", 0)

    def is_new(self, pair: Pair) -> bool:
        """Whether a pair's code is foreign to benchmarks, to what is held out, and to the pairs of its origin.

        A function may come once with its docstring and again with its commits and tests, and code in a document with
        one text after the other.
        """
        place = (pair.source, pair.repo, pair.path, pair.start_line)
        if pair.code in self.foreign or (pair.split == "train" and pair.code in self._held_out):
            return False
        if pair.source in self._by_origin and place != self._newest:
            if not self._by_origin[pair.source].add(pair.code):
                return False
            self._newest = place
        if pair.split == "valid":
            self._held_out.add(pair.code)
        return True


def _summary(pairs: list[Pair]) -> str:
    counts = Counter(pair.source for pair in pairs)
    return ", ".join(f"{count:,} {source}" for source, count in counts.most_common()) or "no pairs"


def write_summary(collected: Collected, path: Path) -> None:
    """Write the numbers of pairs as JSON: ``{split: {source: {language: pairs}}, "failed": {repository: why}}``."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    for (split, source, language), count in sorted(collected.pairs.items()):
        table.setdefault(split, {}).setdefault(source, {})[language] = count
    path.write_text(json.dumps({**table, "failed": collected.failed}, indent=1) + "\n", encoding="utf-8")


def data(
    output: Annotated[Path, typer.Argument(help="Folder for the pairs.")],
    sources: Annotated[
        Path, typer.Option(help="The list of repositories and commits.", show_default="the shipped one")
    ] = LISTED,
    mirror: Annotated[
        Path | None, typer.Option(help="Folder of git directories OWNER+NAME, in place of clones.")
    ] = None,
    exclude: Annotated[Path | None, typer.Option(help="File of repositories that must not be listed.")] = None,
    unlike: Annotated[
        list[Path] | None,
        typer.Option(help="Git directory, or JSON with functions as keys, of which no copy is taken."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Collect pairs of text and code for training from the listed repositories."""
    listed = read_sources(sources, exclude)
    collected = collect(
        listed, output, mirror, unlike or (), read_queries(), workers, report=lambda line: typer.echo(line, err=True)
    )
    write_summary(collected, output / "summary.json")
    typer.echo(f"{collected.pairs.total():,} pairs of {len(listed) - len(collected.failed)} repositories in {output}")
