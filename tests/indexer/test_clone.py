from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from indexer.clone import clone_folder, clone_or_update
from indexer.errors import SourceError
from indexer.remote import is_git_url

Make = Callable[[Path], Any]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def url_of(repository: Any) -> str:
    return f"file://{repository.folder}"


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_text() for path in files}


# What is a git URL -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/owner/name",
        "http://host/name.git",
        "ssh://git@host:2222/owner/name",
        "file:///srv/name.git",
        "git@github.com:owner/name.git",
        "github.com/owner/name",
        "gitlab.com/group/sub/name",
        "git.example.org/owner/name",
    ],
)
def test_a_git_url_is_known_from_a_path(text: str) -> None:
    assert is_git_url(text)


@pytest.mark.parametrize(
    "text",
    [".", "src/main", "/home/me/name", "../name", "C:\\code", "name.git", "owner/name", "a.b/c/d", "github.com", "x:y"],
)
def test_a_path_is_no_git_url(text: str) -> None:
    assert not is_git_url(text)


def test_a_folder_that_looks_like_a_url_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "github.com/owner/name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not is_git_url("github.com/owner/name")


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch ran'",
        "ext::touch",
        "ext://touch",
        "git://host/name",
        "fd::17",
        "--upload-pack=touch",
        "-u/x",
        "ssh://-oProxyCommand=touch/x",
        "ssh://-oProxyCommand=touch@host/x",
        "-oProxyCommand=x@host:name",
        "git@-host:name",
        "git@host:-name",
        "https://host/na me",
        "https://host/x\n",
        "https:///name",
        "https://host",
        "https://[::1/name",
        "file://host/name",
        "file://",
        "",
    ],
)
def test_what_could_run_a_command_or_names_no_repository_is_refused_unseen_by_git(
    url: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SourceError) as error:
        clone_or_update(url, None, cache)
    assert "\n" not in str(error.value)
    assert "installed" not in str(error.value)
    assert not cache.exists()


@pytest.mark.parametrize(
    "ref", ["", "-x", "--upload-pack=x", "a b", "a..b", "a:b", "+a", "a~1", "a^", "@{1}", "a\nb", "a*"]
)
def test_a_ref_that_is_none_is_refused(ref: str, repository: Any, cache: Path) -> None:
    repository.commit({"a.py": ""})
    with pytest.raises(SourceError, match="branch or tag"):
        clone_or_update(url_of(repository), ref, cache)


# Cloning and updating --------------------------------------------------------------------------------------------


def test_a_clone_is_shallow_and_follows_the_default_branch(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1", "gone.py": ""})
    repository.commit({"a.py": "2"})
    folder = clone_or_update(url_of(repository), None, cache)
    assert contents(folder) == {"a.py": "2", "gone.py": ""}
    count = subprocess.check_output(["git", "-C", folder, "rev-list", "--count", "HEAD"])
    assert count.strip() == b"1"
    (repository.folder / "gone.py").unlink()
    repository.commit({"b.py": "new"})
    assert clone_or_update(url_of(repository), None, cache) == folder
    assert contents(folder) == {"a.py": "2", "b.py": "new"}


@pytest.mark.parametrize("is_cloned", [False, True])
def test_without_git_the_line_says_so(
    is_cloned: bool, repository: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": "1"})
    if is_cloned:
        clone_or_update(url_of(repository), None, cache)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert message(url_of(repository), cache) == f"git is needed to clone {url_of(repository)}, but it is not installed"


def test_an_update_leaves_unchanged_files_untouched(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1", "b.py": "1"})
    folder = clone_or_update(url_of(repository), None, cache)
    before = (folder / "a.py").stat()
    repository.commit({"b.py": "2"})
    clone_or_update(url_of(repository), None, cache)
    after = (folder / "a.py").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_branches_tags_and_commits_have_a_clone_each(repository: Any, cache: Path) -> None:
    first = repository.commit({"a.py": "1"})
    repository.git("tag", "--annotate", "--message", "One", "v1")
    repository.git("checkout", "--quiet", "-b", "feature/two")
    repository.commit({"a.py": "2"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"a.py": "3"})
    refs = {"v1": "1", first: "1", "feature/two": "2", None: "3"}
    folders = {ref: clone_or_update(url_of(repository), ref, cache) for ref in refs}
    assert len(set(folders.values())) == 4
    assert {ref: contents(folder)["a.py"] for ref, folder in folders.items()} == refs


def test_a_force_pushed_branch_is_followed(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1"})
    repository.commit({"a.py": "2"})
    folder = clone_or_update(url_of(repository), None, cache)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit({"c.py": "3"})
    clone_or_update(url_of(repository), None, cache)
    assert contents(folder) == {"a.py": "1", "c.py": "3"}


def test_progress_is_reported_line_by_line(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1"})
    lines: list[str] = []
    clone_or_update(url_of(repository), None, cache, progress=lines.append)
    assert any("Counting objects: 100%" in line for line in lines)
    assert not any("\r" in line or "\n" in line for line in lines)


def damage_index(folder: Path) -> None:
    (folder / ".git/index").write_bytes(b"DIRC")


def damage_objects(folder: Path) -> None:
    for item in (folder / ".git/objects").rglob("*"):
        if item.is_file():
            item.chmod(0o644)
            item.write_bytes(b"")


def damage_head(folder: Path) -> None:
    (folder / ".git/HEAD").write_bytes(b"\0\0")


def damage_work_tree(folder: Path) -> None:
    (folder / "a.py").write_text("half")
    (folder / "left.py").write_text("left over")


@pytest.mark.parametrize("damage", [damage_index, damage_objects, damage_head, damage_work_tree])
def test_a_damaged_or_interrupted_clone_is_mended(repository: Any, cache: Path, damage: Callable[[Path], None]) -> None:
    repository.commit({"a.py": "1"})
    folder = clone_or_update(url_of(repository), None, cache)
    damage(folder)
    repository.commit({"b.py": "2"})
    assert clone_or_update(url_of(repository), None, cache) == folder
    assert contents(folder) == {"a.py": "1", "b.py": "2"}


def test_locks_that_a_killed_git_left_cost_no_new_clone(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1"})
    folder = clone_or_update(url_of(repository), None, cache)
    for name in ("index.lock", "shallow.lock", "HEAD.lock", "objects/pack/tmp_pack_x"):
        (folder / ".git" / name).touch()
    before = folder.stat().st_ino
    repository.commit({"b.py": "2"})
    clone_or_update(url_of(repository), None, cache)
    assert contents(folder) == {"a.py": "1", "b.py": "2"}
    assert folder.stat().st_ino == before


CLONE = """
import sys
from pathlib import Path
from indexer.clone import clone_or_update
print(clone_or_update(sys.argv[1], None, Path(sys.argv[2])))
"""


def test_a_clone_that_is_killed_is_completed_by_the_next(repository: Any, cache: Path) -> None:
    repository.commit({f"{number}.py": str(number) for number in range(300)})
    for delay in (0.12, 0.2, 0.3):
        process = subprocess.Popen([sys.executable, "-c", CLONE, url_of(repository), cache], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
    assert len(contents(clone_or_update(url_of(repository), None, cache))) == 300


def test_processes_that_want_the_same_clone_do_not_collide(repository: Any, cache: Path) -> None:
    repository.commit({f"{number}.py": str(number) for number in range(50)})
    command = [sys.executable, "-c", CLONE, url_of(repository), cache]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    answers = [process.communicate() for process in processes]
    assert [error for _, error in answers] == [b""] * 4
    (folder,) = {Path(os.fsdecode(answer.strip())) for answer, _ in answers}
    assert len(contents(folder)) == 50


# Nothing is run --------------------------------------------------------------------------------------------------


def test_filters_hooks_templates_and_submodules_are_off(
    tmp_path: Path, repository: Any, make_repository: Make, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-$(basename $0)\ncat\n")
    script.chmod(0o755)
    hooks = tmp_path / "template/hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").symlink_to(script)
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[filter "lfs"]\n smudge = {script}\n required = true\n[init]\n templateDir = {tmp_path}/template\n'
        f"[core]\n hooksPath = {hooks}\n[submodule]\n recurse = true\n[protocol]\n allow = always\n"
    )
    library = make_repository(tmp_path / "library")
    library.commit({"lib.py": ""})
    repository.commit({".gitattributes": "*.bin filter=lfs\n", "a.bin": "pointer"})
    repository.git("submodule", "--quiet", "add", url_of(library), "library")
    repository.commit()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    folder = clone_or_update(url_of(repository), None, cache)
    assert (folder / "a.bin").read_text() == "pointer"
    assert not list((folder / "library").iterdir())
    assert not list(tmp_path.glob("ran-*"))


def test_settings_cannot_turn_a_url_into_a_command(
    tmp_path: Path, repository: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[url "ext::touch {tmp_path}/ran #"]\n insteadOf = https://rewritten.invalid/\n'
        '[protocol "ext"]\n allow = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with pytest.raises(SourceError):
        clone_or_update("https://rewritten.invalid/owner/name", None, cache)
    assert not (tmp_path / "ran").exists()


# Errors ----------------------------------------------------------------------------------------------------------


def message(url: str, cache: Path, ref: str | None = None, timeout: float = 60.0) -> str:
    with pytest.raises(SourceError) as error:
        clone_or_update(url, ref, cache, timeout)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_unknown_ref_is_said(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": ""})
    assert "no branch, tag or commit nowhere" in message(url_of(repository), cache, "nowhere")
    assert "no branch, tag or commit 0123" in message(url_of(repository), cache, "0123" * 10)


def test_an_empty_repository_is_said(repository: Any, cache: Path) -> None:
    assert "empty" in message(url_of(repository), cache)


def test_a_repository_that_is_not_there_is_said_and_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    assert "no repository at this address" in message(f"file://{tmp_path}/nothing", cache)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_an_address_that_cannot_be_reached_is_said(cache: Path) -> None:
    assert "cannot be reached" in message("http://127.0.0.1:1/owner/name", cache)
    assert "cannot be reached" in message("ssh://git@127.0.0.1:1/owner/name", cache)


def test_missing_git_is_said(repository: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "git is needed" in message(url_of(repository), cache)


def test_a_cache_that_cannot_be_written_is_said(repository: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot write to" in message(url_of(repository), tmp_path / "file/cache")


def test_a_failed_update_leaves_the_earlier_clone(repository: Any, cache: Path) -> None:
    repository.commit({"a.py": "1"})
    folder = clone_or_update(url_of(repository), None, cache)
    repository.folder.rename(repository.folder.with_name("moved"))
    assert "no repository" in message(url_of(repository), cache)
    assert contents(folder) == {"a.py": "1"}


class _Server(BaseHTTPRequestHandler):
    """Refuses every request, or never answers one."""

    seen: list[dict[str, str]]
    answers: bool

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        if not self.answers:
            time.sleep(30)
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=[True])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[dict[str, str]]]]:
    handler = type("Handler", (_Server,), {"seen": [], "answers": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{listening.server_port}", handler.seen
        threading.Thread(target=listening.shutdown, daemon=True).start()


def test_credentials_are_sent_but_never_shown_kept_or_asked_for(
    server: tuple[str, list[dict[str, str]]], cache: Path
) -> None:
    address, seen = server
    said = message(f"http://me:s%40cret@{address}/owner/name.git", cache)
    assert "private or does not exist" in said
    assert seen[0]["Authorization"] == "Basic " + base64.b64encode(b"me:s@cret").decode()
    names = " ".join(path.name for path in cache.rglob("*"))
    assert not re.search("cret|me:", said + names)
    assert clone_folder(f"http://me:x@{address}/owner/name.git", None, cache) == clone_folder(
        f"http://{address}/owner/name", None, cache
    )


@pytest.mark.parametrize("server", [False], indirect=True)
def test_the_time_limit_ends_git_and_all_it_started(server: tuple[str, list[dict[str, str]]], cache: Path) -> None:
    address, _ = server
    started = time.monotonic()
    assert "time limit" in message(f"http://{address}/owner/name", cache, timeout=0.7)
    assert time.monotonic() - started < 4
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if address.encode() in path.read_bytes()]
    assert left == []
