"""Compare codesearch with semble by whole processes: the same folders, the same machine, turn by turn.

    python benchmarks/peers.py ROOT... --semble BIN --model FOLDER [--repeats 5] [--output peers.json]

``BIN`` is semble's command in an environment of its own, ``FOLDER`` a model2vec model for it. Every ROOT is copied
into a scratch folder as a new git work tree; with ``--files common``, the default, only the files that both tools
index are copied, so that both do the same work; with ``--files own`` each takes what it takes. Both tools are asked
by the command that a user types, `search`, which builds the index the first time and brings it up to date later:

* cold: no index yet; then unchanged: the same again; then changed: one file has a new function;
* search: unchanged, with about ``--functions`` functions taken from the first ROOT; and a warm query in Python there.

Each run of one tool is followed by the same run of the other, the first one changing from repeat to repeat. What was
measured is in ``--output`` after every repeat, and a second start with the same file goes on from there. Prints
Markdown with medians and with the median of the ratios of neighbouring runs, which other load moves least.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from machine import machine
from measured import Measured, measure
from peer_tools import Codesearch, Semble, Tool

from eval.markdown import table

QUERIES = (
    "read a file and return its lines",
    "parse a date from a string",
    "retry a request after a failure",
    "convert between units",
    "check whether two objects are equal",
    "write a table to disk",
    "close the connection when it is idle",
    "merge two sorted lists",
)
_CHANGE = {
    ".py": "\ndef added_{n}(rows):\n    return [row for row in rows if row]\n",
    ".java": "\nclass Added{n} {{ int twice(int number) {{ return 2 * number; }} }}\n",
    ".go": "\nfunc added{n}(number int) int {{ return 2 * number }}\n",
}
_SEARCHES_PER_REPEAT = 3

Result = dict[str, Any]


def main() -> None:
    arguments = _arguments()
    tools = [Codesearch(), Semble(arguments.semble, arguments.model)]
    results = _Results(arguments.output)
    with tempfile.TemporaryDirectory(prefix="peers-", dir=arguments.scratch) as scratch:
        for number, root in enumerate(arguments.roots):
            key = f"{root.resolve().name} ({arguments.files} files)"
            searched = f"{key}, {arguments.functions:,} functions" if number == 0 else ""
            if results.have(key, "changed", arguments.repeats) and (
                not searched or results.have(searched, "warm query", arguments.repeats)
            ):
                continue
            bench = _Bench(tools, Path(scratch) / str(number), key, results)
            bench.copy(root, only_common=arguments.files == "common")
            bench.refreshes(arguments.repeats)
            if searched:
                small = _Bench(tools, Path(scratch) / "search", searched, results)
                small.copy_some(bench, arguments.functions)
                small.searches(arguments.repeats)
    print(report(results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--semble", type=Path, required=True, metavar="BIN")
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--files", choices=("common", "own"), default="common")
    parser.add_argument("--functions", type=int, default=10_000)
    parser.add_argument("--scratch", type=Path, help="where the copies and indexes go for the time being")
    parser.add_argument("--output", type=Path, default=Path("peers.json"))
    return parser.parse_args()


class _Results:
    """What was measured so far, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.content: Result = {"machine": machine(), "command": " ".join(sys.argv), "roots": {}}
        if path.exists():
            before = json.loads(path.read_text("utf-8"))
            if before["command"] != self.content["command"]:
                raise SystemExit(f"{path} was measured by {before['command']}: give another --output, or delete it")
            self.content = before  # with the machine and the day that it began with

    def root(self, key: str) -> Result:
        return self.content["roots"].setdefault(key, {"facts": {}, "stages": {}})  # type: ignore[no-any-return]

    def runs(self, key: str, stage: str) -> list[Result]:
        """One entry a repeat: what each tool took, by its name."""
        return self.root(key)["stages"].setdefault(stage, [])  # type: ignore[no-any-return]

    def have(self, key: str, stage: str, repeats: int) -> bool:
        return len(self.content["roots"].get(key, {"stages": {}})["stages"].get(stage, [])) >= repeats

    def save(self) -> None:
        self._path.write_text(json.dumps(self.content, indent=1) + "\n", "utf-8")


class _Bench:
    """One folder that both tools index, and their indexes beside it."""

    def __init__(self, tools: Sequence[Tool], folder: Path, key: str, results: _Results) -> None:
        self.tools = tools
        self.root = folder / "root"
        self._caches = {tool.name: folder / tool.name for tool in tools}
        self._key = key
        self._results = results

    # Folders

    def copy(self, root: Path, only_common: bool) -> None:
        """Copy a root, or only those of its files that both tools index."""
        _copy(root, _tracked(root), self.root)
        if only_common:
            self._index()
            common = self._common()
            shutil.rmtree(self.root)
            _copy(root, common, self.root)

    def copy_some(self, other: _Bench, functions: int) -> None:
        """Copy as many files of another bench as hold about so many functions, and index them."""
        other._index()
        held = other._functions()
        chosen: list[str] = []
        count = 0
        for path in sorted(other._common()):
            if count < functions:
                chosen.append(path)
                count += held.get(path, 0)
        _copy(other.root, chosen, self.root)
        self._index()
        self._keep_facts()

    def _index(self) -> None:
        """Index without measuring."""
        for tool in self.tools:
            self._run(tool)

    def _indexed(self) -> dict[str, set[str]]:
        return {tool.name: tool.indexed(self.root, self._caches[tool.name]) for tool in self.tools}

    def _common(self) -> set[str]:
        return set.intersection(*self._indexed().values())

    def _functions(self) -> dict[str, int]:
        codesearch = next(tool for tool in self.tools if isinstance(tool, Codesearch))
        return codesearch.functions(self._caches[codesearch.name])

    def _keep_facts(self) -> None:
        size = sum(path.stat().st_size for path in map(self.root.joinpath, set.union(*self._indexed().values())))
        self._results.root(self._key)["facts"] = {
            "files": {name: len(paths) for name, paths in self._indexed().items()},
            "functions": sum(self._functions().values()),
            "megabytes": size / 1e6,
            "index_megabytes": {name: _size(cache) for name, cache in self._caches.items()},
        }
        self._results.save()

    # Measuring

    def refreshes(self, repeats: int) -> None:
        """Cold, unchanged and changed runs of both tools."""
        for repeat in range(len(self._results.runs(self._key, "changed")), repeats):
            self._both("cold", repeat, lambda tool: self._run(tool, fresh=True))
            if not repeat:
                self._keep_facts()
            self._both("unchanged", repeat, self._run)
            self._change(repeat)
            self._both("changed", repeat, self._run)
            self._results.save()

    def _change(self, number: int) -> None:
        changeable = sorted(path for path in self._common() if Path(path).suffix in _CHANGE)
        if not changeable:
            raise SystemExit(f"no file with one of {', '.join(_CHANGE)} to change in {self._key}")
        path = changeable[len(changeable) // 2]
        with (self.root / path).open("a") as file:
            file.write(_CHANGE[Path(path).suffix].format(n=number))

    def searches(self, repeats: int) -> None:
        """Whole processes in an index that is up to date, and a warm query in Python."""
        for repeat in range(len(self._results.runs(self._key, "warm query")), repeats):
            for turn in range(_SEARCHES_PER_REPEAT):
                self._both("search", repeat * _SEARCHES_PER_REPEAT + turn, self._run)
            self._both("warm query", repeat, self._warm)
            self._results.save()

    def _both(self, stage: str, repeat: int, run: Callable[[Tool], Measured]) -> None:
        turns = self.tools if repeat % 2 == 0 else self.tools[::-1]
        entry = {tool.name: asdict(run(tool)) for tool in turns}
        runs = self._results.runs(self._key, stage)
        runs[repeat:] = [entry]
        shown = ", ".join(f"{name} {took['seconds']:.3f} s" for name, took in entry.items())
        print(f"{self._key}: {stage} {repeat + 1}: {shown}", file=sys.stderr)

    def _run(self, tool: Tool, fresh: bool = False) -> Measured:
        cache = self._caches[tool.name]
        if fresh:
            shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        return measure(tool.search(self.root, cache, QUERIES[0]), tool.environment(cache))

    def _warm(self, tool: Tool) -> Measured:
        return Measured(tool.warm_seconds(self.root, self._caches[tool.name], QUERIES), 0.0, 0.0)


def _tracked(root: Path) -> list[str]:
    """The files of a work tree or of any other folder, relative to it."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode == 0:
        return [path.decode("utf-8", "surrogateescape") for path in listed.stdout.split(b"\0") if path]
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


def _copy(root: Path, paths: Iterable[str], to: Path) -> None:
    """Copy these files into a new git work tree."""
    for path in paths:
        if (root / path).is_file() and not (root / path).is_symlink():
            (to / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, to / path)
    git = ["git", "-C", str(to), "-c", "user.name=b", "-c", "user.email=b@b", "-c", "gc.auto=0"]
    for command in (["init", "-q"], ["add", "-A", "-f", "."], ["commit", "-q", "-m", "copy"]):
        subprocess.run([*git, *command], check=True, capture_output=True)


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


# The report


def report(results: _Results) -> str:
    """Markdown: what was indexed, then one row for each stage of each folder."""
    roots = results.content["roots"]
    facts = [
        [
            key,
            *(f"{root['facts']['files'][name]:,}" for name in ("codesearch", "semble")),
            f"{root['facts']['functions']:,}",
            f"{root['facts']['megabytes']:.1f}",
            *(f"{root['facts']['index_megabytes'][name]:.1f}" for name in ("codesearch", "semble")),
        ]
        for key, root in roots.items()
    ]
    header = ["folder", "files, codesearch", "files, semble", "functions", "MB", "index MB, codesearch", "semble"]
    rows = [_row(key, stage, runs) for key, root in roots.items() for stage, runs in root["stages"].items() if runs]
    measured = ["folder", "job", "runs", "codesearch", "semble", "ratio", "CPU ratio", "peak MB, codesearch", "semble"]
    return f"{results.content['machine']}\n\n{table(header, facts)}\n\n{table(measured, rows)}\n"


def _row(key: str, stage: str, runs: list[Result]) -> list[str]:
    def of(name: str, what: str) -> float:
        return median(run[name][what] for run in runs)

    def ratio(what: str) -> str:
        pairs = [(run["codesearch"][what], run["semble"][what]) for run in runs]
        return f"{median(ours / theirs for ours, theirs in pairs):.2f}" if all(pairs[0]) else ""

    shown = (lambda s: f"{1000 * s:.2f} ms") if stage == "warm query" else (lambda s: f"{s:.2f} s")
    peaks = [f"{of(name, 'peak_mb'):,.0f}" if stage != "warm query" else "" for name in ("codesearch", "semble")]
    times = [shown(of(name, "seconds")) for name in ("codesearch", "semble")]
    return [key, stage, str(len(runs)), *times, ratio("seconds"), ratio("cpu_seconds"), *peaks]


if __name__ == "__main__":
    main()
