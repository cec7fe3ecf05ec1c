"""Collecting from real repositories, made for each test."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codesearch.errors import CodesearchError
from codesearch.train.data.collect import Limits, pairs_of_history, pairs_of_tree
from codesearch.train.data.command import collect
from codesearch.train.data.documents import document_pairs
from codesearch.train.data.functions import SourceFile, is_copied, without_docstring
from codesearch.train.data.pair import Pair, read_pairs
from codesearch.train.data.sources import LISTED, Source, git_directory, package_folder, read_sources
from indexer.extract import extract
from indexer.languages import LANGUAGES

PYTHON = '''
class Store:
    def load(self, path):
        """Load the entries of a file.

        More about it.
        """
        text = path.read_text()
        # drop what is not an entry
        lines = text.splitlines()
        lines = [line for line in lines if line]
        kept = [line for line in lines if ":" in line]

        return dict(line.split(":") for line in kept)

    def __repr__(self):
        """Return a text that shows the store."""
        a = 1
        b = 2
        return str(a + b)


def short():
    """Return one and only one."""
    return 1


def test_something():
    """Check that something holds here."""
    a = 1
    b = 2
    assert a < b
'''

GO = """package store

// Flush writes all waiting entries to the disk.
func Flush(entries []Entry) error {
	for _, entry := range entries {
		if err := write(entry); err != nil {
			return err
		}
	}
	return nil
}
"""

TESTS = """
def test_load_ignores_blank_lines(tmp_path):
    store = make(tmp_path)
    assert store.load(tmp_path) == {}
"""

README = """# Store

Entries can be loaded from any file:

```python
store = Store()
entries = store.load(path)
print(entries)
```

```text
not code at all
```
"""


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        author = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-C", str(self.folder), "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | author
        ).stdout.strip()

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")


FILES = {
    "store_DOT_py": PYTHON,
    "flush_DOT_go": GO,
    "tests__test_store_DOT_py": TESTS,
    "README_DOT_md": README,
    "third_party__copied_DOT_go": GO.replace("Flush", "Copied"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "mirror" / "ada+store")


def source_of(commit: str, name: str = "ada/store", split: str = "train") -> Source:
    return Source(name, commit, split, "MIT", "python")  # type: ignore[arg-type]


def pairs_in(repository: Repository, commit: str) -> list[Pair]:
    folder = repository.folder.parent
    return list(pairs_of_tree(source_of(commit), folder, folder, Limits()))


def test_documented_functions_come_without_their_docstrings(repository: Repository) -> None:
    pairs = [pair for pair in pairs_in(repository, repository.commit("Begin", **FILES)) if pair.source == "docstring"]
    assert {pair.qualified_name: pair.text for pair in pairs} == {
        "Store.load": "Load the entries of a file.",
        "Flush": "Flush writes all waiting entries to the disk.",
    }
    load = next(pair for pair in pairs if pair.name == "load")
    assert load.code.startswith("    def load(self, path):\n        text = path.read_text()")
    assert (load.path, load.language, load.kind, load.start_line) == ("store.py", "python", "method", 3)


def test_a_comment_comes_with_the_block_it_heads(repository: Repository) -> None:
    (pair,) = [one for one in pairs_in(repository, repository.commit("Begin", **FILES)) if one.source == "comment"]
    assert pair.text == "drop what is not an entry"
    assert pair.code.splitlines()[0].strip() == "lines = text.splitlines()"
    assert pair.code.splitlines()[-1].strip() == 'kept = [line for line in lines if ":" in line]'
    assert PYTHON.splitlines()[pair.start_line - 1] == pair.code.splitlines()[0]


def test_code_in_a_document_comes_with_the_sentence_before_it(repository: Repository) -> None:
    (pair,) = [one for one in pairs_in(repository, repository.commit("Begin", **FILES)) if one.source == "doc"]
    assert pair.text == "Entries can be loaded from any file"
    assert pair.code == "store = Store()\nentries = store.load(path)\nprint(entries)"


FLATTEN = "```python\ndef flatten(lists):\n    joined = chain.from_iterable(lists)\n    return list(joined)\n```\n"


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        (
            "---\ntitle: Flatten a nested list\n---\n\nJoins all inner lists. And more.\n\n- Use `chain`.\n\n{code}",
            ["Flatten a nested list", "Joins all inner lists."],
        ),
        (
            "# Lists\n\n## Flatten a nested list\n\nJoins all inner lists.\n\nIt keeps the order:\n\n{code}\n"
            "A string is left whole.\n\n{code}",
            ["It keeps the order", "Flatten a nested list", "Joins all inner lists.", "A string is left whole."],
        ),
        (
            "Flatten a nested list\n---------------------\n\nJoins all inner lists.\n\n{code}",
            ["Joins all inner lists.", "Flatten a nested list"],
        ),
    ],
)
def test_the_first_code_of_a_section_comes_with_its_heading_and_first_sentence(page: str, texts: list[str]) -> None:
    pairs = list(document_pairs([SourceFile("lists.md", page.replace("{code}", FLATTEN), None, [])]))
    assert [pair.text for pair in pairs] == texts
    assert {pair.code.splitlines()[0] for pair in pairs} == {"def flatten(lists):"}


def test_a_readme_of_one_file_comes_with_its_longest_function(repository: Repository) -> None:
    recipe = (
        "def one(a):\n    return [a]\n\n\ndef flatten(lists):\n    joined = chain(*lists)\n    return list(joined)\n"
    )
    readme = "## Flatten a nested list\nAuthor: somebody else\n"
    commit = repository.commit("Begin", recipes__12__readme_DOT_md=readme, recipes__12__flat_DOT_py=recipe)
    (pair,) = pairs_in(repository, commit)
    assert (pair.text, pair.qualified_name, pair.source) == ("Flatten a nested list", "", "doc")
    assert pair.code.startswith("def flatten(lists):")
    two = repository.commit("Add another", recipes__12__other_DOT_py=recipe)
    assert pairs_in(repository, two) == []


def test_a_test_comes_with_the_one_function_it_calls(repository: Repository) -> None:
    (pair,) = [one for one in pairs_in(repository, repository.commit("Begin", **FILES)) if one.source == "test"]
    assert (pair.text, pair.qualified_name) == ("load ignores blank lines", "Store.load")


def test_a_commit_comes_with_the_function_it_changes_most(repository: Repository) -> None:
    repository.commit("Begin", **FILES)
    changed = GO.replace("return err\n", "return fmt.Errorf(entry.Name, err)\n")
    fix = repository.commit("fix: name the entry that could not be written (#7)", flush_DOT_go=changed)
    repository.commit("Mention the format of the entries in the readme", README_DOT_md="# Other\n")
    head = repository.commit("Bump version to 2.0 for everyone", flush_DOT_go=changed + "\n")
    pairs = list(pairs_of_history(source_of(head), repository.folder.parent, repository.folder.parent, Limits()))
    (pair,) = [pair for pair in pairs if pair.commit == fix]
    assert pair.text == "name the entry that could not be written"
    assert pair.qualified_name == "Flush"
    assert "fmt.Errorf" in pair.code
    assert len(pairs) == 1


def test_a_commit_that_changes_many_functions_gives_nothing(repository: Repository) -> None:
    one = "func F{0}(a int) int {{\n\tb := a * {1}\n\tc := b + {1}\n\treturn c\n}}\n"
    for factor in (1, 2):
        text = "package p\n" + "".join(one.format(number, factor) for number in range(5))
        head = repository.commit(f"Multiply all of the numbers by {factor}", many_DOT_go=text)
    folder = repository.folder.parent
    assert list(pairs_of_history(source_of(head), folder, folder, Limits())) == []


def test_a_commit_whose_files_are_missing_from_a_partial_clone_is_left_out(repository: Repository) -> None:
    repository.commit("Begin", **FILES)
    for name in ("err", "problem"):
        head = repository.commit(f"Call the error of a write {name} here", flush_DOT_go=GO.replace("err", name + "s"))
    blob = repository.git("rev-parse", "HEAD:flush.go")
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    folder = repository.folder.parent
    pairs = list(pairs_of_history(source_of(head), folder, folder, Limits()))
    assert [pair.text for pair in pairs] == ["Call the error of a write err here"]


@pytest.mark.parametrize(
    ("language", "path", "source"),
    [
        ("python", "a.py", 'def f(x):\n    """Say \'hello\' to x."""\n    return x\n'),
        ("python", "a.py", "def f(x):\n    r'''Say hello.\n\n    Twice.\n    '''\n    return x\n"),
        (
            "python",
            "a.py",
            '@decorated("Say")\ndef f(x: str = "no") -> str:\n    # why\n    "Say hello."\n    return x\n',
        ),
        ("elixir", "a.ex", 'defmodule A do\n  @doc """\n  Say hello.\n  """\n  def f(x) do\n    x\n  end\nend\n'),
    ],
)
def test_a_docstring_inside_of_the_source_is_cut_out(language: str, path: str, source: str) -> None:
    function = next(unit for unit in extract(source, path, LANGUAGES[language]) if unit.name == "f")
    code = without_docstring(function, LANGUAGES[language])
    assert function.docstring.startswith("Say")
    assert "hello" not in code
    assert "def f(x" in code
    assert code.rstrip().splitlines()[-1].strip() in ("return x", "end")


def test_nothing_near_a_function_of_a_benchmark_is_taken(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    other = Repository(tmp_path / "benchmark")
    other.commit("Begin", flush_DOT_go=GO.replace("waiting", "late").replace("entry", "item"))
    keys = tmp_path / "functions.json"
    keys.write_text(json.dumps({PYTHON: 0}))
    mirror, output = repository.folder.parent, tmp_path / "out"
    collected = collect([source_of(commit)], output, mirror, [other.folder / ".git", keys], workers=1)
    assert {source for _, source, _ in collected.pairs} == {"comment", "doc"}


def test_what_a_held_out_repository_has_too_is_not_trained_on(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    other = Repository(repository.folder.parent / "bob+fork")
    other_commit = other.commit("Begin", **FILES)
    sources = [source_of(commit), source_of(other_commit, "bob/fork", "valid")]
    collect(sources, tmp_path / "out", repository.folder.parent, workers=1)
    train = list(read_pairs(tmp_path / "out" / "ada+store.jsonl.gz"))
    valid = list(read_pairs(tmp_path / "out" / "bob+fork.jsonl.gz"))
    assert train == []
    assert {pair.split for pair in valid} == {"valid"}
    assert len(valid) == 5


def test_every_text_of_one_block_is_kept_and_no_copy_of_the_block(repository: Repository, tmp_path: Path) -> None:
    page = f"# Flatten a nested list\n\nJoins all inner lists.\n\n{FLATTEN}"
    commit = repository.commit("Begin", lists_DOT_md=page, copy_DOT_md=page)
    collected = collect([source_of(commit)], tmp_path / "out", repository.folder.parent, workers=1)
    assert collected.pairs["train", "doc", "python"] == 2


def test_a_second_run_reads_no_repository_again(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    first = collect([source_of(commit)], tmp_path / "out", repository.folder.parent, workers=1)
    repository.folder.rename(tmp_path / "gone")
    assert collect([source_of(commit)], tmp_path / "out", workers=1).pairs == first.pairs


def test_another_commit_or_split_is_collected_anew(repository: Repository, tmp_path: Path) -> None:
    old = repository.commit("Begin", **FILES)
    new = repository.commit("Flush more entries at once", flush_DOT_go=GO.replace("all waiting", "many late"))
    output, mirror = tmp_path / "out", repository.folder.parent
    sources = [source_of(old), source_of(new), source_of(new, split="valid")]
    found = []
    for source in sources:
        collect([source], output, mirror, workers=1)
        pairs = [pair for file in sorted(output.glob("*.jsonl.gz")) for pair in read_pairs(file)]
        texts = [pair.text for pair in pairs if pair.name == "Flush" and pair.source == "docstring"]
        found.append((*texts, {pair.split for pair in pairs}))
    late = "Flush writes many late entries to the disk."
    assert found == [
        ("Flush writes all waiting entries to the disk.", {"train"}),
        (late, {"train"}),
        (late, {"valid"}),
    ]


def test_what_is_no_longer_listed_or_had_is_deleted_and_nothing_else(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    other = Repository(repository.folder.parent / "bob+fork")
    other_commit = other.commit("Begin", pad_DOT_py=PYTHON.replace("Store", "Shop"))
    output, mirror = tmp_path / "out", repository.folder.parent
    listed = [source_of(commit), source_of(other_commit, "bob/fork")]
    collect(listed, output, mirror, workers=1)
    (output / "mine.jsonl.gz").touch()

    def names() -> list[str]:
        return sorted(path.name.removesuffix(".jsonl.gz") for path in output.glob("*.jsonl.gz"))

    ada, bob = ([f"{name}{ending}" for ending in ("", ".commits", ".made")] for name in ("ada+store", "bob+fork"))
    assert names() == [*ada, *bob, "mine"]
    lines: list[str] = []
    collect(listed[:1], output, mirror, workers=1, report=lines.append)
    assert names() == [*ada, "mine"]
    assert lines[0] == "bob+fork: no longer listed, its pairs are deleted"
    assert collect([source_of("0" * 40)], output, mirror, workers=1).failed
    assert names() == ["mine"]


def test_a_repository_that_cannot_be_had_does_not_stop_the_others(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    sources = [source_of("0" * 40), source_of(commit, "ada/store")]
    collected = collect(sources[:1], tmp_path / "out", repository.folder.parent, workers=1)
    assert list(collected.failed) == ["ada/store"]
    assert "lacks commit" in collected.failed["ada/store"]


def test_a_mirror_may_hold_bare_repositories(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("Begin", **FILES)
    bare = tmp_path / "bare" / "ada+store" / "repo"
    subprocess.run(["git", "clone", "-q", "--bare", repository.folder, bare], check=True, capture_output=True)
    assert git_directory(source_of(commit), tmp_path / "bare", tmp_path) == bare


def test_an_installed_package_is_found_by_its_version() -> None:
    import typer

    assert package_folder(source_of(typer.__version__, "pypi:typer")) == Path(typer.__file__).parent
    with pytest.raises(CodesearchError, match=r"pip install typer==0\.0\.1"):
        package_folder(source_of("0.0.1", "pypi:typer"))


def test_the_committed_list_is_well_formed_and_has_no_repository_twice() -> None:
    sources = read_sources()
    assert len({source.repository.casefold() for source in sources}) == len(sources) > 300
    held_out = {language for source in sources if source.split == "valid" for language in source.languages.split(",")}
    assert {"python", "java", "javascript", "go", "php", "ruby"} <= held_out


def test_an_excluded_repository_on_the_list_is_refused(tmp_path: Path) -> None:
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("Ada/Store\n")
    listed = tmp_path / "sources.tsv"
    listed.write_text(LISTED.read_text().splitlines()[0] + "\nada/store\tabc\ttrain\tMIT\tpython\n")
    assert read_sources(listed)[0].repository == "ada/store"
    with pytest.raises(CodesearchError, match="ada/store is excluded"):
        read_sources(listed, excluded)


@pytest.mark.parametrize(
    "text", ["a\tb\n1\t2\n", "repository\tcommit\tsplit\tlicence\tlanguages\na/b\tc\tboth\tMIT\tgo\n"]
)
def test_a_malformed_list_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.tsv").write_text(text)
    with pytest.raises(CodesearchError, match=r"list\.tsv:2"):
        read_sources(tmp_path / "list.tsv")


def test_a_list_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_bytes(b"repository\tcommit\n\xff\xfe\n")
    with pytest.raises(CodesearchError, match=r"cannot read .*list\.tsv: it is no text in UTF-8"):
        read_sources(tmp_path / "list.tsv")
    with pytest.raises(CodesearchError, match=r"cannot read .*list\.tsv: it is no text in UTF-8"):
        read_sources(LISTED, tmp_path / "list.tsv")
    (tmp_path / "list.tsv").write_text("repository\tcommit\n" + "a" * 200_000)
    with pytest.raises(CodesearchError, match=r"list\.tsv is no list of repositories: field larger"):
        read_sources(tmp_path / "list.tsv")


def test_the_command_writes_pairs_and_a_summary(repository: Repository, tmp_path: Path) -> None:
    import typer

    from codesearch.train.data.command import data

    commit = repository.commit("Begin", **FILES)
    listed = tmp_path / "sources.tsv"
    listed.write_text(f"{LISTED.read_text().splitlines()[0]}\nada/store\t{commit}\ttrain\tMIT\tpython,go\n")
    app = typer.Typer()
    app.command()(data)
    arguments = [str(tmp_path / "out"), "--sources", str(listed), "--mirror", str(repository.folder.parent)]
    result = CliRunner().invoke(app, [*arguments, "--workers", "1"])
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["train"]["docstring"] == {"go": 1, "python": 1}
    assert summary["failed"] == {}


@pytest.mark.parametrize("path", ["vendor/a/b.go", "src/_vendor/requests/api.py", "include/spdlog/fmt/bundled/core.h"])
def test_copies_of_other_projects_are_told_by_their_folder(path: str) -> None:
    assert is_copied(path)
    assert not is_copied(path.rpartition("/")[2])
