"""Patterns in the syntax of ``.gitignore`` (https://git-scm.com/docs/gitignore), folder by folder.

``pathspec`` translates each pattern. It also lets a pattern match everything below a folder that it matches; here
each file and folder is asked about by itself, from the root down, because only that is git's meaning once patterns are
negated: a folder that is ignored is never entered, and in one that is not, only patterns for the entry itself count.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

_ABOVE = "ps_d"
"""The group with which pathspec marks that a pattern matched a folder above the path."""
_STAR = "[^/]*"
_DOUBLE_STAR = "(?:/.+)?"
_MOST_DOUBLE_STARS = 2
_ESCAPED = re.compile(r"\\(.)")
_BYTES = {byte: 0xF700 + byte for byte in range(128, 256)}
_POSIX_CLASSES = {
    "[:alnum:]": "a-zA-Z0-9",
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:space:]": " \t\n\r\f\v",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9A-Fa-f",
}


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    ignores: bool
    only_folders: bool
    on_name: bool

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        if self.only_folders and not is_folder:
            return False
        found = self.regex.search(name if self.on_name else path)
        return found is not None and not found.groupdict().get(_ABOVE)


@dataclass(frozen=True, slots=True)
class _Level:
    folder: str
    """Ends in ``/``, or is empty for the root."""
    patterns: tuple[_Pattern, ...]
    """Last line first, since the last line that matches decides."""
    any_name: re.Pattern[str] | None
    """Matches at least the names that a pattern on names matches; tells most files apart in one step."""
    any_path: re.Pattern[str] | None

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        below = path[len(self.folder) :]
        if not (self.any_name and self.any_name.search(name)) and not (self.any_path and self.any_path.search(below)):
            return None
        for pattern in self.patterns:
            if pattern.matches(below, name, is_folder):
                return pattern.ignores
        return None


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns in force in one folder: its own and those of the folders above it."""

    levels: tuple[_Level, ...] = ()

    def with_lines(self, folder: str, lines: Iterable[str]) -> Rules:
        """These rules and the patterns of ``folder`` (relative to the root, empty for the root), which come first."""
        level = _level(_of_bytes(f"{folder}/" if folder else ""), map(_of_bytes, lines))
        return Rules((level, *self.levels)) if level.patterns else self

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True to ignore, False where a negated pattern asks to keep, None where no pattern matches.

        ``path`` is relative to the root, must lie in the folder of these rules and has no trailing slash.
        """
        path = _of_bytes(path)
        name = path.rpartition("/")[2]
        for level in self.levels:
            ignores = level.verdict(path, name, is_folder)
            if ignores is not None:
                return ignores
        return None


def _of_bytes(text: str) -> str:
    """The same text with a character for each byte of UTF-8: to git, ``?`` is one byte and ``\u00e9`` matches ``??``.

    Bytes beyond ASCII become characters for private use, since pathspec would strip some of those below 256 as blanks.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("latin-1").translate(_BYTES)


def lines_of(data: bytes) -> list[str]:
    """The lines of an ignore file; bytes that are not UTF-8 match the same bytes in file names."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _level(folder: str, lines: Iterable[str]) -> _Level:
    with warnings.catch_warnings():
        # ``re`` warns of sets such as ``[[a]``, which git takes as they are.
        warnings.simplefilter("ignore", FutureWarning)
        numbered = (_pattern(line, number) for number, line in enumerate(lines))
        patterns = tuple(pattern for pattern in numbered if pattern is not None)[::-1]
        return _Level(folder, patterns, _any(patterns, on_name=True), _any(patterns, on_name=False))


def _any(patterns: tuple[_Pattern, ...], *, on_name: bool) -> re.Pattern[str] | None:
    sources = [pattern.regex.pattern for pattern in patterns if pattern.on_name == on_name]
    joined = "|".join(f"(?:{source})" for source in sources).replace(f"?P<{_ABOVE}>", "?:")
    return re.compile(joined) if sources else None


def _pattern(line: str, number: int) -> _Pattern | None:
    """The pattern on one line, or None for blank lines, comments and, as git does, patterns that are malformed."""
    if not line or line.startswith("#"):
        return None
    from pathspec import GitIgnoreSpec

    stripped = line if line.endswith("\\ ") else line.rstrip(" ")
    only_folders = stripped.endswith("/")
    stripped = stripped.removesuffix("/")
    if stripped.startswith(("\\/", "!\\/")):
        return None  # a slash that no path begins with
    stripped = _ESCAPED.sub(lambda found: "/" if found[1] == "/" else found[0], stripped)
    for name, members in _POSIX_CLASSES.items():
        stripped = stripped.replace(name, members)
    try:
        (translated,) = GitIgnoreSpec.from_lines([stripped]).patterns or (None,)
        if translated is None or translated.include is None or translated.regex is None:
            return None
        source = translated.regex.pattern
        if source.count(_DOUBLE_STAR) > _MOST_DOUBLE_STARS:
            return None
        regex = re.compile(_without_backtracking(source, f"star_{number}"))
    except (ValueError, re.error):
        return None
    return _Pattern(regex, ignores=translated.include, only_folders=only_folders, on_name="/" not in stripped)


def _without_backtracking(source: str, group: str) -> str:
    """The same pattern, in which only the last star tries more than the first place where what follows it matches.

    That is enough for globs, and without it a line such as ``*a*a*a*a*a*b`` in a repository would keep the indexer
    busy for hours with one long file name. A look-ahead is never tried again (Python 3.10 has no atomic groups).
    """
    head, *pieces = source.split(_STAR)
    for place, piece in enumerate(pieces[:-1]):
        if _DOUBLE_STAR in piece:
            head += _STAR + piece
        elif piece:
            head += f"(?=(?P<{group}_{place}>[^/]*?{piece}))(?P={group}_{place})"
    return head + _STAR + pieces[-1] if pieces else head
