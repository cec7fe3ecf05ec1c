"""The walk outside of git against git itself, on random trees and patterns."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.crawl import crawl
from indexer.ignore import Rules, lines_of

NAMES = ["a", "b", "ab", "a.c", "b.c", "a b", "[a]", "-", "é", "A", "a*", "!a", "#a", "a\\"]

name = st.sampled_from(NAMES)
file_path = st.lists(name, min_size=1, max_size=4).map("/".join)
segment = st.one_of(
    name,
    st.sampled_from(
        [
            "*",
            "**",
            "?",
            "*.c",
            "a*",
            "*b",
            "[ab]",
            "[!a]",
            "[^a]",
            "[a-c].c",
            "\\!a",
            "\\#a",
            "a\\*",
            "?b",
            "*.*",
            "*a*b*",
            "*a*.*c",
        ]
    ),
)
pattern = st.builds(
    lambda negated, anchored, segments, folder: negated + anchored + "/".join(segments) + folder,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(segment, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)
patterns = st.lists(pattern, min_size=1, max_size=6)


def plant(root: Path, files: list[str], ignore_files: dict[str, list[str]]) -> None:
    for file in files:
        path = root / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    for folder, lines in ignore_files.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_bytes("\n".join(lines).encode())


def listed_by_git(root: Path) -> set[str]:
    subprocess.run(["git", "init", "--quiet", "--template="], cwd=root, check=True)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True)
    return set(os.fsdecode(done.stdout).split("\0")[:-1])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(file_path, min_size=1, max_size=15),
    at_root=patterns,
    below=st.dictionaries(st.sampled_from(["a", "b", "a/b", "ab"]), patterns, max_size=2),
)
@example(["a/a.c", "a/b/a.c", "b"], ["*", "!*/", "!*.c"], {})
@example(["a/b/a.c", "a/b/b.c", "a/a.c"], ["a/**", "!a/**/", "!a/**/a.c"], {})
@example(["a/a.c", "a/b.c"], ["a/*", "!a/a.c"], {"a": ["a.c", "!b.c"]})
@example(["a/b/a.c", "b/a.c"], ["a/", "!a/b/"], {"a/b": ["!a.c"]})
@example(["a/b", "b/a/b", "a b"], ["**/b/", "/a/b", "a b "], {})
@example(["é"], ["[!a]"], {})
@example(["é", "a/é"], ["?", "!a"], {})
@example(["é"], ["??"], {})
@example(["a/a", "b/a/a"], ["a\\/a"], {})
@example(["a", "b/a"], ["\\/a", "!\\/b"], {})
@example(["a\\/a", "a/a"], ["a\\\\/a"], {})
def test_a_walk_finds_the_files_that_git_does_not_ignore(
    files: list[str], at_root: list[str], below: dict[str, list[str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        plant(root, files, {"": at_root, **below})
        walked = {file.path for file in crawl(root)}
        assert walked == listed_by_git(root)


@pytest.mark.parametrize(
    ("lines", "path", "is_folder", "verdict"),
    [
        (b"*.log", "a/b.log", False, True),
        (b"*.log\n!b.log", "a/b.log", False, False),
        (b"*.log\r\n!b.log\r\n", "a/b.log", False, False),
        (b"\xef\xbb\xbf*.log", "b.log", False, True),
        (b"# *.log\n\n   \n", "b.log", False, None),
        (b"build/", "build", False, None),
        (b"build/", "build", True, True),
        (b"/build", "a/build", True, None),
        (b"a/**", "a", True, None),
        (b"a/**", "a/x/y", False, True),
        (b"caf\xe9", "caf\udce9", False, True),
        (b"broken\\", "broken\\", False, None),
        (b"[z-a]", "b", False, None),
        (b"[[a]", "[", False, True),
        (b"x[[:digit:]_].c", "x7.c", False, True),
        (b"x[[:digit:]_].c", "xd.c", False, None),
    ],
)
def test_a_pattern_decides(lines: bytes, path: str, is_folder: bool, verdict: bool | None) -> None:
    assert Rules().with_lines("", lines_of(lines)).verdict(path, is_folder) is verdict


def test_the_nearest_folder_has_the_first_word() -> None:
    rules = Rules().with_lines("", ["*.c", "!keep.c"]).with_lines("src", ["keep.c", "/main.c", "!x.c"])
    assert rules.verdict("src/keep.c", False) is True
    assert rules.verdict("src/x.c", False) is False
    assert rules.verdict("src/y.c", False) is True
    assert rules.verdict("src/sub/main.c", False) is True
    assert rules.verdict("src/readme", False) is None


@pytest.mark.parametrize(("pattern", "path"), [("*a" * 30 + "*b", "a" * 255), ("**/a/" * 30 + "b", "a/" * 1000 + "c")])
def test_a_pattern_made_to_take_for_ever_does_not(pattern: str, path: str) -> None:
    started = time.perf_counter()
    assert Rules().with_lines("", [pattern]).verdict(path, is_folder=False) is None
    assert time.perf_counter() - started < 1.0
