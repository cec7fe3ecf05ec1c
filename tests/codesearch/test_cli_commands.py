"""`codesearch index`, `status`, `forget`, `models`, help and completion."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codesearch.encoders.resolve import SHIPPED_FOLDER

COMMANDS = ("search", "index", "similar", "status", "forget", "models", "eval", "train")


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def remote(project):
    """The project as a git repository that can be cloned; the tag ``old`` is from before the cart."""
    cart = project / "web" / "cart.js"
    later = cart.read_text()
    cart.unlink()
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Begin")
    git(project, "tag", "old")
    cart.write_text(later)
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "Sell")
    return project.as_uri()


def test_index_says_what_it_read(project, codesearch):
    built = codesearch("index")
    assert built.status == 0
    assert re.fullmatch(r"\.: 10 functions in 5 files; read 5 files, encoded 10 functions in \d+\.\d s\n", built.out)
    assert built.err == ""


def test_index_reads_only_what_changed(project, codesearch):
    codesearch("index")
    assert codesearch("index").out == ".: up to date, 10 functions\n"
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    assert "11 functions in 6 files; read 1 files, encoded 1 functions" in codesearch("index").out


def test_rebuild_reads_every_file_and_encodes_nothing(project, codesearch):
    codesearch("index")
    assert "read 5 files, encoded 0 functions" in codesearch("index", "--rebuild").out


def test_several_folders_are_indexed_each_by_itself(project, codesearch):
    built = codesearch("index", "shop", "web")
    assert [line.partition(":")[0] for line in built.out.splitlines()] == ["shop", "web"]
    assert len(json.loads(codesearch("status", "--json").out)["indexes"]) == 2


def test_a_folder_that_is_missing_keeps_no_other_from_being_indexed_or_forgotten(project, codesearch):
    built = codesearch("index", "nowhere", "web")
    assert (built.status, built.err) == (2, "codesearch: no such file or folder: nowhere\n")
    assert built.out.startswith("web: ")
    gone = codesearch("forget", "shop", "web")
    assert (gone.status, gone.out) == (2, f"forgot {project / 'web'}\n")
    assert "shop" in gone.err


def test_verbose_counts_what_was_skipped_by_reason(project, codesearch):
    (project / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (project / "package-lock.json").write_text("{}")
    (project / "big.py").write_text("x = 1\n" * 500)
    shown = codesearch("index", "--verbose", "--max-file-size", "2000", "--exclude", "web/").out
    for line in ("1 binary: logo.png", "1 lock file: package-lock.json", "1 too large: big.py", "1 excluded: web/"):
        assert f"  skipped {line}\n" in shown


def test_only_files_that_hold_something_are_counted(project, codesearch):
    for number in range(6):
        (project / f"logo{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (project / "binary.py").write_bytes(b"\0\1")
    assert codesearch("index").out.startswith(".: 10 functions in 5 files; read 6 files")


def test_verbose_tells_of_an_unchanged_folder_too_and_of_each_reason_in_one_line(project, codesearch):
    (project / "two\nlines.png").write_bytes(b"")
    (project / "binary.py").write_bytes(b"\0\1")
    codesearch("index")
    skipped = "  skipped 2 binary: binary.py, two\\x0alines.png\n"
    assert codesearch("index", "--verbose").out == f".: up to date, 10 functions\n{skipped}"


def test_quiet_says_nothing(project, codesearch):
    built = codesearch("index", "--quiet")
    assert (built.status, built.out, built.err) == (0, "", "")


def test_a_git_url_is_cloned_and_searched(remote, codesearch, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = codesearch("search", "add to the shopping cart", remote, "--json", "-k", "1")
    assert found.status == 0
    assert found.err == f"codesearch: fetching {remote}\n"
    assert json.loads(found.out)["results"][0]["path"] == "web/cart.js"


def test_results_of_a_git_url_open_from_where_the_user_is(remote, codesearch, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    paths = codesearch("search", "shopping cart", remote, "--format", "paths", "-q").out.splitlines()
    assert all(os.path.isfile(path) for path in paths)  # noqa: PTH113
    assert paths


def test_a_ref_chooses_what_is_cloned(remote, codesearch):
    codesearch("index", remote, "--ref", "old")
    shown = json.loads(codesearch("status", "--json").out)["indexes"][0]
    assert (shown["url"], shown["ref"], shown["files"]) == (remote, "old", 4)
    assert len(shown["commit"]) == 40


def test_no_refresh_searches_the_index_of_a_ref(remote, codesearch):
    codesearch("index", remote, "--ref", "old")
    found = codesearch("search", "shopping cart", remote, "--ref", "old", "--no-refresh", "--json")
    assert (found.status, found.err) == (0, "")
    assert "web/cart.js" not in [result["path"] for result in json.loads(found.out)["results"]]


def test_status_and_forget_name_the_index_of_a_ref(remote, codesearch):
    codesearch("index", remote)
    codesearch("index", remote, "--ref", "old")
    assert json.loads(codesearch("status", remote, "--ref", "old", "--json").out)["indexes"][0]["ref"] == "old"
    assert codesearch("forget", remote, "--ref", "old").out == f"forgot {remote} at old\n"
    assert [index["ref"] for index in json.loads(codesearch("status", "--json").out)["indexes"]] == [None]


@pytest.mark.parametrize("command", [["status"], ["forget"], ["search", "cart", "--no-refresh"]])
def test_a_url_that_is_not_indexed_is_not_cloned_to_say_so(remote, codesearch, cache, command):
    refused = codesearch(*command, remote)
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert not list(cache.rglob(".git"))


def test_an_encoder_folder_is_found_again_from_another_folder(project, codesearch, monkeypatch):
    shutil.copytree(SHIPPED_FOLDER / "static", "my_encoder")
    codesearch("index", "shop", "--encoder", "./my_encoder")
    monkeypatch.chdir("/")
    found = codesearch("search", "parse a date", str(project / "shop"), "-k", "1", "--format", "vimgrep")
    assert found.out.startswith(f"{project}/shop/dates.py:1:")


def test_a_ref_that_does_not_exist_is_named(remote, codesearch):
    refused = codesearch("index", remote, "--ref", "nowhere")
    assert refused.status == 2
    assert "no branch, tag or commit nowhere" in refused.err.splitlines()[-1]


def test_status_of_nothing_says_how_to_begin(project, codesearch):
    assert codesearch("status").out == "nothing is indexed yet: run `codesearch index` in a folder\n"


def test_status_shows_size_age_and_languages(project, codesearch):
    codesearch("index")
    lines = codesearch("status").out.splitlines()
    assert lines[0] == str(project)
    assert re.fullmatch(r"  10 functions in 5 files, \d+\.\d MB, indexed (a moment|\\d+ seconds?) ago", lines[1])
    assert lines[2].startswith("  encoder ")
    assert lines[3] == "  python 3, go 1, javascript 1"


def test_status_as_json_has_every_number(project, codesearch):
    codesearch("index")
    shown = json.loads(codesearch("status", ".", "--json").out)["indexes"]
    assert len(shown) == 1
    assert shown[0]["root"] == str(project)
    assert shown[0]["functions"] == 10
    assert shown[0]["languages"] == {"go": 1, "javascript": 1, "python": 3}
    assert shown[0]["pending_files"] == 0
    assert shown[0]["size"] > 1000


def test_status_shows_what_is_left_out_on_demand(project, codesearch):
    codesearch("index", "--exclude", "web/", "--exclude", "* copy.py")
    assert codesearch("status").out.splitlines()[-1] == "  without what matches --exclude web/ '* copy.py'"
    assert json.loads(codesearch("status", "--json").out)["indexes"][0]["exclude"] == ["web/", "* copy.py"]


def test_inside_of_a_clone_a_search_is_one_of_its_url(remote, codesearch, monkeypatch):
    answer = json.loads(codesearch("search", "parse a date", remote, "--json").out)
    clone = json.loads(codesearch("status", "--json").out)["indexes"][0]["root"]
    monkeypatch.chdir(clone)
    Path("new.py").write_text("def new(): ...\n")
    inside = json.loads(codesearch("search", "parse a date", "--json").out)
    assert inside["results"][0]["repo"] == answer["results"][0]["repo"]
    assert json.loads(codesearch("status", "--json").out)["indexes"][0]["url"] == remote


def test_an_old_clone_says_how_old_it_is(remote, codesearch):
    assert "ago" not in codesearch("search", "parse a date", remote).err
    clone = json.loads(codesearch("status", "--json").out)["indexes"][0]["root"]
    then = time.time() - 3 * 86400
    os.utime(Path(clone, ".git", "FETCH_HEAD"), (then, then))
    said = f"codesearch: {remote} as it was 3 days ago: `codesearch index` fetches it again\n"
    assert codesearch("search", "parse a date", remote).err == said
    codesearch("index", remote)
    assert codesearch("search", "parse a date", remote).err == ""


def test_forget_deletes_the_index_and_nothing_else(project, codesearch):
    codesearch("index")
    assert codesearch("forget", ".").out == f"forgot {project}\n"
    assert codesearch("status").out.startswith("nothing is indexed yet")
    assert (project / "shop" / "dates.py").is_file()


def test_forget_finds_the_index_of_a_folder_that_is_gone(project, codesearch):
    codesearch("index", "web")
    (project / "web" / "cart.js").unlink()
    (project / "web").rmdir()
    assert codesearch("forget", "web").status == 0
    assert codesearch("status").out.startswith("nothing is indexed yet")


def test_forget_all_deletes_clones_too(remote, codesearch, cache):
    codesearch("index", ".", remote)
    assert codesearch("forget", "--all").out == "forgot 2 indexes\n"
    assert not list(cache.rglob("*.py"))


def test_forget_all_keeps_what_is_not_its_own(project, codesearch, tmp_path):
    codesearch("index", "--index-dir", str(tmp_path))
    others = [tmp_path / "clones" / "mine" / "notes.txt", tmp_path / "database" / "index.db"]
    for file in others:
        file.parent.mkdir(parents=True)
        file.write_text("precious")
    assert codesearch("forget", "--all", "--index-dir", str(tmp_path)).out == "forgot 1 index\n"
    assert all(file.read_text() == "precious" for file in others)


def test_index_dir_may_begin_with_a_tilde(project, codesearch, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    codesearch("index", "--index-dir=~/indexes")
    assert list((tmp_path / "home" / "indexes").glob("*/index.db"))


def test_index_dir_keeps_indexes_elsewhere(project, codesearch, cache, tmp_path):
    codesearch("index", "--index-dir", str(tmp_path / "elsewhere"))
    assert list((tmp_path / "elsewhere").glob("*/index.db"))
    assert not list(cache.rglob("index.db"))


def test_models_lists_what_is_shipped(project, codesearch):
    names = {line.split()[0] for line in codesearch("models").out.splitlines()}
    assert {"default", "static"} <= names
    models = json.loads(codesearch("models", "--json").out)["models"]
    assert {model["name"] for model in models} == names
    assert next(model for model in models if model["name"] == "static")["encodes"]


def test_models_says_which_one_the_default_is(codesearch):
    assert "default  the same as static" in codesearch("models").out.splitlines()
    same_as = {model["name"]: model["same_as"] for model in json.loads(codesearch("models", "--json").out)["models"]}
    assert (same_as["default"], same_as["static"]) == ("static", None)


@pytest.mark.parametrize("help_option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cache, codesearch, command, help_option):
    shown = codesearch(command, help_option)
    assert shown.status == 0
    assert shown.out.startswith(f"Usage: codesearch {command} ")
    assert shown.err == ""


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in ("eval", "train")])
def test_the_help_of_every_command_has_examples(cache, codesearch, command):
    shown = codesearch(command, "--help").out
    assert f"  Examples:\n      codesearch {command}" in shown


def test_help_lists_every_command(cache, codesearch):
    shown = codesearch("--help").out
    assert all(re.search(rf"(?m)^  {command} ", shown) for command in COMMANDS)


def test_no_command_at_all_shows_the_help(cache, codesearch):
    shown = codesearch()
    assert shown.status == 2
    assert shown.err.startswith("Usage: codesearch ")


def test_the_version_is_shown(cache, codesearch):
    assert re.fullmatch(r"codesearch \d+\.\d+\.\d+\n", codesearch("--version").out)


def test_what_git_has_to_do_with_the_files_is_told(project, codesearch):
    git(project, "init", "--quiet")
    (project / ".gitignore").write_text("shop/\n")
    told = codesearch("index", "shop").err
    assert told.splitlines()[-1].endswith("ignored by git, indexed since it was asked for")


def asked_for_completion(**variables):
    """The installed command, which shells call with its instructions in the environment."""
    command = Path(sys.executable).with_name("codesearch")
    return subprocess.run([command], capture_output=True, text=True, env={**os.environ, **variables})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_completion_script(cache, shell):
    script = asked_for_completion(_CODESEARCH_COMPLETE=f"source_{shell}")
    assert script.returncode == 0
    assert "_CODESEARCH_COMPLETE" in script.stdout


def test_commands_and_options_are_completed(cache):
    given = asked_for_completion(_CODESEARCH_COMPLETE="complete_bash", COMP_WORDS="codesearch se", COMP_CWORD="1")
    assert given.stdout.split() == ["search"]
