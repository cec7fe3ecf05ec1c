"""A shallow clone of a git URL in the cache, brought up to date whenever it is asked for again.

The URL may come from a web request or an agent, and what it points to from anybody, so nothing of either is ever
run: git speaks only the protocols of ``indexer.remote``, neither URL nor ref can pass for an option, and the clone has
no hooks, templates, submodules or filters (Git LFS files stay pointers). Links in it are the crawler's business,
which follows none.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from indexer.errors import SourceError
from indexer.git import git_command, git_environment
from indexer.remote import PROTOCOLS, Remote, parse_remote
from indexer.remove import remove_folder

Progress = Callable[[str], None]

_OUTLIVED_SECONDS = 3.0


def clone_folder(url: str, ref: str | None, cache: Path) -> Path:
    """Where ``clone_or_update`` keeps this URL at this ref, whether it is there yet or not.

    The name is the same with and without credentials and holds none. Raises ``SourceError`` for a bad URL.
    """
    remote = parse_remote(url)
    digest = blake2b(f"{remote.identity}\0{ref or ''}".encode(), digest_size=10).hexdigest()
    name = re.sub(r"[^\w.-]", "-", remote.name, flags=re.ASCII).strip(".-")[:60]
    return cache / f"{name or 'repository'}-{digest}"


def clone_or_update(
    url: str, ref: str | None, cache: Path, timeout: float = 600.0, progress: Progress | None = None
) -> Path:
    """The folder below ``cache`` with the newest commit of ``ref``: a branch, a tag or a full commit id.

    Without a ref it is the remote's default branch. ``progress`` is given each line that git reports, from another
    thread. The time limit, in seconds, is for everything together. Other processes that want the same clone wait for
    this one. A clone that was interrupted or damaged is mended or made anew.

    Raises ``SourceError`` if the URL or ref is bad or cannot be fetched; an earlier clone is then left as it was.
    """
    from filelock import FileLock, Timeout

    remote = parse_remote(url)
    check_ref(ref)
    if shutil.which("git") is None:
        raise SourceError(f"git is needed to clone {remote.shown}, but it is not installed")
    folder = clone_folder(url, ref, cache)
    deadline = time.monotonic() + timeout
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock").acquire(timeout=timeout):
            _Clone(folder, remote, ref, deadline, progress).refresh()
    except Timeout:
        busy = f"another process has been cloning it for {timeout:.0f} s"
        raise SourceError(f"cannot clone {remote.shown}: {busy}; try again later") from None
    except OSError as error:
        raise SourceError(f"cannot write to {cache}: {error.strerror or error}") from None
    return folder


def check_ref(ref: str | None) -> None:
    """Raise ``SourceError`` for what is no name of a branch or tag and no commit id (see git-check-ref-format)."""
    if ref is not None and (not ref or ref[0] in "-+/." or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", ref)):
        raise SourceError(f"not the name of a branch or tag, nor a full commit id: {ref!r}")


class _GitError(Exception):
    """Git failed in a way that a new clone may mend; the message is what it said."""


# What git says (in English, see git_environment), and what that means to the user. The first that matches counts.
_FAILURES = (
    (r"couldn't find remote ref HEAD\b", "the repository is empty"),
    (
        r"couldn't find remote ref|not our ref|no such remote ref|unadvertised object",
        "it has no branch, tag or commit {ref} (a commit needs its full id)",
    ),
    (r"dubious ownership", "it belongs to another user; `git config --global --add safe.directory PATH` trusts it"),
    (r"Host key verification failed", "its ssh key is not known yet; connect once with ssh to accept it"),
    (
        r"resolve host|resolve proxy|Name or service not known|name resolution|Network is unreachable|No route to host"
        r"|Connection refused|Connection timed out|Connection reset|Failed to connect|[Cc]ouldn't connect|timed out"
        r"|Could not connect|SSL|certificate",
        "it cannot be reached; check the address and the network ({said})",
    ),
    (
        r"Authentication failed|could not read (?:Username|Password)|Permission denied \(|Access denied"
        r"|error: 40[13]",
        "it is private or does not exist; for a private one use an ssh key or a git credential helper",
    ),
    (
        r"not found|does not appear to be a git repository|does not exist|error: 404",
        "there is no repository at this address",
    ),
    (r"No space left on device|Disk quota exceeded", "the disk with {folder} is full"),
    (
        r"RPC failed|early EOF|hung up unexpectedly|unexpected disconnect|Could not read from remote repository",
        "the connection broke off; try again ({said})",
    ),
)


class _Clone:
    def __init__(
        self, folder: Path, remote: Remote, ref: str | None, deadline: float, progress: Progress | None
    ) -> None:
        self.folder = folder
        self.remote = remote
        self.ref = ref
        self.deadline = deadline
        self.progress = progress

    def refresh(self) -> None:
        try:
            if (self.folder / ".git").is_dir():
                try:
                    _remove_leftovers(self.folder / ".git")
                    self._fetch_and_check_out(self.folder)
                except _GitError:
                    self._report("the earlier clone is damaged, cloning anew")
                    self._start()
            else:
                self._start()
        except _GitError as error:
            raise SourceError(f"cannot clone {self.remote.shown}: {error}") from None

    def _start(self) -> None:
        """Clone beside the final folder and move there, so that what stands there has once been complete."""
        unfinished = Path(f"{self.folder}.unfinished")
        _remove(unfinished)
        unfinished.mkdir()
        try:
            self._git(unfinished, "-c", "init.defaultBranch=main", "init", "--quiet", "--template=")
            self._fetch_and_check_out(unfinished)
            _remove(self.folder)
            unfinished.rename(self.folder)
        finally:
            _remove(unfinished)

    def _fetch_and_check_out(self, folder: Path) -> None:
        options = ("--depth=1", "--no-tags", "--force", "--no-recurse-submodules", "--progress")
        self._git(folder, "fetch", *options, "--", self.remote.url, self.ref or "HEAD", over_network=True)
        self._git(folder, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", "--")
        self._git(folder, "clean", "--quiet", "-ffdx")

    def _git(self, folder: Path, *arguments: str, over_network: bool = False) -> None:
        environment = self._network_environment() if over_network else _local_environment()
        process = subprocess.Popen(
            git_command(*arguments),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,  # universal newlines: git ends progress lines in \r
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # also takes the terminal away, so that nothing can ask for a password
        )
        said: list[str] = []
        reader = threading.Thread(target=self._read, args=(process, said), daemon=True)
        reader.start()
        try:
            process.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            late = f"cannot clone {self.remote.shown}: the time limit is over; allow more, or try again later"
            raise SourceError(late) from None
        finally:
            if process.poll() is None:
                _kill(process)
            # An ssh that stays to share its connection keeps the pipe open.
            reader.join(2.0)
        if process.returncode:
            self._fail(said)

    def _read(self, process: subprocess.Popen[str], said: list[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if clean := line.strip().replace(self.remote.url, self.remote.shown):
                del said[:-50]
                said.append(clean)
                self._report(clean)

    def _report(self, line: str) -> None:
        if self.progress is not None:
            self.progress(line)

    def _fail(self, said: list[str]) -> None:
        everything = "\n".join(said)
        fatal = next((line for line in said if line.startswith(("fatal:", "ERROR:", "error:"))), "git failed")
        fatal = fatal.partition(": ")[2] or fatal
        for pattern, meaning in _FAILURES:
            if re.search(pattern, everything):
                meaning = meaning.format(ref=self.ref, said=fatal.rpartition(": ")[2], folder=self.folder.parent)
                raise SourceError(f"cannot clone {self.remote.shown}: {meaning}")
        raise _GitError(fatal)

    def _network_environment(self) -> dict[str, str]:
        environment = git_environment(":".join(PROTOCOLS))
        if self.remote.login:
            token = base64.b64encode(self.remote.login.encode()).decode()
            origin = "/".join(self.remote.url.split("/", 3)[:3])
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{origin}/.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
            }
        if "GIT_SSH" not in environment and not _user_has_ssh_command():
            environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=30")
        return environment


def _remove(folder: Path) -> None:
    """Delete a folder, in which a git that outlived its killed parent may still write for a moment."""
    deadline = time.monotonic() + _OUTLIVED_SECONDS
    while folder.exists():
        try:
            remove_folder(folder)
        except OSError:  # noqa: PERF203 - it is waited for
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _remove_leftovers(git_folder: Path) -> None:
    """What a git that was killed leaves behind; no other process works here while we hold the lock."""
    for leftover in (*git_folder.rglob("*.lock"), *git_folder.glob("objects/pack/tmp_*")):
        leftover.unlink(missing_ok=True)


def _user_has_ssh_command() -> bool:
    asked = subprocess.run(
        git_command("config", "--global", "--get", "core.sshCommand"), env=git_environment(), capture_output=True
    )
    return asked.returncode == 0


def _local_environment() -> dict[str, str]:
    """Without the user's settings, which could name filters for attributes that the repository sets."""
    return git_environment() | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def _kill(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
