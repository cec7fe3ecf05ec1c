"""Every error that a user can cause: exit status 2 and one line on stderr that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ERRORS = {
    "search nothing": (["search"], "missing argument 'QUERY'"),
    "a missing path": (["search", "date", "nowhere"], "no such file or folder: nowhere"),
    "an unquoted query": (["search", "parse", "a", "date"], "a query of several words goes in quotes"),
    "an unquoted query with a negated filter": (["search", "parse", "-path:tests"], "goes in quotes"),
    "an unquoted query of two words": (["search", "parse", "date"], "a query of several words goes in quotes"),
    "a filter without value": (["search", "date lang:"], "the filter lang: needs a value, as in lang:python"),
    "an unknown kind": (["search", "date kind:procedure"], "unknown kind 'procedure': use one of function, method"),
    "an unknown language": (["search", "date lang:klingon"], "unknown language 'klingon': use one of bash, c, "),
    "an unknown format": (["search", "date", "--format", "xml"], "unknown --format 'xml': use one of text, vimgrep"),
    "an unknown encoder": (["search", "date", "--encoder", "nothing"], "no model 'nothing'"),
    "an unknown matching head": (["search", "read a date", "--matcher", "nothing"], "no model 'nothing'"),
    "an unknown option": (["search", "date", "--colour"], "no such option: --colour"),
    "a count of nothing": (["search", "date", "-k", "0"], "invalid value for '-k' / '--count'"),
    "a count that is no number": (["search", "date", "-k", "many"], "invalid value for '-k' / '--count'"),
    "an unknown command": (["find", "date"], "no such command 'find'"),
    "a mistyped command": (["serach", "date"], "Did you mean 'search'?"),
    "a ref with a folder": (["search", "date", ".", "--ref", "main"], "--ref goes with a git URL"),
    "a URL without a repository": (["index", "file:///nowhere/at/all"], "cannot clone file:///nowhere/at/all"),
    "a URL that would run a command": (["index", "ext::sh -c true"], "no such file or folder"),
    "a protocol that is not spoken": (["index", "ftp://example.org/x.git"], "cannot clone over ftp, only over https"),
    "a place without a line": (["similar", "shop/dates.py"], "is not FILE:LINE, as in src/main.py:12"),
    "a place in no file": (["similar", "nowhere.py:3"], "no such file: nowhere.py"),
    "a line beyond the file": (["similar", "shop/dates.py:999"], "no indexed function at shop/dates.py:999"),
    "a line in other digits": (["similar", "shop/dates.py:²"], "is not FILE:LINE, as in src/main.py:12"),
    "a line beyond any file": (["similar", f"shop/dates.py:{10**25}"], "is not FILE:LINE, as in src/main.py:12"),
    "a user that does not exist": (["search", "date", "~nobody-of-this-name/x"], "no such file or folder: ~nobody-"),
    "a place of no user": (["similar", "~nobody-of-this-name/x.py:1"], "no such file: ~nobody-of-this-name/x.py"),
    "a link to itself": (["search", "date", "circle"], "no such file or folder: circle"),
    "the status of nothing": (["status", "."], "run `codesearch index` first"),
    "forgetting what is not indexed": (["forget", "."], "`codesearch status` lists what is"),
    "a ref of no URL": (["status", "--ref", "main"], "--ref goes with a git URL: name the URL too"),
    "forgetting all of a ref": (["forget", "--all", "--ref", "main"], "name the URL instead of --all"),
    "an exclusion without a refresh": (
        ["search", "date", "--no-refresh", "--exclude", "shop/"],
        "change nothing with --no-refresh",
    ),
    "a size without a refresh": (
        ["search", "date", "--no-refresh", "--max-file-size", "9"],
        "change nothing with --no-refresh",
    ),
    "forgetting nothing": (["forget"], "name what to forget, or use --all"),
    "forgetting both": (["forget", ".", "--all"], "name what to forget, or use --all"),
}


@pytest.mark.parametrize(("arguments", "said"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_one_line_and_status_two(project, codesearch, arguments, said):
    (project / "circle").symlink_to("circle")
    refused = codesearch(*arguments)
    assert refused.status == 2
    assert refused.out == ""
    assert said in refused.err
    last = refused.err.splitlines()[-1]
    assert last.startswith("codesearch: ")
    assert said in last
    told = [line for line in refused.err.splitlines()[:-1] if not line.startswith("codesearch: fetching ")]
    assert told == []


@pytest.mark.parametrize("arguments", [["search", "date"], ["index"], ["status", "."], ["similar", "a.py:1"]])
def test_a_current_folder_that_was_deleted_is_said(project, codesearch, arguments):
    (project / "gone").mkdir()
    os.chdir("gone")
    (project / "gone").rmdir()
    refused = codesearch(*arguments)
    assert refused.status == 2
    assert refused.err == "codesearch: the current folder does not exist any more: change to another one\n"


@pytest.mark.parametrize("command", [["search", "date", ""], ["index", ""], ["status", ""], ["forget", ""]])
def test_an_empty_path_is_not_the_current_folder(project, codesearch, command):
    refused = codesearch(*command)
    assert (refused.status, refused.err) == (2, "codesearch: the path is empty: give a folder, a file or a git URL\n")


@pytest.mark.parametrize("arguments", [["search", "date"], ["search", "date", "--json"], ["models"], ["--help"]])
def test_output_that_cannot_be_written_is_one_line(project, arguments):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-m", "codesearch", *arguments], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"codesearch: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("module", ["codesearch.cli.app", "codesearch.engine", "numpy"])
def test_an_interruption_while_the_program_is_imported_is_status_130_and_one_line(project, module):
    interrupted = f"""
import signal, sys
import codesearch.__main__ as command

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["codesearch", "search", "date"]
command.program()
"""
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "\ncodesearch: stopped; what was done is kept\n"


@pytest.mark.parametrize("arguments", [["index", "nowhere"], ["search", "date", "no where"], ["status", "nowhere"]])
def test_quotes_are_advised_only_where_a_query_may_lack_them(project, codesearch, arguments):
    assert codesearch(*arguments).err == f"codesearch: no such file or folder: {arguments[-1]}\n"


def test_a_place_in_a_folder_that_cannot_be_entered_is_one_line(open_project, codesearch, as_ordinary_user):
    (open_project / "shop").chmod(0)
    with as_ordinary_user():
        refused = codesearch("similar", "shop/dates.py:1")
    (open_project / "shop").chmod(0o755)
    assert (refused.status, refused.err) == (2, "codesearch: no such file: shop/dates.py\n")


def test_a_folder_that_cannot_be_read_is_named(open_project, codesearch, as_ordinary_user):
    closed = open_project / "closed"
    closed.mkdir()
    closed.chmod(0)
    codesearch("search", "date", "shop")  # imports what an ordinary user may not be allowed to read
    with as_ordinary_user():
        refused = codesearch("search", "date", str(closed), "--index-dir", str(open_project.parent / "cache"))
    assert refused.status == 2
    assert refused.err == f"codesearch: cannot read {closed}: Permission denied\n"


def test_an_index_folder_that_cannot_be_written_is_named(open_project, codesearch, as_ordinary_user):
    closed = open_project / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    codesearch("search", "date", "shop")
    with as_ordinary_user():
        refused = codesearch("search", "date", str(open_project / "shop"), "--index-dir", str(closed))
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert "Permission denied" in refused.err


def test_a_damaged_index_is_mended_and_said(project, codesearch):
    codesearch("index")
    database = next(iter((project.parent / "cache").rglob("index.db")))
    database.write_bytes(b"not a database" * 1000)
    found = codesearch("search", "parse_date", "--format", "paths")
    assert found.status == 0
    assert found.out.splitlines()[0] == "shop/dates.py"
    assert found.err.count("\n") == 1
    assert "damaged" in found.err


def test_status_tells_of_an_index_that_cannot_be_read(project, codesearch):
    codesearch("index")
    next(iter((project.parent / "cache").rglob("index.db"))).write_bytes(b"not a database" * 1000)
    shown = codesearch("status")
    assert shown.status == 0
    assert "cannot be read" in shown.out
    assert "index it again" in shown.out
