"""CodeSearchNet's exact format, made from the functions of the running interpreter's standard library."""

from __future__ import annotations

import ast
import gzip
import inspect
import io
import json
import re
import tokenize
import zipfile
from importlib.util import find_spec
from pathlib import Path

MODULES = (
    "base64", "bisect", "calendar", "copy", "csv", "difflib", "fnmatch", "fractions", "getpass", "gzip", "heapq",
    "inspect", "mimetypes", "pprint", "queue", "random", "shutil", "statistics", "tempfile", "textwrap", "uuid",
)  # fmt: skip
SHA = "0" * 40


def records() -> list[dict[str, object]]:
    """One record for each documented function, in the order of the modules and lines; urls are unique."""
    found = []
    for module in MODULES:
        origin = find_spec(module).origin
        source = Path(origin).read_text(encoding="utf-8")
        lines = source.splitlines(keepends=True)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node)
                if docstring and len(docstring.split()) >= 4:
                    found.append(_record(module, lines, node, docstring))
    return found


def _record(module: str, source: list[str], node: ast.FunctionDef, docstring: str) -> dict[str, object]:
    lines = source[node.lineno - 1 : node.end_lineno]
    code = "".join(lines)[node.col_offset :].rstrip("\n")
    summary = docstring.split("\n\n")[0]
    return {
        "repo": "python/cpython",
        "path": f"Lib/{module}.py",
        "func_name": node.name,
        "original_string": code,
        "language": "python",
        "code": code,
        "code_tokens": _code_tokens(code, node),
        "docstring": docstring,
        "docstring_tokens": re.findall(r"\w+|[^\w\s]", summary),
        "sha": SHA,
        "url": f"https://github.com/python/cpython/blob/{SHA}/Lib/{module}.py#L{node.lineno}-L{node.end_lineno}",
        "partition": "test",
    }


def _code_tokens(code: str, node: ast.FunctionDef) -> list[str]:
    first = node.body[0]
    lines = range(first.lineno - node.lineno + 1, first.end_lineno - node.lineno + 2)
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(inspect.cleandoc(code) + "\n").readline)
    try:
        return [t.string for t in tokens if t.type not in skipped and t.start[0] not in lines]
    except (tokenize.TokenError, IndentationError):
        return code.split()


def write_original(folder: Path, rows: list[dict[str, object]], split: str = "test") -> Path:
    """Write ``python/final/jsonl/SPLIT/python_SPLIT_0.jsonl.gz`` and ``_1``."""
    target = folder / "python" / "final" / "jsonl" / split
    target.mkdir(parents=True)
    half = len(rows) // 2
    for number, part in enumerate((rows[:half], rows[half:])):
        with gzip.open(target / f"python_{split}_{number}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in part)
    return folder


def write_zip(folder: Path, rows: list[dict[str, object]]) -> Path:
    """Write ``python.zip`` as it is downloaded."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "python.zip", "w") as archive:
        data = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        archive.writestr("python/final/jsonl/test/python_test_0.jsonl.gz", data)
        archive.writestr("python_dedupe_definitions_v2.pkl", b"")
    return folder


def write_cleaned(folder: Path, rows: list[dict[str, object]], more: list[dict[str, object]]) -> Path:
    """Write the lists of GraphCodeBERT: ``test.jsonl`` and a ``codebase.jsonl`` that holds more."""
    target = folder / "python"
    target.mkdir(parents=True)
    (target / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (target / "codebase.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, *more]), encoding="utf-8")
    return folder


def write_parquet(folder: Path, rows: list[dict[str, object]]) -> Path:
    """Write the Hugging Face file, with its own names of the columns."""
    import pyarrow
    from pyarrow import parquet

    target = folder / "python"
    target.mkdir(parents=True)
    columns = [
        {
            "repository_name": row["repo"],
            "func_path_in_repository": row["path"],
            "func_name": row["func_name"],
            "whole_func_string": row["original_string"],
            "language": row["language"],
            "func_code_string": row["code"],
            "func_code_tokens": row["code_tokens"],
            "func_documentation_string": row["docstring"],
            "func_documentation_tokens": row["docstring_tokens"],
            "split_name": "test",
            "func_code_url": row["url"],
        }
        for row in rows
    ]
    parquet.write_table(pyarrow.Table.from_pylist(columns), target / "test-00000-of-00001.parquet")
    return folder
