"""Pairs of what a test says in its name or description and the one function of the project that it calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from codesearch.train.data.clean import name_text
from codesearch.train.data.docstrings import Described
from codesearch.train.data.functions import SourceFile, is_worth_training, without_docstring

SAME_FUNCTION = 5
"""So many tests of one function are taken."""

_CALL = re.compile(r"(\w+)[!?]?\s*\(|\.(\w+[!?]?)")
_DESCRIBED = re.compile(
    r"""^([ \t]*)(?:it|test|specify|scenario)(?:\.\w+)?[ (]\s*(?P<quote>["'`])(?P<text>[^\n]{8,150}?)(?P=quote)"""
    r"""(?P<body>[^\n]*\n(?:(?:\1[ \t]+[^\n]*)?\n)*)""",
    re.MULTILINE,
)
_NAMED = re.compile(r"^(?:test|Test|it_|should)|[a-z]Test$|_test$")


def test_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the functions that a test calls when it calls exactly one whose name is used once in the project."""
    known: dict[str, Described | None] = {}
    tests: list[tuple[str, str, str]] = []
    for file in files:
        if file.language is None:
            continue
        if file.is_test:
            tests.extend((file.language.name, text, body) for text, body in _tests(file))
            continue
        for function in file.functions:
            if function.kind in ("function", "method") and len(function.name) > 3:
                code = without_docstring(function, file.language)
                described = Described("", function, code, file.path, file.language)
                known[function.name] = None if function.name in known else described
    taken: Counter[str] = Counter()
    for language, text, body in tests:
        called = {name for match in _CALL.finditer(body) if (name := match[1] or match[2]) in known}
        target = known[called.pop()] if len(called) == 1 else None
        if target is None or target.language.name != language or not is_worth_training(target.code):
            continue
        if taken[target.function.name] < SAME_FUNCTION:
            taken[target.function.name] += 1
            yield Described(text, target.function, target.code, target.path, target.language)


def _tests(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Yield the text and the body of the tests of a file."""
    for match in _DESCRIBED.finditer(file.text):
        text = name_text(match["text"]) if re.fullmatch(r"[\w ,'-]+", match["text"]) else None
        if text is not None:
            yield text, match["body"]
    for function in file.functions:
        if function.kind in ("function", "method") and _NAMED.search(function.name):
            text = name_text(function.name)
            if text is not None:
                yield text, function.text.partition("\n")[2]
