"""Cut a source file into the units of retrieval: its functions, methods, classes and the rest."""

from __future__ import annotations

import inspect
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from pathlib import PurePosixPath
from typing import cast

from indexer.definitions import Definition, nested
from indexer.doc_comment import comment_above, comment_on_top, is_line_comment
from indexer.function import Function, Kind
from indexer.languages import Language
from indexer.parse import TooCostlyError, definitions_in, parse
from indexer.windows import windows

UNITS = 20_000
"""A file with more definitions is generated; it is cut into windows."""
SIGNATURE_CHARACTERS = 500

_HEADER_ENDS = ("{", ":", "=>", "->", "=", " do", ";", ",", "\\")
_MODIFIERS = re.compile(rb"[\w \t@]*")
_ATTRIBUTES = re.compile(rb"(?:#\[(?:[^][]|\[(?:[^][]|\[(?:[^][]|\[[^][]*\])*\])*\])*\]\s*)+")
_READABLE = re.compile(r"\w")
_DATA = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
"""Bytes in base64, in which there is nothing to find."""
_HEADING = {
    ".md": re.compile(r"#{1,6} "),
    ".markdown": re.compile(r"#{1,6} "),
    ".mdx": re.compile(r"#{1,6} "),
    ".adoc": re.compile(r"={1,6} "),
    ".org": re.compile(r"\*+ "),
}


def extract(source: str, path: str, language: Language | None) -> list[Function]:
    """Return the units of a file in the order of their first lines; none for a file without visible characters.

    ``path`` names the units that have no name of their own. A file whose language is not known, that does not parse
    and holds no definition, or that takes too much work to parse, is cut into windows of lines. Nothing that
    ``source`` may hold raises.
    """
    file = _SourceFile(source, path)
    if language is None:
        return file.windows()
    try:
        tree = parse(file.parseable(language), language)
        matches = definitions_in(tree, language)
    except TooCostlyError:
        return file.windows()
    module = nested(matches, file.data, file.starts, language)
    if not module.members and tree.root_node.has_error:
        return file.windows()
    definitions = list(_within(module))
    if len(definitions) > UNITS:
        return file.windows()
    for definition in definitions:
        file.describe(definition, language)
    units = file.rest(module, language) + [file.unit(definition) for definition in definitions]
    return sorted(units, key=lambda unit: unit.start_line)


def _within(module: Definition) -> Iterator[Definition]:
    """Yield all definitions of a file, outer ones before theirs."""
    waiting = [module.members]
    while waiting:
        for definition in waiting.pop():
            yield definition
            if definition.members:
                waiting.append(definition.members)


class _SourceFile:
    """A file's text as bytes and the offsets at which its lines start; it makes units out of definitions."""

    def __init__(self, source: str, path: str) -> None:
        self.path = PurePosixPath(path)
        # Copies of a file that differ in their line ends are to have the same texts, and so the same vectors.
        self.data = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogatepass")
        self.lines = self.data.splitlines(keepends=True)
        self.starts = list(accumulate(map(len, self.lines), initial=0))

    def parseable(self, language: Language) -> bytes:
        """Return the bytes in the same places, without what confuses the grammar."""
        data = language.unreadable.sub(_blanked, self.data) if language.unreadable else self.data
        for pattern, stand_in in language.stand_ins:
            data = pattern.sub(partial(_blanked, stand_in=stand_in), data)
        return data

    def windows(self) -> list[Function]:
        """Cut the whole file into windows, without the pictures of notebooks and the like."""
        stem = self.path.stem
        lines = [_DATA.sub("", line) for line in self._text_of(range(len(self.lines)))]
        return [
            Function("window", stem, stem, window.first + 1, window.last + 1, "", "", window.text)
            for window in windows(lines, _HEADING.get(self.path.suffix.lower()))
        ]

    def describe(self, definition: Definition, language: Language) -> None:
        """Find the signature and the documentation: in the body, in what stands before it, or right above it."""
        definition.signature = self._signature(definition, language)
        if language.inner_doc and definition.body is not None:
            definition.docstring = _first_group(language.inner_doc.match(self.data, definition.body, definition.end))
        if language.prefix_doc and not definition.docstring:
            above = self.data[self.starts[definition.first_line] : definition.header]
            definition.docstring = _first_group(language.prefix_doc.search(above))
        if not definition.docstring and definition.leads:
            definition.comment_line, definition.docstring = comment_above(self.lines, definition.first_line, language)
        if not definition.docstring and definition.header_line > definition.first_line:
            _, definition.docstring = comment_above(self.lines, definition.header_line, language)

    def unit(self, definition: Definition) -> Function:
        """Make a function, method or class out of its definition."""
        first, last = definition.first_line, definition.last_line
        return Function(
            cast(Kind, definition.kind),
            definition.names[-1],
            definition.qualified_name,
            first + 1,
            last + 1,
            definition.signature,
            definition.docstring,
            self._class_text(definition) if definition.kind == "class" else self._text(first, last + 1),
        )

    def rest(self, module: Definition, language: Language) -> list[Function]:
        """Make units of kind ``module`` out of the lines outside of all definitions and their comments."""
        numbers = self._without_repeated_blanks(
            number for first, end in _runs_outside(module, 0) for number in range(first, end)
        )
        stem = self.path.stem
        units = [
            Function("module", stem, stem, numbers[window.first] + 1, numbers[window.last] + 1, "", "", window.text)
            for window in windows(self._text_of(numbers))
            if _READABLE.search(window.text)
        ]
        if units:
            units[0] = replace(units[0], docstring=self._module_docstring(module, language))
        return units

    def _without_repeated_blanks(self, numbers: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for number in numbers:
            if not self.lines[number].isspace() or (kept and not self.lines[kept[-1]].isspace()):
                kept.append(number)
        return kept

    def _module_docstring(self, module: Definition, language: Language) -> str:
        if language.inner_doc and (docstring := _first_group(language.inner_doc.match(self.data))):
            return docstring
        end, docstring = comment_on_top(self.lines, language)
        return "" if module.members and end > module.members[0].comment_line else docstring

    def _class_text(self, definition: Definition) -> str:
        """Return the header and the fields of a class as they are, and its members' signatures."""
        header = self.data[definition.start : definition.header_end].rstrip()
        first = self._line(definition.start + max(len(header), 1) - 1) + 1
        if definition.members:  # where a body begins with its first member, the comment above that is not of the header
            first = min(first, max(definition.header_line + 1, definition.members[0].comment_line))
        pieces = [self._text(definition.first_line, first)]
        for member in definition.members:
            if member.comment_line > first:
                pieces.append(self._text(first, member.comment_line))
            before = self.data[self.starts[member.header_line] : member.start]
            if _MODIFIERS.fullmatch(before):
                indentation = before[: len(before) - len(before.lstrip())].decode()
                pieces.append(indentation + member.signature)
            elif member.first_line >= first:
                pieces.append(self._text(member.first_line, member.first_line + 1))
            first = max(first, member.last_line + 1)
        if first <= definition.last_line:
            pieces.append(self._text(first, definition.last_line + 1))
        return "\n".join(piece for piece in pieces if piece.strip())

    def _signature(self, definition: Definition, language: Language) -> str:
        """Return the header from its modifiers to its body without line comments, folded into one line.

        The attributes of PHP, which are part of a definition, are left out where they stand before it.
        """
        data = self.data
        start = _after_attributes(data, definition.header, definition.header_end)
        line_start = self.starts[self._line(start)]
        if start > line_start and definition.leads and _MODIFIERS.fullmatch(data, line_start, start):
            start = line_start
        header = data[start : min(definition.header_end, start + 4 * SIGNATURE_CHARACTERS)]
        if b"\n" in header:
            header = b"\n".join(line for line in header.split(b"\n") if not is_line_comment(line, language))
        signature = " ".join(header.decode("utf-8", "ignore").split())[:SIGNATURE_CHARACTERS]
        for ending in _HEADER_ENDS:
            if signature.endswith(ending):
                return signature.removesuffix(ending).rstrip()
        return signature

    def _line(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def _text(self, first: int, end: int) -> str:
        """Return the source of a range of lines without its last line break."""
        return _decoded(self.data[self.starts[first] : self.starts[end]]).rstrip("\n")

    def _text_of(self, numbers: Sequence[int]) -> list[str]:
        return [_decoded(self.lines[number]).rstrip("\n") for number in numbers]


def _runs_outside(holder: Definition, first: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of lines (end exclusive) of ``holder`` from ``first`` on that none of its members has."""
    for member in holder.members:
        if member.comment_line > first:
            yield first, member.comment_line
        first = max(first, member.last_line + 1)
    if first <= holder.last_line:
        yield first, holder.last_line + 1


def _after_attributes(data: bytes, start: int, end: int) -> int:
    attributes = _ATTRIBUTES.match(data, start, end) if data.startswith(b"#[", start) else None
    return attributes.end() if attributes else start


def _blanked(match: re.Match[bytes], stand_in: bytes = b"") -> bytes:
    start, end = match.span(match.lastindex or 0)
    whole = match.group()
    start, end = start - match.start(), end - match.start()
    return whole[:start] + stand_in.ljust(end - start) + whole[end:]


def _first_group(match: re.Match[bytes] | None) -> str:
    """Return the first group that took part in a match, without its indentation."""
    group = next((group for group in match.groups() if group is not None), b"") if match else b""
    return inspect.cleandoc(_decoded(group)).strip()


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
