"""Pairs of a commit's subject and the function that the commit changes most."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codesearch.train.data.clean import subject_text
from codesearch.train.data.docstrings import TEST_NAME, Described
from codesearch.train.data.functions import is_copied, is_test, is_worth_training, without_docstring
from codesearch.train.data.git_objects import Blobs, git_output
from indexer.content import looks_generated, looks_minified
from indexer.extract import extract
from indexer.function import Function
from indexer.languages import language_of
from indexer.source import decode

NEWEST = 4000
"""So many commits are looked at, from the newest back."""
MAX_FILES = 3
"""Source files without tests that a commit may change."""
MAX_FUNCTIONS = 3
SAME_FUNCTION = 3
"""So many commits of one function are taken."""
FILE_BYTES = 150_000
"""Changes of larger files are left out: a thousand versions of them would have to be parsed."""

_RECORD = "\x1e"
_HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_FILE = re.compile(r"^diff --git .*?$", re.MULTILINE)


@dataclass(slots=True)
class _Change:
    """A commit that may become a pair."""

    commit: str
    text: str
    blobs: dict[str, str] = field(default_factory=dict)
    """The new contents of its source files by path."""
    objects: list[str] = field(default_factory=list)
    """The contents of all its files, before and after."""


def commit_pairs(git_directory: Path, head: str, limit: int, seconds: float) -> Iterator[tuple[str, Described]]:
    """Yield commits and what they say about a function, the newest first.

    At most ``limit`` of them, and none after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    changes = _complete(git_directory, list(_changes(git_directory, head)))[: 4 * limit]
    hunks = _changed_lines(git_directory, [change.commit for change in changes])
    taken: Counter[str] = Counter()
    with Blobs(git_directory) as blobs:
        for change in changes:
            if taken.total() >= limit or time.monotonic() > deadline:
                return
            described = _most_changed(change, hunks.get(change.commit, {}), blobs)
            if described is None:
                continue
            key = f"{described.path}:{described.function.qualified_name}"
            if taken[key] < SAME_FUNCTION:
                taken[key] += 1
                yield change.commit, described


def _changes(git_directory: Path, head: str) -> Iterator[_Change]:
    """Yield the commits whose subject is worth having and that change few source files."""
    log = git_output(
        git_directory, "log", "--no-merges", "-n", str(NEWEST), "--raw", "--no-abbrev", "--no-renames",
        f"--format={_RECORD}%H%x00%s", head,
    )  # fmt: skip
    for record in log.split(_RECORD)[1:]:
        header, _, raw = record.partition("\n")
        commit, _, subject = header.partition("\0")
        text = subject_text(subject)
        if text is None:
            continue
        change = _Change(commit, text)
        for line in raw.split("\n"):
            about, _, path = line.partition("\t")
            fields = about.split()
            change.objects += [name for name in fields[2:4] if name.strip("0")]
            is_source = language_of(path) is not None and not is_test(path) and not is_copied(path)
            if is_source and len(fields) == 5 and fields[4] in "AM":
                change.blobs[path] = fields[3]
        if 1 <= len(change.blobs) <= MAX_FILES:
            yield change


def _complete(git_directory: Path, changes: list[_Change]) -> list[_Change]:
    """Return the commits all of whose files are there: a partial clone lacks some, and git stops at the first."""
    names = {name for change in changes for name in change.objects}
    answer = git_output(git_directory, "cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in names))
    missing = {line.split()[0] for line in answer.splitlines() if line.endswith(" missing")}
    return [change for change in changes if missing.isdisjoint(change.objects)]


def _changed_lines(git_directory: Path, commits: list[str]) -> dict[str, dict[str, list[range]]]:
    """Return, by commit and path, the lines of the new file that the commit added or changed."""
    if not commits:
        return {}
    patch = git_output(
        git_directory, "diff-tree", "--stdin", "-r", "-p", "-U0", "--no-renames", "--no-color", "--no-ext-diff",
        f"--format={_RECORD}%H", stdin="".join(f"{commit}\n" for commit in commits),
    )  # fmt: skip
    lines: dict[str, dict[str, list[range]]] = {}
    for record in patch.split(_RECORD)[1:]:
        commit, _, body = record.partition("\n")
        files: dict[str, list[range]] = {}
        for piece in _FILE.split(body)[1:]:
            found = re.search(r"^\+\+\+ b/(.*)$", piece, re.MULTILINE)
            if found:
                files[found[1].rstrip("\t")] = [_new_lines(match) for match in _HUNK.finditer(piece)]
        lines[commit.strip()] = files
    return lines


def _new_lines(hunk: re.Match[str]) -> range:
    first, count = int(hunk[2]), int(hunk[3] or 1)
    # Where lines were only taken out, the hunk names the line before them.
    return range(first, first + max(count, 1))


def _most_changed(change: _Change, hunks: dict[str, list[range]], blobs: Blobs) -> Described | None:
    """Return the function with most changed lines, None if more than a few have any."""
    changed: list[tuple[int, Described]] = []
    for path, blob in change.blobs.items():
        language = language_of(path)
        data = blobs.read(blob) if hunks.get(path) else None
        if language is None or data is None or len(data) > FILE_BYTES or looks_generated(data) or looks_minified(data):
            continue
        source = decode(data)
        if source is None:
            continue
        functions = [unit for unit in extract(source, path, language) if unit.kind in ("function", "method")]
        for function in functions:
            count = sum(_overlap(lines, function) for lines in hunks[path])
            if count and not TEST_NAME.search(function.qualified_name):
                code = without_docstring(function, language)
                changed.append((count, Described(change.text, function, code, path, language)))
    if not 1 <= len(changed) <= MAX_FUNCTIONS:
        return None
    count, described = max(changed, key=lambda one: one[0])
    return described if is_worth_training(described.code) else None


def _overlap(lines: range, function: Function) -> int:
    return max(0, min(lines.stop, function.end_line + 1) - max(lines.start, function.start_line))
