"""A function without its docstring: what a query made from the docstring may be searched in."""

from __future__ import annotations

import ast
import io
import textwrap
import warnings


def without_docstring(code: str, language: str, docstring: str = "") -> str:
    """Return ``code`` without its own docstring.

    In Python the docstring is the first statement of the body; it is found by parsing and cut out of the
    source, which is otherwise kept as it is. Code that the running Python cannot parse (Python 2) loses the
    first literal copy of ``docstring`` with its quotes. In the other languages of CodeSearchNet the
    documentation stands before the function and is not part of ``code``.
    """
    if language != "python":
        return code
    cut = _cut_by_parsing(code)
    return _cut_by_text(code, docstring) if cut is None else cut


def _cut_by_parsing(code: str) -> str | None:
    # CodeSearchNet keeps a method's own indentation everywhere but on its first line.
    indented = code.startswith((" ", "\t"))
    source = textwrap.dedent(code) if indented else code
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in other people's strings
            function = ast.parse(source).body[0]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
        return None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return code
    first = function.body[0]
    if not (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    ):
        return code
    # as the parser counts them: a form feed or U+2028 ends no line
    lines = list(io.StringIO(source, newline=""))
    start, end = first.lineno - 1, (first.end_lineno or first.lineno) - 1
    before = lines[start].encode()[: first.col_offset].decode()
    after = lines[end].encode()[first.end_col_offset or 0 :].decode().lstrip(" \t;")
    kept = before + after if (before + after).strip() else ""
    return "".join(lines[:start]) + kept + "".join(lines[end + 1 :])


def _cut_by_text(code: str, docstring: str) -> str:
    """Cut the literal docstring and the quotes around it."""
    for quote in ('"""', "'''"):
        start = code.find(quote)
        end = code.find(quote, start + 3) if start >= 0 else -1
        if end >= 0 and docstring.strip()[:40] in code[start:end]:
            return code[:start].rstrip(" \t") + code[end + 3 :].lstrip("\n")
    return code.replace(docstring, "", 1) if docstring.strip() else code
