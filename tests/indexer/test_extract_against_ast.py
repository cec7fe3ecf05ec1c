"""Python's own parser must agree on every definition of the standard library and of installed packages."""

from __future__ import annotations

import ast
import random
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import _pytest
import hypothesis
import numpy
import pytest

from indexer.extract import extract
from indexer.languages import LANGUAGES

FOLDERS = {
    "standard library": Path(sysconfig.get_path("stdlib")),
    "numpy": Path(numpy.__file__).parent,
    "hypothesis": Path(hypothesis.__file__).parent,
    "pytest": Path(_pytest.__file__).parent,
}
FILES = 100
"""How many files of a folder are compared; all of them take minutes."""
UNREADABLE = {"test_compile.py"}
"""Files that tree-sitter-python misreads: a line at column 0 within the brackets of an inner block."""

Place = tuple[str, str, str, int, int]


def sources(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that Python itself can read."""
    found = [path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.relative_to(folder).parts]
    for path in random.Random(0).sample(found, min(FILES, len(found))):
        try:
            source = path.read_bytes().decode()
            ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        if path.name not in UNREADABLE:
            yield path, source


def places_by_ast(source: str) -> Counter[Place]:
    found: Counter[Place] = Counter()
    waiting: list[tuple[ast.AST, str]] = [(ast.parse(source), "")]
    while waiting:
        parent, prefix = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            qualified = prefix
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                qualified = f"{prefix}.{node.name}".lstrip(".")
                kind = "class" if isinstance(node, ast.ClassDef) else "def"
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                assert node.end_lineno is not None
                found[kind, node.name, qualified, first, node.end_lineno] += 1
            waiting.append((node, qualified))
    return found


def places_by_extract(source: str, path: Path) -> Counter[Place]:
    return Counter(
        ("class" if unit.kind == "class" else "def", unit.name, unit.qualified_name, unit.start_line, unit.end_line)
        for unit in extract(source, path.name, LANGUAGES["python"])
        if unit.kind in ("function", "method", "class")
    )


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_python_itself_finds_the_same_names_at_the_same_lines(folder: Path) -> None:
    compared = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        for path, source in sources(folder):
            assert places_by_extract(source, path) == places_by_ast(source), path
            compared += 1
    assert compared > 20


def test_docstrings_are_those_that_python_reads() -> None:
    compared = 0
    for path, source in list(sources(FOLDERS["standard library"]))[:80]:
        by_line = {
            node.lineno: ast.get_docstring(node)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list
        }
        for unit in extract(source, path.name, LANGUAGES["python"]):
            expected = by_line.get(unit.start_line)
            if unit.kind in ("function", "method") and expected and "\\" not in unit.text:
                assert unit.docstring == expected.strip(), (path, unit.qualified_name)
                compared += 1
    assert compared > 100
