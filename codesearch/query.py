"""A query as typed: words and filters."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field

from codesearch.errors import CodesearchError
from indexer.function import KINDS

FILTERS = ("lang", "path", "kind", "name", "repo")

# Neither the symbol path::join nor an error that says "name: must be set" filters anything.
_FILTER = re.compile(rf'(?<!\S)(-?)({"|".join(FILTERS)}):(?!:)("[^"]*"|\S+|$)')
_SEPARATORS = re.compile(r"::|->|[.#\\/]")
# One name, plain or qualified, with or without a call's parentheses: a query of one word most often names something.
_SYMBOL = re.compile(r"[A-Za-z_$][\w$]*[?!]?(?:(?:::|->|[.#\\])[A-Za-z_$][\w$]*[?!]?)*(?:\(\))?")
_WORD = re.compile(r"[A-Za-z_$][\w$]*(?:(?:::|\.)[A-Za-z_$][\w$]*)*")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on results; ``negated`` keeps what does not match."""

    field: str
    pattern: str
    negated: bool = False

    def matches(self, value: str) -> bool:
        """Whether a path, name or repository has the pattern in it or matches it as a glob."""
        value = value.lower()
        return self._part in value or any(fnmatch.fnmatchcase(value, glob) for glob in self._globs)

    @property
    def _part(self) -> str:
        part = self.pattern.lower()
        return part.removeprefix("./") if self.field == "path" else part

    @property
    def _globs(self) -> list[str]:
        """The globs of a pattern with ``*``, ``?`` or ``[``; ``**/`` may stand for no folder, a path begin anywhere."""
        part = self._part
        if not any(character in part for character in "*?["):
            return []
        globs = [part, part.replace("**/", "")]
        return globs + [f"*/{glob}" for glob in globs] if self.field == "path" else globs


@dataclass(frozen=True, slots=True)
class Query:
    """Words to search for and the filters that restrict where."""

    text: str
    filters: tuple[Filter, ...] = ()
    symbols: tuple[str, ...] = field(default=())
    """Identifiers that the query asks for by name, dotted; the whole query when ``is_symbol``."""
    is_symbol: bool = False


def parse(typed: str) -> Query:
    """Read a query: ``parse dates lang:python -path:tests``.

    Raises:
        CodesearchError: a filter has no value, or an unknown kind or language.
    """
    typed = _LONE_SURROGATE.sub("\ufffd", typed)  # a byte that was not UTF-8
    filters = tuple(_filter(*match.groups()) for match in _FILTER.finditer(typed))
    text = " ".join(_FILTER.sub(" ", typed).split())
    is_symbol = _SYMBOL.fullmatch(text) is not None
    symbols = (dotted(text),) if is_symbol else tuple(dotted(word) for word in _embedded_symbols(text))
    return Query(text, filters, symbols, is_symbol)


def begins_with_negated_filter(typed: str) -> bool:
    """Whether a query begins with a dash, as in ``-path:tests retry``."""
    found = _FILTER.match(typed)
    return found is not None and found[1] == "-"


def dotted(symbol: str) -> str:
    """``Foo::bar()`` as ``Foo.bar``, the way qualified names are stored."""
    return _SEPARATORS.sub(".", symbol.removesuffix("()")).strip(".")


def _embedded_symbols(text: str) -> list[str]:
    """Words of a sentence that can only be identifiers: ``ClientSession``, ``parse_http``, ``Foo::bar``."""
    return [
        word
        for word in _WORD.findall(text)
        if "_" in word.strip("_") or "::" in word or re.search(r"[a-z0-9][A-Z]|\w\.\w", word)
    ]


def _filter(minus: str, name: str, quoted: str) -> Filter:
    value = quoted.strip('"')
    if not value:
        raise CodesearchError(f"the filter {name}: needs a value, as in {name}:{_EXAMPLES[name]}")
    if name == "kind" and value not in KINDS:
        raise CodesearchError(f"unknown kind '{value}': use one of {', '.join(KINDS)}")
    if name == "lang":
        value = language_name(value)
    return Filter(name, value, negated=bool(minus))


def language_name(typed: str) -> str:
    """The name of a language that was typed by its name or an alias.

    Raises:
        CodesearchError: it is none that is parsed.
    """
    from indexer.languages import LANGUAGES, canonical_name

    name = canonical_name(typed)
    if name is None:
        known = ", ".join(sorted({language.name for language in LANGUAGES.values()}))
        raise CodesearchError(f"unknown language '{typed}': use one of {known}")
    return name


_EXAMPLES = {"lang": "python", "path": "src/", "kind": "function", "name": "parse*", "repo": "owner/name"}
