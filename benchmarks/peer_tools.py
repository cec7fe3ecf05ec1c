"""The tools that are compared: how each is told to search, what it indexed, and a warm query in its own Python."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

_WARM = """
import json, statistics, sys, time
{imports}
root, cache, queries = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
{opening}
for query in queries:
    search(query)
times = []
for _ in range(5):
    for query in queries:
        started = time.perf_counter()
        search(query)
        times.append(time.perf_counter() - started)
print(statistics.median(times))
"""


class Tool(Protocol):
    """One searcher: `search` in a folder never indexed builds the index, later it brings the index up to date."""

    name: str

    def search(self, root: Path, cache: Path, query: str) -> list[str]:
        """The command that searches ``root``, with its index below ``cache``."""

    def environment(self, cache: Path) -> dict[str, str]:
        """What the command needs to be told in the environment."""

    def indexed(self, root: Path, cache: Path) -> set[str]:
        """The files that were indexed, relative to ``root``."""

    def warm_seconds(self, root: Path, cache: Path, queries: Sequence[str]) -> float:
        """Median time of a query in Python in an index that is open."""


class Codesearch:
    """This project, as it is installed beside the Python that runs this script."""

    name = "codesearch"

    def __init__(self) -> None:
        self._command = Path(sys.executable).parent / "codesearch"
        if not self._command.exists():
            raise SystemExit(f"{self._command} does not exist: install the project in this environment first")

    def search(self, root: Path, cache: Path, query: str) -> list[str]:
        return [str(self._command), "search", query, str(root), "-k", "10", "--json", "--index-dir", str(cache)]

    def environment(self, cache: Path) -> dict[str, str]:
        return {}

    def indexed(self, root: Path, cache: Path) -> set[str]:
        with closing(self._database(cache)) as database:
            return {path for (path,) in database.execute("SELECT path FROM files WHERE skipped IS NULL")}

    def functions(self, cache: Path) -> dict[str, int]:
        """Number of functions of each file."""
        with closing(self._database(cache)) as database:
            return dict(
                database.execute("SELECT path, count(*) FROM functions JOIN files ON files.id = file_id GROUP BY path")
            )

    def _database(self, cache: Path) -> sqlite3.Connection:
        (path,) = cache.glob("*/index.db")
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def warm_seconds(self, root: Path, cache: Path, queries: Sequence[str]) -> float:
        script = _WARM.format(
            imports="from pathlib import Path\nfrom codesearch import CodeIndex",
            opening="search = CodeIndex.open(root, index_dir=Path(cache)).search",
        )
        return _run_warm(Path(sys.executable), script, root, cache, queries, {})


class Semble:
    """semble (https://github.com/MinishLab/semble) with a model from a local folder."""

    name = "semble"

    def __init__(self, command: Path, model: Path) -> None:
        self._command = command
        self._model = model.resolve()

    @property
    def python(self) -> Path:
        """The Python that semble is installed beside."""
        return self._command.parent / "python"

    def search(self, root: Path, cache: Path, query: str) -> list[str]:
        return [str(self._command), "search", query, str(root), "-k", "10"]

    def environment(self, cache: Path) -> dict[str, str]:
        return {
            "SEMBLE_MODEL_NAME": str(self._model),
            "SEMBLE_CACHE_LOCATION": str(cache.resolve()),
            "HF_HUB_OFFLINE": "1",
        }

    def indexed(self, root: Path, cache: Path) -> set[str]:
        (path,) = cache.glob("*/index/metadata.json")
        return set(json.loads(path.read_text("utf-8"))["files"])

    def warm_seconds(self, root: Path, cache: Path, queries: Sequence[str]) -> float:
        script = _WARM.format(
            imports="from semble import SembleIndex",
            opening="index = SembleIndex.from_path(root)\nsearch = lambda query: index.search(query, top_k=10)",
        )
        return _run_warm(self.python, script, root, cache, queries, self.environment(cache))


def _run_warm(
    python: Path, script: str, root: Path, cache: Path, queries: Sequence[str], environment: dict[str, str]
) -> float:
    command = [str(python), "-c", script, str(root), str(cache), json.dumps(list(queries))]
    output = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if output.returncode:
        raise SystemExit(f"{python} failed:\n{output.stderr}")
    return float(output.stdout)
