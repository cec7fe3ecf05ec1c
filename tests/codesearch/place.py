"""An indexed root, through the command line and through Python, as the tests of faults need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from codesearch import CodeIndex

QUERY = "parse the value of a header"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "codesearch", *map(str, arguments)]


def codesearch(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload, no-any-return]


def is_one_line(done: subprocess.CompletedProcess[str]) -> bool:
    return done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1


def write_source(root: Path, files: int, functions: int = 40) -> None:
    root.mkdir(exist_ok=True)
    for number in range(files):
        (root / f"module_{number}.py").write_text(
            "".join(
                f'def parse_header_{number}_{i}(value):\n    """Parse header {i} of module {number}."""\n'
                f"    return value.split('{i}')[{number}]\n\n\n"
                for i in range(functions)
            )
        )


class Place:
    """A root with an index that is made once and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self.root, self.index_dir = folder / "root", folder / "indexes"

    def index(self) -> subprocess.CompletedProcess[str]:
        return codesearch("index", self.root, "--index-dir", self.index_dir)

    def search(self, *options: str) -> subprocess.CompletedProcess[str]:
        return codesearch("search", QUERY, self.root, "--index-dir", self.index_dir, "--format", "vimgrep", *options)

    @property
    def folder(self) -> Path:
        return next(path.parent for path in self.index_dir.rglob("index.lock"))

    def answers(self) -> list[tuple[str, int]]:
        """In this process, which is quicker; notes go to ``notes``."""
        with CodeIndex.build(self.root, index_dir=self.index_dir, enclosing=True) as index:
            self.notes = index.notes
            return [(hit.path, hit.start_line) for hit in index.search(QUERY)]
