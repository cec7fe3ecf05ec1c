"""Patterns in the syntax of ``.gitignore`` (https://git-scm.com/docs/gitignore), folder by folder.

``pathspec`` translates each pattern. It also lets a pattern match everything below a folder that it matches; here
each file and folder is asked about by itself, from the root down, because only that is git's meaning once patterns are
negated: a folder that is ignored is never entered, and in one that is not, only patterns for the entry itself count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_GROUP_NAME = re.compile(r"\?P<\w+>")


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
        # A named group took part when the pattern matched a folder above the path, not the path.
        return found is not None and not any(found.groupdict().values())


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
        level = _level(f"{folder}/" if folder else "", lines)
        return Rules((level, *self.levels)) if level.patterns else self

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True to ignore, False where a negated pattern asks to keep, None where no pattern matches.

        ``path`` is relative to the root, must lie in the folder of these rules and has no trailing slash.
        """
        name = path.rpartition("/")[2]
        for level in self.levels:
            ignores = level.verdict(path, name, is_folder)
            if ignores is not None:
                return ignores
        return None


def lines_of(data: bytes) -> list[str]:
    """The lines of an ignore file; bytes that are not UTF-8 match the same bytes in file names."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _level(folder: str, lines: Iterable[str]) -> _Level:
    patterns = tuple(pattern for line in lines if (pattern := _pattern(line)) is not None)[::-1]
    return _Level(folder, patterns, _any(patterns, on_name=True), _any(patterns, on_name=False))


def _any(patterns: tuple[_Pattern, ...], *, on_name: bool) -> re.Pattern[str] | None:
    sources = [_GROUP_NAME.sub("?:", pattern.regex.pattern) for pattern in patterns if pattern.on_name == on_name]
    return re.compile("|".join(f"(?:{source})" for source in sources)) if sources else None


def _pattern(line: str) -> _Pattern | None:
    """The pattern on one line, or None for blank lines, comments and, as git does, patterns that are malformed."""
    if not line or line.startswith("#"):
        return None
    from pathspec import GitIgnoreSpec

    stripped = line if line.endswith("\\ ") else line.rstrip(" ")
    only_folders = stripped.endswith("/")
    stripped = stripped.removesuffix("/")
    try:
        (translated,) = GitIgnoreSpec.from_lines([stripped]).patterns or (None,)
    except ValueError:
        return None
    if translated is None or translated.include is None or translated.regex is None:
        return None
    return _Pattern(
        regex=translated.regex,
        ignores=translated.include,
        only_folders=only_folders,
        on_name="/" not in stripped,
    )
