"""Whole repositories: the checkout, the real index, and how hits are counted."""

from __future__ import annotations

import math
import shutil
import subprocess
from dataclasses import dataclass, replace

import pytest
from typer.testing import CliRunner

from eval.checkout import checkout
from eval.codesearch_index import builder, search_system
from eval.command import app
from eval.errors import DataError
from eval.measures import per_query
from eval.output_folder import OutputFolder
from eval.repo_queries import Repository, Wanted, read_repositories
from eval.repo_search import TOKENS, repos_report, search_repository
from eval.system import RandomEncoder
from eval.worst_page import WorstQuery

FILES = {
    "src/retry.py": 'def retry(call):\n    """Call again with backoff when it fails."""\n    return call()\n',
    "src/dates.py": 'def parse_date(text):\n    """Parse a date from a string."""\n    return text\n',
    "other/retry.py": "def never(): ...\n",
}


@dataclass(frozen=True)
class Found:
    path: str
    start_line: int = 1
    end_line: int = 10
    snippet: str = "def f(): pass"


class Fixed:
    """An index that always answers the same."""

    functions = 3

    def __init__(self, *hits):
        self.hits = hits

    def search(self, query, k=10):
        return self.hits


@pytest.fixture
def benchmark(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESEARCH_CACHE", str(tmp_path / "cache"))
    clone = tmp_path / "clones" / "own+demo" / "repo"
    for name, text in FILES.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    (clone / "link.py").symlink_to("/etc/passwd")
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*run, *arguments], cwd=clone, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True).stdout
    data = tmp_path / "data"
    (data / "queries").mkdir(parents=True)
    (data / "repos.tsv").write_text(f"demo\town/demo\t{commit.strip()}\tsrc\n")
    (data / "queries" / "demo.tsv").write_text(
        "semantic\tretry with backoff\tsrc/retry.py\tsrc/dates.py\n"
        "symbol\tparse_date\tsrc/dates.py:1-3\t\n"
        "semantic\tgone\tsrc/gone.py\t\n"
    )
    return data, tmp_path / "clones"


def test_the_commit_is_exported_without_links_and_only_once(benchmark):
    data, clones = benchmark
    (repository,) = read_repositories(data)
    files = checkout(repository, clones)
    exported = (path.relative_to(files) for path in files.rglob("*") if path.is_file())
    assert sorted(str(path) for path in exported if path.parts[0] != ".git") == sorted(FILES)
    assert checkout(repository, clones / "gone") == files


def test_files_that_are_kept_out_of_archives_are_exported_too(benchmark):
    data, clones = benchmark
    (repository,) = read_repositories(data)
    clone = clones / "own+demo" / "repo"
    (clone / ".gitattributes").write_text("src export-ignore\n")
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["add", "."], ["commit", "-qm", "no src in archives"]):
        subprocess.run([*run, *arguments], cwd=clone, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True).stdout
    files = checkout(replace(repository, commit=commit.strip()), clones)
    assert (files / "src" / "retry.py").is_file()


@pytest.mark.parametrize("exported_before", [False, True])
def test_tracked_files_that_git_would_ignore_are_indexed_as_in_a_clone(benchmark, exported_before):
    data, clones = benchmark
    (repository,) = read_repositories(data)
    clone = clones / "own+demo" / "repo"
    (clone / "src" / ".gitignore").write_text("dates.py\n")
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["add", "."], ["commit", "-qm", "dates.py is tracked and ignored"]):
        subprocess.run([*run, *arguments], cwd=clone, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True).stdout
    files = checkout(replace(repository, commit=commit.strip()), clones)
    if exported_before:  # by a version that did not make work trees
        shutil.rmtree(files / ".git")
        files = checkout(replace(repository, commit=commit.strip()), None)
    encoder = RandomEncoder()
    encoder.max_tokens = 256
    index = builder(encoder, matcher=None)(files / "src")
    assert "dates.py" in {hit.path for hit in index.search("parse_date")}


def test_the_repository_of_a_git_hook_is_not_taken_for_the_one_that_is_exported(benchmark, tmp_path, monkeypatch):
    data, clones = benchmark
    subprocess.run(["git", "init", "-q", str(tmp_path / "hooked")], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "hooked" / ".git"))
    (repository,) = read_repositories(data)
    assert (checkout(repository, clones) / "src" / "retry.py").is_file()


def test_a_commit_that_is_not_there_is_one_clear_line(benchmark):
    data, clones = benchmark
    text = (data / "repos.tsv").read_text().split("\t")
    (data / "repos.tsv").write_text("\t".join([*text[:2], "1" * 40, text[3]]))
    (repository,) = read_repositories(data)
    with pytest.raises(DataError, match=r"git archive failed .*; fetch 111111111111 there"):
        checkout(repository, clones)


def test_the_real_index_is_built_and_asked(benchmark):
    data, clones = benchmark
    (repository,) = read_repositories(data)
    encoder = RandomEncoder()
    encoder.max_tokens = 256
    outcome = search_repository(repository, checkout(repository, clones), builder(encoder, matcher=None))
    assert (len(outcome.answers), outcome.left_out) == (2, 1)
    assert outcome.functions >= 2
    assert outcome.answers[1].first == 1
    report = repos_report([outcome], search_system(encoder, False), "", "1")
    assert report.measures["Success@10"].mean == 1
    assert report.parts[0].counts == {"queries left out: none of their files exist at the commit": 1}
    assert set(report.breakdown) == {"category semantic", "category symbol", "language python"}


def test_all_encoders_are_loaded_before_the_first_repository_is_indexed(benchmark, tmp_path):
    data, clones = benchmark
    options = ["--repositories", clones, "--encoder", "default", "--encoder", "no/such/folder/at/all"]
    result = CliRunner().invoke(app, ["repos", str(data), *map(str, options)])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "no/such/folder" in result.stderr
    assert not (tmp_path / "cache").exists()


def make(*wanted, hits):
    from eval.repo_queries import RepoQuery

    queries = (RepoQuery("q", "semantic", "text", tuple(wanted)),)
    return Repository("demo", "own/demo", "0" * 40, "src", queries), Fixed(*hits)


def outcome_of(tmp_path, *wanted, hits):
    for one in wanted:
        (tmp_path / one.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one.path).write_text("")
    repository, index = make(*wanted, hits=hits)
    return search_repository(repository, tmp_path, lambda folder: index)


def test_each_wanted_file_counts_once_at_its_first_hit(tmp_path):
    hits = [Found("x.py"), Found("a.py"), Found("a.py", 20, 30), Found("b.py")]
    outcome = outcome_of(tmp_path, Wanted("src/a.py"), Wanted("src/b.py"), Wanted("src/c.py"), hits=hits)
    report = repos_report([outcome], {"name": "fixed"}, "", "1")
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert report.measures["nDCG@10"].mean == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert report.measures["Success@1"].mean == 0
    assert report.measures["RR"].mean == 0.5
    assert report.measures[TOKENS].mean == 2 * len(["def", "f", "(", ")", ":", "pass"])


def ndcg_and_recall(outcome):
    values = per_query(["nDCG@10", "R@10"], outcome.qrels(), [outcome.run()])
    return tuple(values[measure]["q"] for measure in ("nDCG@10", "R@10"))


@pytest.mark.parametrize(
    ("wanted", "hits", "ranks"),
    [
        ([Wanted("src/x/a.py"), Wanted("a.py")], [Found("x/a.py"), Found("y/a.py")], [1, 2]),
        ([Wanted("a.py"), Wanted("src/x/a.py")], [Found("x/a.py"), Found("y/a.py")], [1, 2]),
        ([Wanted("a.py"), Wanted("src/x/a.py")], [Found("y/a.py"), Found("b.py"), Found("x/a.py")], [1, 3]),
        ([Wanted("src/a.py", 1, 12), Wanted("src/a.py", 1, 8)], [Found("a.py", 1, 10), Found("a.py", 1, 20)], [1, 2]),
        ([Wanted("src/a.py", 1, 12), Wanted("src/a.py", 1, 8)], [Found("a.py", 1, 10)], [1]),
        ([Wanted("src/a.py")], [Found("a.py"), Found("a.py", 20, 30)], [1]),
    ],
)
def test_a_hit_that_answers_two_places_leaves_one_to_a_later_hit(tmp_path, wanted, hits, ranks):
    (tmp_path / "src").mkdir()
    for name in ("a.py", "src/a.py"):
        (tmp_path / name).write_text("")
    outcome = outcome_of(tmp_path, *wanted, hits=hits)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, len(wanted) + 1))
    gain = sum(1 / math.log2(rank + 1) for rank in ranks)
    assert ndcg_and_recall(outcome) == pytest.approx((gain / ideal, len(ranks) / len(wanted)))
    assert outcome.answers[0].first == 1


@pytest.mark.parametrize("path", ["src/a b.py", "src/caf\xe9\u2003x.py"])
def test_a_path_with_a_blank_is_found(tmp_path, path):
    outcome = outcome_of(tmp_path, Wanted(path), hits=[Found(path.removeprefix("src/"))])
    assert ndcg_and_recall(outcome) == (1, 1)


@pytest.mark.parametrize("folder", ["src", "src/", "./src", "src//"])
def test_a_folder_is_the_same_however_it_is_written(tmp_path, folder):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("")
    repository, index = make(Wanted("src/a.py"), hits=[Found("a.py")])
    outcome = search_repository(replace(repository, folder=folder), tmp_path, lambda folder: index)
    assert outcome.answers[0].first == 1


def test_folders_and_files_are_read_as_paths(benchmark):
    data, _ = benchmark
    (data / "repos.tsv").write_text((data / "repos.tsv").read_text().replace("\tsrc\n", "\tsrc/\n"))
    (data / "queries" / "demo.tsv").write_text("semantic\tx\t./src//a.py;src/a.py:2-2\t\n")
    (repository,) = read_repositories(data)
    assert (repository.folder, repository.queries[0].wanted) == ("src", (Wanted("src/a.py"),))


def test_a_path_that_is_not_utf8_is_written(tmp_path):
    outcome = outcome_of(tmp_path, Wanted("src/a.py"), hits=[Found("caf\udce9.py"), Found("a.py")])
    assert ndcg_and_recall(outcome) == pytest.approx((1 / math.log2(3), 1))
    folder = OutputFolder(tmp_path / "out", "demo")
    worst = WorstQuery("demo", "text", 2, [("src/a.py", "")], [("caf\udce9.py:1", "def f(): pass", 1.0)])
    folder.keep_run("demo", outcome.run(), outcome.qrels(), [worst])
    folder.finish(repos_report([outcome], {"name": "fixed"}, "", "1"))
    assert "1. caf?.py:1" in (tmp_path / "out" / "worst.html").read_text()


def test_lines_of_a_file_are_wanted_by_lines_alone(benchmark):
    data, _ = benchmark
    (by_file,), (by_lines,) = read_repositories(data), read_repositories(data, by_lines=True)
    assert by_file.queries[1].wanted == (Wanted("src/dates.py"),)
    assert by_lines.queries[1].wanted == (Wanted("src/dates.py", 1, 3),)


@pytest.mark.parametrize(("start", "end", "right"), [(40, 50, True), (36, 50, True), (1, 60, False), (51, 60, False)])
def test_lines_are_answered_by_what_shares_half_of_them(tmp_path, start, end, right):
    wanted = Wanted("src/a.py", 40, 50)
    outcome = outcome_of(tmp_path, wanted, hits=[Found("x.py"), Found("a.py", start, end)])
    assert outcome.answers[0].first == (2 if right else None)


def test_a_repository_without_a_query_that_can_be_answered_is_refused(tmp_path):
    repository, index = make(Wanted("src/gone.py"), hits=[])
    with pytest.raises(DataError, match="none of the 1 queries about demo has one of its files"):
        search_repository(repository, tmp_path, lambda folder: index)


def test_paths_match_whole_or_from_a_folder_on():
    wanted = Wanted("src/core/a.py")
    assert wanted.matches("src/core/a.py", 1, 2)
    assert wanted.matches("core/a.py", 1, 2)
    assert wanted.matches("x/src/core/a.py", 1, 2)
    assert not wanted.matches("score/a.py", 1, 2)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("repos.tsv", "demo\town/demo\tabc\tsrc\n", r"repos.tsv:1 has the commit 'abc'"),
        ("repos.tsv", "demo\n", r"repos.tsv:1 has 1 fields"),
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py:9\t\n", r"demo.tsv:1 has the file 'src/a.py:9'"),
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py:\xb2-3\t\n", r"demo.tsv:1 has the file 'src/a.py:\xb2-3'"),
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py:3-1\t\n", r"demo.tsv:1 has the file 'src/a.py:3-1'"),
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py:0-0\t\n", r"demo.tsv:1 has the file 'src/a.py:0-0'"),
        (
            "repos.tsv",
            "".join(f"demo\town/demo\t{commit * 40}\tsrc\n" for commit in "01"),
            r"repos.tsv:2 names demo a second time",
        ),
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py\nsymbol\tcaf\udce9\tsrc/a.py\n", r"demo.tsv:2 is not UTF-8"),
    ],
)
def test_damaged_tables_are_refused_with_their_line(benchmark, file, text, message):
    data, _ = benchmark
    (data / file).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=message):
        read_repositories(data)
