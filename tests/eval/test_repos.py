"""Whole repositories: the checkout, the real index, and how hits are counted."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass, replace

import pytest

from eval.checkout import checkout
from eval.codesearch_index import builder, search_system
from eval.errors import DataError
from eval.repo_queries import Repository, Wanted, read_repositories
from eval.repo_search import TOKENS, repos_report, search_repository
from eval.system import RandomEncoder

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
    assert sorted(str(p.relative_to(files)) for p in files.rglob("*") if p.is_file()) == sorted(FILES)
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
        ("queries/demo.tsv", "semantic\tx\tsrc/a.py\nsymbol\tcaf\udce9\tsrc/a.py\n", r"demo.tsv:2 is not UTF-8"),
    ],
)
def test_damaged_tables_are_refused_with_their_line(benchmark, file, text, message):
    data, _ = benchmark
    (data / file).write_text(text, errors="surrogateescape")
    with pytest.raises(DataError, match=message):
        read_repositories(data)
