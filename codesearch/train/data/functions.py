"""The source files of a folder and their functions, seen as training needs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codesearch.roles import Role, roles
from indexer.crawl import CrawlOptions, crawl
from indexer.extract import extract
from indexer.function import Function
from indexer.languages import Language, language_of
from indexer.paths import display_path
from indexer.source import Source, read_source

MIN_LINES = 3
"""Of a function, those that hold nothing but brackets or ``end`` not counted."""
MAX_CHARACTERS = 20_000
DOCUMENTS = (".md", ".markdown", ".rst")

_SAYS_NOTHING = re.compile(r"[\s(){}\[\];,]*(?:end|fi|done|esac)?[\s(){}\[\];,]*")
_OPENING = re.compile(r"""(?:@\w*doc\s+(?:~[sS])?|[rRuU]{0,2})("{3}|'{3}|"|')\s*""")
_COPIED = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed|s)?|_vendor|third[-_]?party|3rdparty|external(?:s|_libs)?|extern|bundled?|dependencies|node_modules|deps"
    r"|contrib/[^/]+/(?:src|lib)|_distutils|dist|site-packages|packages/vendored)/",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a repository; a document has no language and no functions."""

    path: str
    text: str
    language: Language | None
    functions: list[Function]

    @property
    def is_test(self) -> bool:
        """Whether the file holds tests."""
        return is_test(self.path)


def is_test(path: str) -> bool:
    """Whether a file of this path holds tests."""
    return Role.TEST in roles(path)


def is_copied(path: str) -> bool:
    """Whether a file lies where copies of other projects are kept."""
    return bool(_COPIED.search(path))


def source_files(folder: Path) -> Iterator[SourceFile]:
    """Yield the source files and documents of a repository, without copies of other projects."""
    options = CrawlOptions()
    for found in crawl(folder, options):
        path = display_path(found.path)
        language = language_of(path)
        if is_copied(path) or (language is None and not path.lower().endswith(DOCUMENTS)):
            continue
        source = read_source(folder, found, options)
        if isinstance(source, Source):
            functions = extract(source.text, path, language) if language else []
            yield SourceFile(path, source.text, language, functions)


def without_docstring(function: Function, language: Language) -> str:
    """Return the text of a function without the documentation in its body or among its attributes."""
    text = function.text
    if not function.docstring or not (language.inner_doc or language.prefix_doc):
        return text
    first_line = function.docstring.split("\n", 1)[0]
    for opening in _OPENING.finditer(text):
        if text.startswith(first_line, opening.end()):
            closing = text.find(opening[1], opening.end() + len(first_line))
            if closing >= 0:
                after = text[closing + len(opening[1]) :].lstrip(" \t;").lstrip("\r\n")
                return f"{text[: opening.start()].rstrip()}\n{after}".strip("\r\n")
    return text


def is_worth_training(code: str) -> bool:
    """Whether code is neither too short to do anything nor too long to be one thing."""
    if len(code) > MAX_CHARACTERS:
        return False
    return sum(not _SAYS_NOTHING.fullmatch(line) for line in code.splitlines()) >= MIN_LINES
