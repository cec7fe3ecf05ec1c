"""Files of a commit, read from a git directory without a work tree."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

from codesearch.errors import CodesearchError
from indexer.git import git_command, git_environment
from indexer.skip import name_skip_reason

FILE_BYTES = 1_000_000
"""Larger files are left out, as the crawler does."""


class Blobs:
    """Reads objects one after the other through one git process; a context manager."""

    def __init__(self, git_directory: Path) -> None:
        self._process = subprocess.Popen(
            git_command("--git-dir", str(git_directory), "cat-file", "--batch"),
            env=git_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Blobs:  # noqa: D105
        return self

    def __exit__(  # noqa: D105
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def read(self, object_name: str) -> bytes | None:
        """Return the bytes of a blob, None if a partial clone lacks it or it is too large."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(f"{object_name}\n".encode())
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3:
            return None
        data = stdout.read(int(header[2]) + 1)[:-1]
        return data if header[1] == b"blob" and len(data) <= FILE_BYTES else None


def git_output(git_directory: Path, *arguments: str, stdin: str = "") -> str:
    """Run git and return what it prints, undecodable bytes replaced.

    Raises:
        CodesearchError: git failed.
    """
    done = subprocess.run(
        git_command("--git-dir", str(git_directory), *arguments),
        env=git_environment(),
        input=stdin.encode(),
        capture_output=True,
    )
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["git failed"]
        raise CodesearchError(f"cannot read {git_directory}: {reason[0]}")
    return done.stdout.decode("utf-8", "replace")


def export(git_directory: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit below ``folder``: regular files that the crawler would look at, no links."""
    with Blobs(git_directory) as blobs:
        for entry in git_output(git_directory, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
            about, _, path = entry.partition("\t")
            if not about.startswith("100") or name_skip_reason(path.rpartition("/")[2]) is not None:
                continue
            data = blobs.read(about.split()[2])
            target = folder / path
            if data is None or ".." in target.parts:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
