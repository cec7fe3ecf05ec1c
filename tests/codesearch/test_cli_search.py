"""`codesearch search` and `codesearch similar` as people, editors and agents use them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from written import write_files

FIELDS = [
    "rank",
    "score",
    "repo",
    "path",
    "start_line",
    "end_line",
    "language",
    "kind",
    "name",
    "qualified_name",
    "signature",
    "snippet",
]


def test_a_search_in_a_folder_that_was_never_indexed_just_works(project, codesearch):
    found = codesearch("search", "retry with exponential backoff")
    assert found.status == 0
    assert found.out.startswith("shop/retry.py:4-10  function retry_with_backoff\n    def retry_with_backoff(")


def test_results_in_a_pipe_are_plain_and_nothing_is_said_beside_them(project, codesearch_process):
    found = codesearch_process("search", "parse a date")
    assert "\x1b" not in found.out
    assert found.err == ""


def test_a_change_is_found_without_being_asked_for(project, codesearch):
    codesearch("search", "parse a date")
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    assert codesearch("search", "value added tax", "--format", "paths").out.splitlines()[0] == "shop/tax.py"
    (project / "shop" / "tax.py").unlink()
    assert "tax.py" not in codesearch("search", "value added tax").out


def test_no_refresh_searches_the_index_as_it_is(project, codesearch):
    codesearch("index")
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    assert "tax.py" not in codesearch("search", "value added tax", "--no-refresh").out


def test_no_refresh_without_an_index_says_what_to_do(project, codesearch):
    refused = codesearch("search", "value added tax", "--no-refresh")
    assert refused.status == 2
    assert "run `codesearch index` first" in refused.err


def test_nothing_found_is_status_one_and_silence(project, codesearch):
    found = codesearch("search", "anything lang:rust")
    assert (found.status, found.out, found.err) == (1, "", "")


@pytest.mark.parametrize("query", ["???", "\u89e3\u6790\u65e5\u671f"])
def test_a_query_without_a_known_word_finds_nothing(project, codesearch, query):
    found = codesearch("search", query)
    assert (found.status, found.out, found.err) == (1, "", "")


def test_json_is_one_object_with_exactly_the_fields_of_the_contract(project, codesearch):
    found = codesearch("search", "parse a date from a string", "--json", "-k", "2")
    answer = json.loads(found.out)
    assert list(answer) == ["query", "results", "took_ms"]
    assert answer["query"] == "parse a date from a string"
    assert [list(result) for result in answer["results"]] == [FIELDS, FIELDS]
    first = answer["results"][0]
    assert (first["rank"], first["path"], first["start_line"], first["end_line"]) == (1, "shop/dates.py", 1, 4)
    assert (first["language"], first["kind"], first["name"]) == ("python", "function", "parse_date")
    assert first["signature"] == "def parse_date(text)"
    assert first["snippet"].splitlines()[0] == "def parse_date(text):"
    assert first["repo"] == project.name
    assert answer["took_ms"] > 0


def test_json_without_results_is_an_object_too(project, codesearch):
    found = codesearch("search", "anything lang:rust", "--json")
    assert found.status == 1
    assert json.loads(found.out)["results"] == []


def test_vimgrep_lines_have_path_line_column_and_text(project, codesearch):
    lines = codesearch("search", "date", "--format", "vimgrep").out.splitlines()
    places = [re.fullmatch(r"([^:]+):(\d+):(\d+):(.+)", line) for line in lines]
    assert all(places)
    assert ("shop/dates.py", "1", "1", "def parse_date(text)") in [place.groups() for place in places]
    assert all((project / place.group(1)).is_file() for place in places)


def test_paths_name_each_file_once(project, codesearch):
    lines = codesearch("search", "retry", "--format", "paths").out.splitlines()
    assert lines[0] == "shop/retry.py"
    assert len(lines) == len(set(lines))


def test_count_limits_the_results(project, codesearch):
    assert len(codesearch("search", "date", "-k", "1", "--format", "vimgrep").out.splitlines()) == 1


def test_lines_limit_the_source_that_is_shown(project, codesearch):
    one = codesearch("search", "parse_date", "-k", "1", "-n", "1").out
    assert one == "shop/dates.py:1-4  function parse_date\n    def parse_date(text):\n    ... 3 more lines\n\n"
    all_but_one = codesearch("search", "parse_date", "-k", "1", "-n", "3").out
    assert all_but_one == codesearch("search", "parse_date", "-k", "1", "-n", "4").out
    none = codesearch("search", "parse_date", "-k", "1", "-n", "0").out
    assert none == "shop/dates.py:1-4  function parse_date\n"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("date -path:tests lang:py", "shop/dates.py"),
        ("date path:tests", "tests/test_dates.py"),
        ("attempt kind:method", "shop/retry.py"),
        ("name:Haver*", "geo/distance.go"),
        ("shopping lang:js", "web/cart.js"),
        ("-path:shop date", "tests/test_dates.py"),
        ("-kind:function -lang:go -lang:js attempt", "shop/retry.py"),
    ],
)
def test_filters_restrict_the_answers(project, codesearch, query, first):
    assert codesearch("search", query, "--format", "paths").out.splitlines()[0] == first


@pytest.mark.parametrize(
    ("filter_", "path"),
    [
        ("path:app/[slug]/", "app/[slug]/page.tsx"),
        ("path:[slug]", "app/[slug]/page.tsx"),
        ("path:./app", "app/[slug]/page.tsx"),
        ("path:shop/**/dates.py", "shop/dates.py"),
        ("path:**/dates.py", "shop/dates.py"),
    ],
)
def test_a_path_is_a_part_of_it_or_a_glob(project, codesearch, filter_, path):
    write_files(project, {"app/[slug]/page.tsx": "export function Page() { return null }\n"})
    assert path in codesearch("search", f"page date {filter_}", "--format", "paths").out.splitlines()


def test_what_an_indexed_folder_passes_over_is_searched_when_it_is_named(project, codesearch):
    write_files(project, {".gitignore": "trees/\n", "trees/feature/jobs.py": "def run_pending_jobs(): ...\n"})
    assert "jobs.py" not in codesearch("search", "run pending jobs", "--format", "paths").out
    for named in ("trees/feature", "trees/feature/jobs.py"):
        assert codesearch("search", "run pending jobs", named, "--format", "paths").out == "trees/feature/jobs.py\n"


def test_without_a_refresh_what_is_passed_over_is_said(project, codesearch):
    write_files(project, {".gitignore": "trees/\n", "trees/jobs.py": "def run_pending_jobs(): ...\n"})
    codesearch("index")
    refused = codesearch("search", "run jobs", "trees", "--no-refresh")
    assert refused.status == 2
    assert "passes over trees: run `codesearch index` there first" in refused.err


def test_an_index_inside_of_the_project_is_no_source(project, codesearch):
    codesearch("index", "--index-dir", ".idx")
    codesearch("index", ".idx", "--index-dir", "elsewhere")
    assert ".idx" not in codesearch("search", "words", "--format", "paths").out
    (inside,) = (project / ".idx").glob("project-*")
    assert (inside / ".gitignore").read_text() == "*\n"


def test_two_languages_or_kinds_mean_either(project, codesearch):
    files = codesearch("search", "date distance cart lang:go lang:js", "--format", "paths").out.splitlines()
    assert {file.rpartition(".")[2] for file in files} == {"go", "js"}
    answer = json.loads(codesearch("search", "attempt kind:method kind:class lang:py -lang:go", "--json").out)
    assert {result["kind"] for result in answer["results"]} == {"method", "class"}


def test_a_query_that_begins_with_a_dash_is_given_back_as_it_was_typed(project, codesearch):
    assert json.loads(codesearch("search", "-path:tests date", "--json").out)["query"] == "-path:tests date"


def test_other_words_with_a_dash_are_options(project, codesearch):
    assert "no such option: --path:tests" in codesearch("search", "--path:tests").err


def test_a_search_in_a_subfolder_uses_the_index_above_restricted_to_it(project, codesearch, monkeypatch):
    codesearch("index")
    monkeypatch.chdir(project / "shop")
    paths = codesearch("search", "date or distance", "--format", "paths").out.splitlines()
    assert paths
    assert all((project / "shop" / path).is_file() for path in paths)
    assert "dates.py" in paths
    assert len(json.loads(codesearch("status", "--json").out)["indexes"]) == 1


def test_a_path_that_was_typed_keeps_its_style(project, codesearch):
    assert codesearch("search", "parse_date", "shop").out.startswith("shop/dates.py:1-4")
    assert codesearch("search", "parse_date", str(project)).out.startswith(f"{project}/shop/dates.py:1-4")


def test_a_single_file_can_be_searched(project, codesearch):
    found = codesearch("search", "wait", "shop/retry.py", "--format", "vimgrep")
    assert all(line.startswith("shop/retry.py:") for line in found.out.splitlines())
    assert found.status == 0


def test_similar_gives_other_functions_than_the_one_it_started_from(project, codesearch):
    found = codesearch("similar", "shop/dates.py:2", "--json")
    names = [result["name"] for result in json.loads(found.out)["results"]]
    assert found.status == 0
    assert "parse_date" not in names
    assert names[0] == "test_parse_date"


def test_similar_in_a_folder_restricts_the_answers_to_it(project, codesearch):
    codesearch("index")
    lines = codesearch("similar", "shop/dates.py:2", "shop", "--format", "paths").out.splitlines()
    assert lines == ["shop/retry.py"]


def test_similar_works_in_a_single_file(project, codesearch):
    lines = codesearch("similar", "shop/retry.py:5", "shop/retry.py", "--format", "vimgrep").out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["shop/retry.py"] * 3


def test_names_that_are_not_utf8_are_indexed_and_found(project, codesearch):
    folder = os.fsdecode(os.fsencode(project) + b"/caf\xe9")
    shutil.copytree("shop", folder)
    os.rename(f"{folder}/dates.py", os.fsdecode(os.fsencode(folder) + b"/d\xe9.py"))  # noqa: PTH104
    found = json.loads(codesearch("search", "parse_date", folder, "--json").out)["results"][0]
    assert (found["repo"], found["path"]) == (r"caf\xe9", r"d\xe9.py")
    assert codesearch("status", folder).out.startswith(rf"{project}/caf\xe9")
    place = os.fsdecode(os.fsencode(folder) + b"/d\xe9.py:1")
    assert codesearch("similar", place, folder, "--format", "paths").out == f"{project}/caf\\xe9/retry.py\n"


def test_a_query_that_is_not_utf8_is_answered(project, codesearch):
    answer = json.loads(codesearch("search", "parse a date\udce9", "--rerank", "--json").out)
    assert answer["query"] == "parse a date?"
    assert answer["results"][0]["path"] == "shop/dates.py"


@pytest.mark.parametrize("query", ["parse a date", "parse_date", "kind:function"])
def test_more_results_than_there_are_functions_can_be_asked_for(project, codesearch, query):
    found = codesearch("search", query, "-k", str(10**20), "--format", "vimgrep")
    assert found.status == 0
    assert 2 < len(found.out.splitlines()) <= 10


def test_a_reader_that_closes_the_pipe_early_ends_it_in_silence(project, codesearch):
    codesearch("index")
    command = f"set -o pipefail; {sys.executable} -m codesearch search date -n 200 | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_is_closed_is_one_line(project):
    command = f"{sys.executable} -m codesearch search date >&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (2, "codesearch: cannot write the output: it is closed\n")


def test_closed_messages_do_not_end_the_search(project):
    write_files(project, {f"more{number}.py": f"def more_{number}(): ...\n" for number in range(50)})
    for redirected, status in (("date", 0), ("date lang:klingon", 2)):
        command = f"{sys.executable} -m codesearch search '{redirected}' --json 2>&-"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
        assert done.returncode == status
        assert (status == 2 and done.stdout == "") or json.loads(done.stdout)["results"]


def test_characters_that_the_terminal_lacks_do_not_end_the_search(project, codesearch, monkeypatch):
    (project / "shop" / "dates.py").write_text('def parse_date(text):\n    """Datum für Köln: 日付."""\n', "utf-8")
    codesearch("index")
    done = subprocess.run(
        [sys.executable, "-m", "codesearch", "search", "parse_date", "-k", "1"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=120,
    )
    assert done.returncode == 0
    assert rb"K\xf6ln" in done.stdout


def test_json_is_valid_whatever_the_encoding_of_the_output(project, codesearch):
    (project / "shop" / "dates.py").write_text('def parse_date(text):\n    """Datum \U0001f4c5."""\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "codesearch", "search", "parse_date", "-k", "1", "--json"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        timeout=120,
    )
    assert "\U0001f4c5" in json.loads(done.stdout)["results"][0]["snippet"]
