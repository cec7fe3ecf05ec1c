"""Kills index runs at random moments and checks that nothing is lost and nothing wrong is left.

    python benchmarks/faults.py --kills 100

Each run is ended by SIGKILL. Then the index must open and answer from what was committed, a second run must complete
it and read no file again that an index made from nothing had committed, and its files, functions, vectors and answers
must be those of a run that nothing disturbed. Every third kill meets a run on an empty folder, every third a run that
catches up with changed files, every third a run that goes on after another kill. Prints a table and exits with 1 if
one check failed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machine import machine

from codesearch import CodeIndex, load_encoder
from codesearch.encoders.protocol import Encoder
from eval.markdown import table
from indexer.errors import StoreError
from indexer.mend import is_stamped
from indexer.store import DATABASE
from indexer.words import WordIndex

SOURCES = ("json", "http", "logging")
SITUATIONS = ("on an empty folder", "with changed files", "after another kill")
QUERIES = (
    "parse a date from a header",
    "decode a JSON document",
    "send a request and read the response",
    "rotate log files by size",
    "HTTPConnection.request",
)


@dataclass
class Content:
    """All that a user could tell two indexes apart by."""

    files: list[Any]
    functions: list[Any]
    vectors: dict[bytes, bytes]
    answers: list[Any]

    def differences(self, other: Content) -> list[str]:
        return [
            name for name in ("files", "functions", "vectors", "answers") if getattr(self, name) != getattr(other, name)
        ]


def content(index: CodeIndex) -> Content:
    rows = index.store.connection.execute
    return Content(
        rows("SELECT path, size, digest, language, skipped FROM files ORDER BY path").fetchall(),
        rows(
            "SELECT path, kind, qualified_name, start_line, end_line, functions.digest FROM functions "
            "JOIN files ON files.id = file_id ORDER BY 1, 4, 5, 2, 3"
        ).fetchall(),
        dict(rows("SELECT digest, vector FROM vectors WHERE digest IN (SELECT digest FROM functions)")),
        [[(hit.path, hit.start_line, hit.qualified_name) for hit in index.search(query)] for query in QUERIES],
    )


@dataclass
class Trial:
    """Where and how indexes are made; the corpus is a copy that may be edited."""

    original: Path
    corpus: Path
    index_dir: Path
    encoder_name: str
    encoder: Encoder
    committed: int = 0
    """Files that the killed run had committed."""
    read: int = 0
    """Files that the last complete run read."""
    failures: list[str] = field(default_factory=list)
    stages: Counter[str] = field(default_factory=Counter)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "codesearch", "index", str(self.corpus), "--index-dir", str(self.index_dir)]
        return subprocess.Popen(
            [*command, "--encoder", self.encoder_name, "--quiet"],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            # The process that clears away after killed workers says so.
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def build(self, index_dir: Path | None = None) -> Content:
        with CodeIndex.build(self.corpus, encoder=self.encoder, index_dir=index_dir or self.index_dir) as index:
            self.read = index.report.read if index.report else 0
            return content(index)

    def differences(self, before: Path) -> list[str]:
        """Complete the killed run, and compare it with one from ``before`` that nothing disturbs.

        BM25 counts deleted functions until the word index is built anew, which a kill can bring about earlier, so the
        answers may also be those of an index made from nothing.
        """
        from_nothing = not before.exists()
        completed = self.build()
        if from_nothing and self.read > len(completed.files) - self.committed:
            return [f"{self.read} of {len(completed.files)} files read again, of which {self.committed} were committed"]
        differences = completed.differences(self.build(before))
        if differences != ["answers"]:
            return differences
        shutil.rmtree(before)
        return completed.differences(self.build(before))

    def check_after_kill(self) -> str:
        """What the killed run left; it must open and answer."""
        self.committed = 0
        try:
            with CodeIndex.open(self.corpus, encoder=self.encoder, index_dir=self.index_dir) as index:
                for query in QUERIES:
                    index.search(query)
                self.committed = index.store.count("files")
                return stage(index)
        except StoreError as error:
            if "no index in" in str(error):
                return "before there was a database"
            raise


def stage(index: CodeIndex) -> str:
    """How far the run had come."""
    store = index.store
    if store.meta("pending") != "0":
        return "while files were read"
    if not WordIndex(store.folder).is_whole(store):
        return "while words were indexed"
    if store.count_unencoded(store.encoder_id(index.encoder.name)):
        return "while functions were encoded"
    return "at the end" if is_stamped(store.folder) else "while the run was finished"


def seconds_of_a_run(trial: Trial) -> tuple[float, float]:
    """When a run has begun to write and when it has ended, in seconds after its start."""
    started = time.monotonic()
    process = trial.start()
    begun = None
    while process.poll() is None:
        if begun is None and any(trial.index_dir.rglob(DATABASE)):
            begun = time.monotonic() - started
        time.sleep(0.005)
    if process.returncode:
        raise SystemExit("the undisturbed run failed")
    return begun or 0.0, time.monotonic() - started


def kill_one(trial: Trial, moment: float) -> bool:
    """Whether the run was still going on."""
    process = trial.start()
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    if process.wait() > 0:
        raise SystemExit("a run failed before it was killed")
    return process.returncode == -signal.SIGKILL


def edit(trial: Trial, choice: random.Random) -> None:
    """Change, delete and add some functions and files."""
    files = sorted(trial.corpus.rglob("*.py"))
    for path in choice.sample(files, 4):
        shutil.copy(path, path.with_name(f"{path.stem}_{choice.randrange(10**6)}.py"))
        if choice.random() < 0.5:
            path.unlink()
        else:
            with path.open("a") as file:
                file.write(f"\n\ndef added_{choice.randrange(10**6)}():\n    return 1\n")


def prepare(trial: Trial, situation: str, choice: random.Random, moment: float) -> Path:
    """Bring about the situation that the kill is to meet; returns a copy of the indexes."""
    before = trial.index_dir.with_name("undisturbed")
    shutil.rmtree(before, ignore_errors=True)
    if situation == "with changed files":
        trial.build()
        shutil.copytree(trial.index_dir, before)
        edit(trial, choice)
        return before
    start_over(trial)
    if situation == "after another kill":
        kill_one(trial, moment)
    return before


def start_over(trial: Trial) -> None:
    """The corpus as it was, and no index."""
    shutil.rmtree(trial.index_dir)
    shutil.rmtree(trial.corpus)
    shutil.copytree(trial.original, trial.corpus)


def run(trial: Trial, kills: int, choice: random.Random) -> None:
    begin, end = seconds_of_a_run(trial)
    whole = trial.build()
    print(f"a run takes {end:.2f} s, {len(whole.files)} files, {len(whole.functions)} functions", file=sys.stderr)
    done = 0
    while done < kills:
        situation = SITUATIONS[done % len(SITUATIONS)]
        before = prepare(trial, situation, choice, choice.uniform(begin, end))
        # Catching up takes a part of the time.
        latest = begin + (end - begin) * (0.5 if before.exists() else 1.0)
        if not kill_one(trial, choice.uniform(0.9 * begin, latest)):
            start_over(trial)  # the run was quicker than the one that was timed: the machine is less busy than it was
            begin, end = seconds_of_a_run(trial)
            continue
        done += 1
        try:
            left = trial.check_after_kill()
            differences = trial.differences(before)
        except Exception as error:
            left, differences = "refused", [f"{type(error).__name__}: {error}"]
        trial.stages[left] += 1
        if done % 10 == 0:
            print(f"{done} kills", file=sys.stderr)
        if differences:
            trial.failures.append(f"kill {done} ({situation}; {left}): {', '.join(differences)}")
            print(trial.failures[-1], file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--source", type=Path, help="folder to index instead of a part of the standard library")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        original, corpus = Path(folder, "original"), Path(folder, "corpus")
        if chosen.source:
            shutil.copytree(chosen.source, original)
        else:
            for name in SOURCES:
                shutil.copytree(Path(os.__file__).parent / name, original / name)
        shutil.copytree(original, corpus)
        trial = Trial(original, corpus, Path(folder, "indexes"), chosen.encoder, load_encoder(chosen.encoder))
        run(trial, chosen.kills, random.Random(chosen.seed))
    rows = [[stage, str(count)] for stage, count in trial.stages.most_common()]
    rows.append(["completed to the same content", str(chosen.kills - len(trial.failures))])
    print(f"{machine()}\n\n{table(['killed', 'kills'], rows)}")
    sys.exit(1 if trial.failures else 0)


if __name__ == "__main__":
    main()
