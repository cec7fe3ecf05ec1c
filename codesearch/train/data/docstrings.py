"""Pairs of a docstring and the function it documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codesearch.train.data.clean import docstring_text
from codesearch.train.data.functions import SourceFile, is_worth_training, without_docstring
from indexer.function import Function
from indexer.languages import Language

SAME_TEXT = 3
"""So many functions of a repository may have one text; more of them were written by a machine or say little."""

_STANDARD_METHODS = """
    __init__ __new__ __repr__ __str__ __eq__ __ne__ __hash__ __len__ __iter__ __enter__ __exit__ __del__ __getattr__
    __construct __destruct __toString __get __set __call initialize inspect constructor toString equals hashCode
    compareTo clone finalize to_s ToString Equals GetHashCode Dispose String Error
"""
_STANDARD = frozenset(_STANDARD_METHODS.split())
TEST_NAME = re.compile(r"(?<![a-z])test|Test")


@dataclass(frozen=True, slots=True)
class Described:
    """A text and the function it is about."""

    text: str
    function: Function
    code: str
    path: str
    language: Language


def docstring_pairs(files: Iterable[SourceFile]) -> Iterator[Described]:
    """Yield the documented functions that are neither tests nor standard methods such as ``toString``."""
    texts: Counter[str] = Counter()
    for file in files:
        if file.language is None or file.is_test:
            continue
        for function in file.functions:
            if function.kind not in ("function", "method", "class") or not function.docstring:
                continue
            if function.name in _STANDARD or TEST_NAME.search(function.name):
                continue
            text = docstring_text(function.docstring)
            if text is None or texts[text] >= SAME_TEXT:
                continue
            code = without_docstring(function, file.language)
            if is_worth_training(code):
                texts[text] += 1
                yield Described(text, function, code, file.path, file.language)
