"""Finds the files of a folder that are worth indexing, by names and ``lstat`` alone; only ignore files are opened.

In a git work tree git names the files (tracked, and untracked but not ignored), elsewhere the folders are walked with
the meaning of ``.gitignore``. On top of both come ``.ignore`` and ``.codesearchignore`` files in any folder, the
patterns of ``CrawlOptions.exclude``, and the skips of ``indexer.skip``. A pattern like ``!vendor/`` in those files or
options keeps what would be skipped for its name; what git ignores stays ignored.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from indexer.errors import SourceError
from indexer.ignore import Rules, lines_of
from indexer.paths import display_path
from indexer.skip import Skipped, SkipReason, folder_skip_reason, is_version_control, name_skip_reason
from indexer.worktree import Listing, WorkTreeError, is_ignored, is_in_work_tree, list_work_tree

USER_IGNORE_FILES = (".ignore", ".codesearchignore")
"""In every folder, in gitignore syntax; a later one has the last word."""

_IGNORE_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """What the user may say about which files are indexed."""

    exclude: tuple[str, ...] = ()
    """Patterns in gitignore syntax, relative to the root; they have the last word."""
    max_file_size: int = 1_000_000
    """In bytes."""


class FoundFile(NamedTuple):
    """A regular file below the root; while size, mtime and inode are the same, so is its content."""

    path: str
    """Relative to the root with ``/``; bytes that are not UTF-8 are lone surrogates (see ``indexer.paths``)."""
    size: int
    mtime_ns: int
    inode: int


def crawl(
    root: Path, options: CrawlOptions | None = None, skipped: Skipped | None = None, own: Iterable[str] = ()
) -> Iterator[FoundFile]:
    """The files below ``root`` (or ``root`` itself, if it is a file), in an order that is the same every time.

    What is passed over is counted in ``skipped``, but for the ``own`` folders, those that codesearch itself writes
    (see ``indexer.location``). Links are never followed, except that ``root`` itself may be one.

    Raises ``SourceError`` at once if ``root`` cannot be listed.
    """
    options = options or CrawlOptions()
    skipped = skipped if skipped is not None else Skipped()
    try:
        status = root.stat()
        if stat.S_ISDIR(status.st_mode):
            os.scandir(root).close()
            return _Crawl(str(root.resolve()), options, skipped, own).files("")
    except FileNotFoundError:
        raise SourceError(f"no such file or folder: {root}") from None
    except OSError as error:
        raise SourceError(f"cannot read {root}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"neither a folder nor a regular file: {root}")
    return _single(root.name, status, options, skipped)


def _single(name: str, status: os.stat_result, options: CrawlOptions, skipped: Skipped) -> Iterator[FoundFile]:
    """A file named by the user is taken whatever its name is."""
    if status.st_size > options.max_file_size:
        skipped.add(SkipReason.TOO_LARGE, name)
        return
    yield FoundFile(name, status.st_size, status.st_mtime_ns, status.st_ino)


class _Crawl:
    """One crawl. Paths are relative to ``root`` without a trailing slash; the root itself is ``""``."""

    def __init__(self, root: str, options: CrawlOptions, skipped: Skipped, own: Iterable[str]) -> None:
        self.base = f"{root.rstrip('/')}/"
        self.options = options
        self.skipped = skipped
        self.exclude = Rules().with_lines("", options.exclude)
        # The user's rules inside of each folder met so far, None for a folder that is skipped.
        self.folders: dict[str, Rules | None] = {"": self._with_user_files("", Rules()), **dict.fromkeys(own)}

    def files(self, folder: str) -> Iterator[FoundFile]:
        """The files of the root or of a repository below it, which ``_enter`` has let in."""
        listing = self._ask_git(folder)
        if listing is None:
            yield from self._walk(folder)
        else:
            yield from self._stat(folder, listing)

    # What counts ----------------------------------------------------------------------------------------------

    def _enter(self, folder: str, *, tracked: bool) -> Rules | None:
        """The user's rules inside of ``folder``, or None if it, or one above it, is skipped or no real folder."""
        new = []
        while folder not in self.folders:
            new.append(folder)
            folder = folder.rpartition("/")[0]
        rules = self.folders[folder]
        for folder in reversed(new):
            if rules is not None:
                rules = self._open(folder, folder.rpartition("/")[2], rules, tracked)
            self.folders[folder] = rules
        return rules

    def _open(self, folder: str, name: str, rules: Rules, tracked: bool) -> Rules | None:
        if name in ("", ".", "..") or is_version_control(name):
            return None
        try:
            mode = os.lstat(self.base + folder).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            self.skipped.add(SkipReason.UNREADABLE, f"{folder}/")
            return None
        if not stat.S_ISDIR(mode):
            if stat.S_ISLNK(mode):
                self.skipped.add(SkipReason.SYMLINK, folder)
            return None
        excluded = self._verdict(rules, folder, is_folder=True)
        reason = SkipReason.EXCLUDED if excluded else None
        if excluded is None:
            reason = folder_skip_reason(self.base + folder, tracked=tracked, at_top="/" not in folder)
        if reason is not None:
            self.skipped.add(reason, f"{folder}/")
            return None
        return self._with_user_files(folder, rules)

    def _verdict(self, rules: Rules, path: str, is_folder: bool) -> bool | None:
        verdict = self.exclude.verdict(path, is_folder) if self.exclude.levels else None
        return rules.verdict(path, is_folder) if verdict is None and rules.levels else verdict

    def _consider(self, path: str, name: str, status: os.stat_result, rules: Rules) -> FoundFile | None:
        excluded = self._verdict(rules, path, is_folder=False) if self.exclude.levels or rules.levels else None
        reason: SkipReason | None
        if excluded:
            reason = SkipReason.EXCLUDED
        elif not stat.S_ISREG(status.st_mode):
            reason = SkipReason.SYMLINK if stat.S_ISLNK(status.st_mode) else SkipReason.SPECIAL
        elif status.st_size > self.options.max_file_size:
            reason = SkipReason.TOO_LARGE
        else:
            reason = name_skip_reason(name) if excluded is None else None
        if reason is not None:
            self.skipped.add(reason, path)
            return None
        return FoundFile(path, status.st_size, status.st_mtime_ns, status.st_ino)

    def _with_user_files(self, folder: str, rules: Rules) -> Rules:
        lines = [line for name in USER_IGNORE_FILES for line in self._lines(_join(folder, name))]
        return rules.with_lines(folder, lines) if lines else rules

    def _lines(self, path: str) -> list[str]:
        """The lines of an ignore file; like git, a link is not read, and what cannot be read has no lines."""
        full = self.base + path
        try:
            if not stat.S_ISREG(os.lstat(full).st_mode):
                return []
        except OSError:
            return []
        try:
            with open(full, "rb") as file:  # noqa: PTH123 - once a folder, where a Path costs as much again
                return lines_of(file.read(_IGNORE_FILE_BYTES))
        except OSError:
            self.skipped.add(SkipReason.UNREADABLE, path)
            return []

    # Inside a git work tree -----------------------------------------------------------------------------------

    def _ask_git(self, folder: str) -> Listing | None:
        """What git lists, or None where it has no say; a note tells why, if that is not what the user expects."""
        path = self.base + folder
        if not is_in_work_tree(path):
            return None
        try:
            listing = list_work_tree(path)
            if not listing.tracked and not listing.untracked and is_ignored(path):
                self.skipped.notes.append(f"{display_path(path)}: ignored by git, indexed since it was asked for")
                return None
        except WorkTreeError as error:
            note = f"{display_path(path)}: git does not list its files: {error}; using .gitignore files instead"
            self.skipped.notes.append(note)
            return None
        for unreadable in listing.unreadable:
            self.skipped.add(SkipReason.UNREADABLE, f"{_join(folder, unreadable)}/")
        return listing

    def _stat(self, top: str, listing: Listing) -> Iterator[FoundFile]:
        prefix = f"{top}/" if top else ""
        tracked = {prefix + folder for folder in _folders_of(listing.tracked)}
        folder, rules = top, self.folders[top]
        for listed in sorted({*listing.tracked, *listing.untracked}):
            path = prefix + listed.rstrip("/")
            parent, _, name = path.rpartition("/")
            if parent != folder:
                folder = parent
                rules = self._enter(folder, tracked=folder in tracked)
            if rules is None:
                continue
            try:
                status = os.lstat(self.base + path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                self.skipped.add(SkipReason.UNREADABLE, path)
                continue
            if stat.S_ISDIR(status.st_mode):
                yield from self._nested(path, tracked=not listed.endswith("/"))
            elif (file := self._consider(path, name, status, rules)) is not None:
                yield file

    def _nested(self, folder: str, *, tracked: bool) -> Iterator[FoundFile]:
        """A submodule, or a repository inside this one; git names it, and not its files."""
        if os.path.lexists(f"{self.base}{folder}/.git"):
            if self._enter(folder, tracked=tracked) is not None:
                yield from self.files(folder)
            return
        try:
            with os.scandir(self.base + folder) as entries:
                is_empty = next(entries, None) is None
        except OSError:
            self.skipped.add(SkipReason.UNREADABLE, f"{folder}/")
        else:
            if is_empty:  # otherwise it has taken the place of a file, and git names what is in it
                self.skipped.add(SkipReason.SUBMODULE, f"{folder}/")

    # Elsewhere ------------------------------------------------------------------------------------------------

    def _walk(self, top: str) -> Iterator[FoundFile]:
        waiting = [(top, Rules())]
        while waiting:
            folder, git_rules = waiting.pop()
            rules = self._enter(folder, tracked=False)
            if rules is None:
                continue
            if folder != top and os.path.lexists(f"{self.base}{folder}/.git"):
                yield from self.files(folder)
                continue
            try:
                with os.scandir(self.base + folder) as entries:
                    names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            except OSError:
                self.skipped.add(SkipReason.UNREADABLE, f"{folder}/")
                continue
            git_rules = self._with_gitignore(folder, git_rules)
            below = []
            for name, is_folder in names:
                path = _join(folder, name)
                if is_version_control(name) or git_rules.verdict(path, is_folder):
                    continue
                if is_folder:
                    below.append((path, git_rules))
                    continue
                try:
                    status = os.lstat(self.base + path)
                except OSError:
                    continue
                if (file := self._consider(path, name, status, rules)) is not None:
                    yield file
            waiting.extend(reversed(below))

    def _with_gitignore(self, folder: str, rules: Rules) -> Rules:
        lines = self._lines(_join(folder, ".gitignore"))
        return rules.with_lines(folder, lines) if lines else rules


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folders_of(names: list[str]) -> set[str]:
    folders = {""}
    for name in names:
        folder = name.rpartition("/")[0]
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders
