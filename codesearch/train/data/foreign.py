"""The functions that training must not see, not even as copies: those that benchmarks ask about."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from codesearch.errors import CodesearchError
from codesearch.train.data.functions import source_files, without_docstring
from codesearch.train.data.git_objects import export
from indexer.extract import extract
from indexer.languages import LANGUAGES


def functions_of(path: Path) -> list[str]:
    """Return the functions without docstrings of a git directory's newest commit, or of a benchmark's file.

    Such a file is a JSON object with the source of a Python function as each key (CoSQA's ``code_idx_map.txt``).

    Raises:
        CodesearchError: ``path`` is neither.
    """
    if path.is_dir():
        with tempfile.TemporaryDirectory(prefix="codesearch-") as folder:
            export(path, "HEAD", Path(folder))
            return [
                without_docstring(function, file.language)
                for file in source_files(Path(folder))
                if file.language is not None
                for function in file.functions
                if function.kind in ("function", "method")
            ]
    try:
        functions = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CodesearchError(f"cannot read functions from {path}: {error}") from None
    if not isinstance(functions, dict):
        raise CodesearchError(f"{path}: expected a JSON object with functions as keys")
    python = LANGUAGES["python"]
    return [
        without_docstring(unit, python)
        for source in functions
        for unit in extract(source, "function.py", python)
        if unit.kind in ("function", "method")
    ]
