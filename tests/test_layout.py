"""Imports go one way, and a search imports no more than it needs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("codesearch", "indexer", "eval")
HEAVY = ("torch", "transformers", "scipy", "sklearn", "sqlite_utils", "rich", "onnxruntime", "pandas", "matplotlib")


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_packages(file: Path) -> set[str]:
    """The top-level packages that a file names in any import statement, also within functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def importers(package: str, of: set[str]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in sources(package) if imported_packages(file) & of]


def test_the_indexer_knows_nothing_of_search_and_evaluation():
    assert importers("indexer", {"codesearch", "eval"}) == []


def test_the_search_knows_nothing_of_the_evaluation():
    assert importers("codesearch", {"eval"}) == []
    named = [file.name for file in sources("codesearch") if '"eval.' in file.read_text("utf-8")]
    assert named == ["app.py"]  # the table of commands that are imported when called


def test_nothing_is_imported_from_the_tests_or_the_benchmarks():
    for package in PACKAGES:
        assert importers(package, {"tests", "benchmarks"}) == []


def test_no_file_is_longer_than_people_read():
    long = {str(file): lines for package in PACKAGES for file in sources(package) if (lines := count_lines(file)) > 400}
    assert long == {}


def count_lines(file: Path) -> int:
    return file.read_text("utf-8").count("\n")


@pytest.fixture(scope="module")
def modules_of_a_search(tmp_path_factory) -> set[str]:
    """Every module that `codesearch search` has imported when it prints its answer into a pipe."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "dates.py").write_text("def parse_date(text):\n    return text.split('-')\n")
    environment = {**os.environ, "CODESEARCH_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-X", "importtime", "-m", "codesearch", "search", "parse a date", str(folder)]
    for _ in range(2):  # the first run makes the index
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0
        assert "parse_date" in done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("package", HEAVY)
def test_a_search_in_a_pipe_does_not_import(modules_of_a_search, package):
    assert not [name for name in modules_of_a_search if name == package or name.startswith(f"{package}.")]


@pytest.mark.parametrize("package", ["eval", "codesearch.train", "codesearch.matching"])
def test_a_search_imports_no_part_of_this_project_that_it_does_not_use(modules_of_a_search, package):
    assert not [name for name in modules_of_a_search if name == package or name.startswith(f"{package}.")]


def test_importing_the_package_imports_nothing_else():
    code = "import sys, codesearch; print([n for n in sys.modules if n in ('numpy', 'faiss', 'tantivy', 'typer')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "[]"
