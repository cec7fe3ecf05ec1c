"""The programming languages whose functions are found, and which of them a file is written in."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from indexer.languages.bash import BASH
from indexer.languages.c import C
from indexer.languages.cpp import CPP, HEADER
from indexer.languages.csharp import CSHARP
from indexer.languages.elixir import ELIXIR
from indexer.languages.go import GO
from indexer.languages.haskell import HASKELL
from indexer.languages.java import JAVA
from indexer.languages.javascript import JAVASCRIPT
from indexer.languages.kotlin import KOTLIN
from indexer.languages.language import Language
from indexer.languages.lua import LUA
from indexer.languages.php import PHP
from indexer.languages.python import CYTHON, PYTHON
from indexer.languages.ruby import RUBY
from indexer.languages.rust import RUST
from indexer.languages.scala import SCALA
from indexer.languages.swift import SWIFT
from indexer.languages.typescript import TSX, TYPESCRIPT
from indexer.languages.zig import ZIG

__all__ = ["LANGUAGES", "Language", "canonical_name", "language_of", "language_of_shebang"]

_NAMED = (
    BASH, C, CPP, CSHARP, ELIXIR, GO, HASKELL, JAVA, JAVASCRIPT, KOTLIN, LUA, PHP, PYTHON, RUBY, RUST, SCALA, SWIFT,
    TYPESCRIPT, ZIG,
)  # fmt: skip

LANGUAGES: dict[str, Language] = {language.name: language for language in _NAMED} | {
    "tsx": TSX,
    "h": HEADER,
    "cython": CYTHON,
}
"""Every grammar by its language's name; those that share their language's name by their extension."""
_BY_EXTENSION = {extension: language for language in LANGUAGES.values() for extension in language.extensions}
_BY_FILENAME = {filename: language for language in LANGUAGES.values() for filename in language.filenames}
_BY_INTERPRETER = {command: language for language in LANGUAGES.values() for command in language.interpreters}
_NAMES = {alias: language.name for language in LANGUAGES.values() for alias in (language.name, *language.aliases)}
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*)?(?:\S*/)?([A-Za-z_]+)")


def language_of(path: str) -> Language | None:
    """Return the language of a file by its name or extension, None if it is not one that is parsed."""
    pure = PurePosixPath(path)
    return _BY_FILENAME.get(pure.name) or _BY_EXTENSION.get(pure.suffix.lower())


def language_of_shebang(first_line: str) -> Language | None:
    """Return the language that a ``#!`` line asks for: ``#!/usr/bin/env -S python3 -u`` is Python."""
    found = _SHEBANG.match(first_line)
    return _BY_INTERPRETER.get(found.group(1)) if found else None


def canonical_name(name: str) -> str | None:
    """Return the name of the language that users may also call ``name`` (``js``, ``C++``), None if there is none."""
    return _NAMES.get(name.lower())
