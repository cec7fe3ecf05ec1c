"""Queries about whole repositories, answered by files or line ranges; how a hit is told to be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eval.errors import DataError
from eval.records import text_lines

LANGUAGES = {
    ".c": "c", ".h": "cpp", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".cs": "csharp", ".ex": "elixir",
    ".exs": "elixir", ".go": "go", ".hs": "haskell", ".java": "java", ".js": "javascript", ".kt": "kotlin",
    ".lua": "lua", ".php": "php", ".py": "python", ".rb": "ruby", ".rs": "rust", ".scala": "scala", ".sh": "bash",
    ".swift": "swift", ".ts": "typescript", ".tsx": "typescript", ".zig": "zig",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that answers a query, or some of its lines (1-based, inclusive); the path is from the root."""

    path: str
    start_line: int = 0
    end_line: int = 0

    def __str__(self) -> str:
        """Return ``path`` or ``path:start-end``."""
        return f"{self.path}:{self.start_line}-{self.end_line}" if self.end_line else self.path

    def matches(self, path: str, start_line: int, end_line: int) -> bool:
        """Tell whether a hit is in this file and, where lines are wanted, shares half of all lines of both with them.

        One path may be the end of the other.
        """
        in_file = path == self.path or path.endswith(f"/{self.path}") or self.path.endswith(f"/{path}")
        if not in_file or not self.end_line:
            return in_file
        shared = min(end_line, self.end_line) - max(start_line, self.start_line) + 1
        together = max(end_line, self.end_line) - min(start_line, self.start_line) + 1
        return 2 * shared >= together


@dataclass(frozen=True, slots=True)
class RepoQuery:
    """One question about a repository. Relevant and secondary files count alike."""

    id: str
    category: str
    text: str
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at a commit; ``folder`` is what is indexed, ``.`` is all of it."""

    name: str
    repository: str
    commit: str
    folder: str
    queries: tuple[RepoQuery, ...]

    @property
    def language(self) -> str:
        """The language of most wanted files."""
        suffixes = [PurePosixPath(wanted.path).suffix for query in self.queries for wanted in query.wanted]
        languages = [LANGUAGES.get(suffix, suffix.lstrip(".")) for suffix in suffixes]
        return max(sorted(set(languages)), key=languages.count) if languages else ""


def read_repositories(data: Path, names: Sequence[str] = (), by_lines: bool = False) -> list[Repository]:
    """Read ``repos.tsv`` (name, owner/name, commit, folder) and ``queries/NAME.tsv``.

    A query line is category, query, relevant files and secondary files, separated by tabs; files by ``;``. Lines of
    files are read ``by_lines`` alone, as published numbers are by file.
    Raises :class:`DataError` with file and line for a line that is not so, or has a name that was there before.
    """
    repositories = []
    seen: set[str] = set()
    for where, row in _rows(data / "repos.tsv", 4, 4):
        name, repository, commit, folder = row
        if len(commit) != 40:
            raise DataError(f"{where} has the commit {commit!r}, not 40 hex digits")
        if name in seen:
            raise DataError(f"{where} names {name} a second time; give each line a name, and queries, of its own")
        seen.add(name)
        if not names or name in names:
            queries = _queries(data / "queries" / f"{name}.tsv", name, by_lines)
            repositories.append(Repository(name, repository, commit, str(PurePosixPath(folder)), tuple(queries)))
    unknown = set(names) - {repository.name for repository in repositories}
    if unknown or not repositories:
        raise DataError(f"{data / 'repos.tsv'} has no repository {', '.join(sorted(unknown)) or 'at all'}")
    return repositories


def _queries(path: Path, name: str, by_lines: bool) -> list[RepoQuery]:
    queries = []
    for number, (where, row) in enumerate(_rows(path, 3, 4), start=1):
        category, text, *files = row
        wanted = [_wanted(file, where) for file in ";".join(files).split(";") if file.strip()]
        if not by_lines:
            wanted = [Wanted(one.path) for one in wanted]
        queries.append(RepoQuery(f"{name}-{number}", category, text, tuple(dict.fromkeys(wanted))))
    return queries


def _wanted(file: str, where: str) -> Wanted:
    path, colon, lines = file.strip().rpartition(":")
    if not colon:
        return Wanted(str(PurePosixPath(lines)))
    start, dash, end = lines.partition("-")
    if not (dash and start.isdecimal() and end.isdecimal() and 1 <= int(start) <= int(end)):
        raise DataError(f"{where} has the file {file!r}, which is neither PATH nor PATH:START-END with lines from 1 on")
    return Wanted(str(PurePosixPath(path)), int(start), int(end))


def _rows(path: Path, fewest: int, most: int) -> list[tuple[str, list[str]]]:
    lines = enumerate(text_lines(path, mend="give the folder of repos.tsv as DATA"), start=1)
    rows = [(f"{path}:{number}", line.rstrip("\r\n").split("\t")) for number, line in lines if line.strip()]
    for where, row in rows:
        if not fewest <= len(row) <= most:
            raise DataError(f"{where} has {len(row)} fields where {fewest} to {most} are due")
    return rows
