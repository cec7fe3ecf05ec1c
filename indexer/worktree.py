"""What git says about the files of a folder inside a work tree."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from indexer.git import git_command, git_environment

TIME_LIMIT = 120.0
"""Seconds that git may take to list a folder."""


class WorkTreeError(Exception):
    """Git cannot list the folder; the message says why and how to mend it, without naming the folder."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Paths are relative to the listed folder; a submodule or a nested repository is one entry, without its files."""

    tracked: list[str]
    untracked: list[str]
    """Not ignored. A nested repository ends in ``/``."""
    unreadable: list[str]
    """Folders that git was not permitted to look into."""


def is_in_work_tree(folder: str) -> bool:
    """Whether ``folder``, an absolute path, or a folder above it has a ``.git``."""
    path = Path(folder)
    return any(os.path.lexists(f"{parent}/.git") for parent in (path, *path.parents))


def list_work_tree(folder: str) -> Listing:
    """The files of ``folder`` that git tracks and those that it neither tracks nor ignores.

    Tracked files may have been deleted. Raises ``WorkTreeError``.
    """
    done = _run("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", folder=folder)
    if done.returncode:
        raise WorkTreeError(_reason(done.stderr))
    entries = os.fsdecode(done.stdout).split("\0")
    entries.pop()
    return Listing(
        tracked=[entry[2:] for entry in entries if entry[0] != "?"],
        untracked=[entry[2:] for entry in entries if entry[0] == "?"],
        unreadable=[os.fsdecode(name) for name in _UNREADABLE.findall(done.stderr)],
    )


_UNREADABLE = re.compile(rb"could not open directory '(.+?)/?': Permission denied")


def is_ignored(folder: str) -> bool:
    """Whether the repository that ``folder`` lies in ignores it. Raises ``WorkTreeError``."""
    path = Path(folder)
    return _run("check-ignore", "--quiet", "--", f"./{path.name}/", folder=str(path.parent)).returncode == 0


def _run(*arguments: str, folder: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            git_command(*arguments),
            cwd=folder,
            env=git_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise WorkTreeError(f"it took more than {TIME_LIMIT:.0f} s") from None
    except FileNotFoundError:
        raise WorkTreeError("git is not installed") from None
    except OSError as error:
        raise WorkTreeError(error.strerror or "git cannot be run") from None


def _reason(stderr: bytes) -> str:
    message = stderr.decode("utf-8", "replace").strip()
    if "dubious ownership" in message:
        return "it belongs to another user (`git config --global --add safe.directory FOLDER` trusts it)"
    return message.partition("\n")[0].removeprefix("fatal: ") or "it failed without a message"
