"""A repository's files at one commit: from a local folder or git directory, or from GitHub."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from eval.download import data_cache
from eval.errors import DataError
from eval.repo_queries import Repository
from indexer.git import git_command, git_environment

CLONE_SECONDS = 600


def checkout(repository: Repository, repositories: Path | None) -> Path:
    """Return a work tree with the files of ``repository.commit``, exported once into the cache.

    ``repositories`` may hold the repository as ``NAME``, ``OWNER+NAME`` or ``OWNER/NAME``, each a work tree, a
    git directory, or a folder with a git directory ``repo`` in it. Without it, or without the repository in it,
    the commit is fetched from GitHub.

    Raises :class:`DataError` when the commit cannot be had.
    """
    target = data_cache() / "checkouts" / f"{repository.name}-{repository.commit[:12]}"
    if target.is_dir():
        _track(target)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    local = _local(repository, repositories) if repositories else None
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    if local is not None:
        _export(local, repository.commit, part)
    else:
        clone = target.with_name(target.name + ".git")
        _fetch(repository, clone)
        _export(clone, repository.commit, part)
        shutil.rmtree(clone, ignore_errors=True)
    _track(part)
    part.replace(target)
    return target


def _local(repository: Repository, folder: Path) -> Path | None:
    for name in (repository.name, repository.repository.replace("/", "+"), repository.repository):
        for candidate in (folder / name / "repo", folder / name, folder / f"{name}.git"):
            if (candidate / ".git").exists() or (candidate / "HEAD").is_file():
                return candidate
    return None


def _export(git: Path, commit: str, target: Path) -> None:
    """Unpack all files of the commit, those too that the repository's attributes keep out of its archives."""
    archive, shared = target.with_name(target.name + ".tar"), target.with_name(target.name + ".shared")
    shutil.rmtree(shared, ignore_errors=True)
    try:
        # Attributes of one's own go before those of the commit; the repository itself is not written to.
        _git(git, "clone", "--quiet", "--bare", "--shared", ".", str(shared), hint="give another --repositories")
        (shared / "info").mkdir(exist_ok=True)
        (shared / "info" / "attributes").write_text("* -export-ignore -export-subst\n", encoding="utf-8")
        _git(shared, "archive", "--format=tar", f"--output={archive}", commit, hint=f"fetch {commit[:12]} there")
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(target, members=[m for m in tar if m.isfile() or m.isdir()], filter="data")
            else:
                raise DataError("this Python unpacks archives unsafely; use the latest patch release of your Python")
    finally:
        archive.unlink(missing_ok=True)
        shutil.rmtree(shared, ignore_errors=True)


def _track(folder: Path) -> None:
    """Let git name every file of the folder, as it does in a clone: also those that a .gitignore in it matches."""
    if not (folder / ".git" / "index").exists():
        hint = "delete the folder and run again"
        _git(folder, "init", "--quiet", "--template=", ".", hint=hint)
        _git(folder, "add", "--force", "--intent-to-add", ".", hint=hint)


def _fetch(repository: Repository, clone: Path) -> None:
    url = f"https://github.com/{repository.repository}"
    shutil.rmtree(clone, ignore_errors=True)
    clone.mkdir(parents=True)
    hint = "run again with a network, or give --repositories"
    _git(clone, "init", "--quiet", "--bare", ".", hint=hint)
    _git(clone, "fetch", "--quiet", "--depth=1", url, repository.commit, hint=hint)


def _git(folder: Path, *arguments: str, hint: str) -> None:
    try:
        subprocess.run(
            git_command(*arguments),
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=CLONE_SECONDS,
            env=git_environment("https:file"),
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise DataError("git is not installed; install it to check repositories out") from error
    except subprocess.TimeoutExpired as error:
        raise DataError(f"git {arguments[0]} took over {CLONE_SECONDS} s in {folder}; {hint}") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DataError(f"git {arguments[0]} failed in {folder} ({reason}); {hint}") from error
