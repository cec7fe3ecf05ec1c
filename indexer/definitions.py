"""Turn what a query captured into nested definitions with names and lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.doc_comment import LINES, block_above, is_line_comment
from indexer.languages.language import Language
from indexer.parse import Match

if TYPE_CHECKING:
    import tree_sitter

LINE_BYTES = 2_000
"""A definition that begins or ends in a longer line is no unit: its lines would repeat the whole of that line."""
DEPTH = 40
"""How many definitions may enclose a unit; with the limit of a line it bounds how often a line is repeated."""

NAME_CHARACTERS = 200
"""Where the part of a name is cut: broken source can take a whole expression for one."""

_UNITS = frozenset({"function", "method", "class"})
_KINDS = _UNITS | {"namespace", "extension"}
_BLANK = b" \t\r\n\f"


@dataclass(slots=True)
class Definition:
    """A definition in a file. Byte offsets are 0-based, ends exclusive; lines are 0-based, ends inclusive."""

    kind: str
    names: list[str]
    """The parts of its name, outermost first, as far as the definition itself spells them out."""
    start: int
    end: int
    header: int
    """Where the definition itself starts, after decorators and the like."""
    header_end: int
    """Where its body starts, or itself ends."""
    body: int | None
    header_line: int = 0
    """The line of ``start``."""
    first_line: int = 0
    """The same, or that of the first attribute above it."""
    last_line: int = 0
    comment_line: int = 0
    """The first line of its doc comment, ``first_line`` if it has none."""
    signature: str = ""
    docstring: str = ""
    leads: bool = True
    """Whether its first line is its own, not that of the definition around it."""
    qualified_name: str = ""
    members: list[Definition] = field(default_factory=list)
    """The units directly within it."""


def nested(matches: Iterable[Match], data: bytes, lines: Sequence[int], language: Language) -> Definition:
    """Return the file as a definition of kind ``module`` whose members are its units, with theirs in turn.

    ``lines`` are the byte offsets at which the lines of ``data`` start, and its length at the end.
    """
    module = Definition("module", [], 0, len(data), 0, 0, None, last_line=len(lines) - 2)
    definitions, prefixes = _read(matches, data, lines, language)
    enclosing = [module]
    for definition in sorted(definitions, key=lambda one: (one.start, -one.end)):
        while len(enclosing) > 1 and enclosing[-1].end <= definition.start:
            enclosing.pop()
        parent = enclosing[-1]
        if definition.body is not None and definition.body == parent.body:
            continue  # the same once more under a lesser name: the tag of a struct that a typedef names
        if len(enclosing) > DEPTH or not _set_lines(definition, parent, data, lines, prefixes, language):
            continue
        _qualify(definition, parent, language)
        if definition.kind in _UNITS:
            holder = next(one for one in reversed(enclosing) if one.kind in _UNITS or one is module)
            if language.groups_clauses and _continues(definition, holder.members, data, lines, language):
                first_clause = holder.members[-1]
                first_clause.end, first_clause.last_line = definition.end, definition.last_line
                enclosing.append(first_clause)
                continue
            while language.has_overloads and holder.members and _is_overload(holder.members[-1], definition):
                definition.first_line = definition.comment_line = holder.members.pop().first_line
            holder.members.append(definition)
        enclosing.append(definition)
    return module


def _read(
    matches: Iterable[Match], data: bytes, lines: Sequence[int], language: Language
) -> tuple[Iterable[Definition], dict[int, int]]:
    """Return the widest definition of each name, and the first line of each prefix by the line it belongs to."""
    by_name: dict[int, Definition] = {}
    prefixes: dict[int, int] = {}
    for captures in matches:
        if "keyword" in captures and _source(captures["keyword"][0], data) not in language.keywords:
            continue
        if "prefix" in captures:
            _note_prefix(captures["prefix"][0], prefixes, data, lines, language)
            continue
        name = captures["name"][0]
        if name.start_byte == name.end_byte:
            continue
        place = captures["keyword" if "keyword" in captures else "name"][0].start_byte
        known = by_name.get(place)
        if known is None or "receiver" in captures:
            by_name[place] = _new_definition(captures, data, language)
        else:
            _widen(known, captures)
    return by_name.values(), prefixes


def _note_prefix(
    prefix: tree_sitter.Node, prefixes: dict[int, int], data: bytes, lines: Sequence[int], language: Language
) -> None:
    """Note where a prefix begins by the line it belongs to, the next one if its last line holds nothing else."""
    line = _line(lines, _stripped_end(data, prefix.start_byte, prefix.end_byte))
    if _is_comment_or_blank(data[prefix.end_byte : lines[line + 1]].lstrip(b";"), language):
        line += 1
    prefixes.setdefault(line, _line(lines, prefix.start_byte))


def _new_definition(captures: Match, data: bytes, language: Language) -> Definition:
    spelled = [_source(captures[part][0], data) for part in ("receiver", "name") if part in captures]
    names = _parts([" ".join(part.decode("utf-8", "replace").split()) for part in spelled], language)
    kind = _kind(captures)
    start, end = captures[kind][0].start_byte, captures[kind][0].end_byte
    body = captures["body"][0].start_byte if "body" in captures else None
    return Definition(kind, names, start, end, start, end if body is None else body, body)


def _widen(known: Definition, captures: Match) -> None:
    """Add to a definition what another match of the same name tells of it."""
    kind = _kind(captures)
    node = captures[kind][0]
    known.start, known.end = min(known.start, node.start_byte), max(known.end, node.end_byte)
    known.header = max(known.header, node.start_byte)
    if kind == "method":
        known.kind = kind
    if known.body is None and "body" in captures:
        known.body = known.header_end = captures["body"][0].start_byte


def _kind(captures: Match) -> str:
    return next(filter(_KINDS.__contains__, captures))


def _source(node: tree_sitter.Node, data: bytes) -> bytes:
    return data[node.start_byte : node.end_byte]


def _parts(spelled: list[str], language: Language) -> list[str]:
    """Split a name as it is spelled, a receiver first, into its parts: ``Foo::bar`` into ``Foo`` and ``bar``."""
    if len(spelled) == 1 and spelled[0].isidentifier():
        return [spelled[0][:NAME_CHARACTERS]]
    parts = [
        part.strip()[:NAME_CHARACTERS] for piece in spelled for part in language.separator.split(piece) if part.strip()
    ]
    return [part for part in parts if part not in language.unnamed] or parts[-1:] or ["?"]


def _line(lines: Sequence[int], offset: int) -> int:
    return bisect_right(lines, offset) - 1


def _stripped_end(data: bytes, start: int, end: int) -> int:
    """Return the offset of the last byte of ``data[start:end]`` that is not white space."""
    end -= 1
    while end > start and data[end] in _BLANK:
        end -= 1
    return end


def _set_lines(
    definition: Definition,
    parent: Definition,
    data: bytes,
    lines: Sequence[int],
    prefixes: dict[int, int],
    language: Language,
) -> bool:
    """Find the lines of a definition, without comments after its end; return False if they are too long to repeat."""
    first = _line(lines, definition.start)
    last = _line(lines, _stripped_end(data, definition.start, definition.end))
    if max(lines[first + 1] - lines[first], lines[last + 1] - lines[last]) > LINE_BYTES:
        return False
    last = _last_line_of_code(first, last, data, lines, language)
    definition.header_line = first
    definition.leads = parent.kind == "module" or parent.header_line != first
    while definition.leads and (above := _prefix_above(first, data, lines, prefixes, language)) < first:
        first = above
    definition.first_line = definition.comment_line = first
    definition.last_line = last
    return True


def _last_line_of_code(first: int, last: int, data: bytes, lines: Sequence[int], language: Language) -> int:
    """Return the last of a definition's lines that is no comment: grammars for indented blocks add what follows."""
    while last > first:
        line = data[lines[last] : lines[last + 1]]
        if _is_comment_or_blank(line, language):
            last -= 1
            continue
        if language.block_comment is None or not line.rstrip().endswith(language.block_comment[1]):
            break
        start = max(first, last - LINES)
        own = data[lines[start] : lines[last + 1]].splitlines()
        block = start + block_above(own, len(own), language)
        if not first < block <= last:
            break
        last = block - 1
    return last


def _prefix_above(line: int, data: bytes, lines: Sequence[int], prefixes: dict[int, int], language: Language) -> int:
    """Return the first line of the prefix above ``line``, perhaps with comments in between; ``line`` if none."""
    if not prefixes:
        return line
    below = line
    while below not in prefixes and below > 0:
        above = data[lines[below - 1] : lines[below]]
        if above.isspace() or not _is_comment_or_blank(above, language):
            break
        below -= 1
    return prefixes.get(below, line)


def _qualify(definition: Definition, parent: Definition, language: Language) -> None:
    names = definition.names if parent.kind == "module" else [parent.qualified_name, *definition.names]
    definition.qualified_name = ".".join(names)
    if definition.kind == "function" and parent.kind in ("class", "extension") and language.has_methods:
        definition.kind = "method"


def _continues(
    definition: Definition, siblings: list[Definition], data: bytes, lines: Sequence[int], language: Language
) -> bool:
    """Tell whether a definition is one more clause of the one before it, with nothing but comments in between."""
    if not siblings or siblings[-1].qualified_name != definition.qualified_name:
        return False
    between = data[lines[siblings[-1].last_line + 1] : lines[definition.first_line]].splitlines()
    return all(_is_comment_or_blank(line, language) for line in between)


def _is_overload(above: Definition, definition: Definition) -> bool:
    """Tell whether a function without a body is one more signature of the function below it."""
    is_same = (above.kind, above.qualified_name) == (definition.kind, definition.qualified_name)
    return is_same and above.body is None and definition.body is not None


def _is_comment_or_blank(line: bytes, language: Language) -> bool:
    return not line.strip() or is_line_comment(line, language)
