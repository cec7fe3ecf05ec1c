"""Which files a crawl finds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crawling import Write, paths

from indexer.crawl import CrawlOptions, crawl
from indexer.errors import SourceError
from indexer.skip import Skipped, SkipReason


def test_tracked_and_new_files_are_found_and_ignored_and_deleted_ones_are_not(
    repository: Any, write_files: Write
) -> None:
    repository.commit({"kept.py": "", "deleted.py": "", "forced/a.log": "", ".gitignore": ""})
    write_files(repository.folder, {"new.py": "", "debug.log": "", "forced/b.log": "", ".gitignore": "*.log\n"})
    (repository.folder / "deleted.py").unlink()
    assert paths(repository.folder) == [".gitignore", "forced/a.log", "kept.py", "new.py"]


def test_a_found_file_carries_size_mtime_and_inode(root: Path, write_files: Write) -> None:
    write_files(root, {"a/b.py": "x = 1\n"})
    (found,) = crawl(root)
    status = (root / "a/b.py").stat()
    assert found == ("a/b.py", 6, status.st_mtime_ns, status.st_ino)


def test_nested_gitignore_files_and_negation_hold(root: Path, write_files: Write) -> None:
    write_files(
        root,
        {
            ".gitignore": "*.log\n/out.txt\ntmp/\n",
            "keep/.gitignore": "!important.log\n",
            "keep/important.log": "",
            "keep/other.log": "",
            "keep/out.txt": "",
            "out.txt": "",
            "tmp/a.py": "",
            "tmp/.gitignore": "!a.py\n",
        },
    )
    assert paths(root) == sorted(
        [".gitignore", "keep/.gitignore", "keep/important.log", "keep/out.txt"], key=by_folder(root)
    )


def by_folder(root: Path) -> Callable[[str], Any]:
    """Git lists by path, a walk gives a folder's files before its folders."""
    return str if (root / ".git").exists() else lambda path: (path.count("/") > 0, path)


def test_codesearchignore_and_ignore_files_hold_at_every_level(root: Path, write_files: Write) -> None:
    write_files(
        root,
        {
            ".codesearchignore": "docs/\n*.sql\n",
            "a.py": "",
            "a.sql": "",
            "docs/b.py": "",
            "sub/.ignore": "*.js\n*.ts\n",
            "sub/.codesearchignore": "!*.ts\n",
            "sub/c.js": "",
            "sub/c.ts": "",
        },
    )
    skipped = Skipped()
    assert {path for path in paths(root, skipped=skipped) if "ignore" not in path} == {"a.py", "sub/c.ts"}
    assert skipped.counts == {SkipReason.EXCLUDED: 3}
    assert sorted(skipped.examples[SkipReason.EXCLUDED]) == ["a.sql", "docs/", "sub/c.js"]


def test_a_codesearchignore_that_git_ignores_still_holds(repository: Any) -> None:
    repository.commit({".gitignore": ".codesearchignore\n", ".codesearchignore": "*.sql\n", "a.py": "", "a.sql": ""})
    assert paths(repository.folder) == [".gitignore", "a.py"]


def test_exclude_has_the_last_word(root: Path, write_files: Write) -> None:
    write_files(root, {".codesearchignore": "!a.py\n/b.py\n", "a.py": "", "b.py": "", "x/a.py": "", "x/c.py": ""})
    assert set(paths(root, exclude=("a.py", "!b.py"))) == {".codesearchignore", "b.py", "x/c.py"}


def test_a_negated_pattern_keeps_what_is_skipped_by_name_but_not_what_git_ignores(
    root: Path, write_files: Write
) -> None:
    write_files(
        root,
        {
            ".gitignore": "secret.py\n",
            ".codesearchignore": "!third_party/\n!*.min.js\n!secret.py\n",
            "third_party/a.py": "",
            "site.min.js": "",
            "node_modules/b.js": "",
            "secret.py": "",
        },
    )
    assert {path for path in paths(root) if "ignore" not in path} == {"third_party/a.py", "site.min.js"}


def test_each_skip_is_counted_by_reason_and_a_folder_counts_once(root: Path, write_files: Write) -> None:
    write_files(
        root,
        {
            "a.py": "",
            "logo.png": "",
            "yarn.lock": "",
            "app.min.js": "",
            "api_pb2.py": "",
            "big.py": "x" * 2000,
            "node_modules/a/x.js": "",
            "node_modules/b/y.js": "",
            "pkg/__pycache__/z.txt": "",
        },
    )
    skipped = Skipped()
    assert [file.path for file in crawl(root, CrawlOptions(max_file_size=1000), skipped=skipped)] == ["a.py"]
    assert skipped.counts == {
        SkipReason.BINARY: 1,
        SkipReason.LOCK_FILE: 1,
        SkipReason.MINIFIED: 1,
        SkipReason.GENERATED: 1,
        SkipReason.TOO_LARGE: 1,
        SkipReason.VENDORED: 1,
        SkipReason.BUILD_OUTPUT: 1,
    }
    assert skipped.examples[SkipReason.VENDORED] == ["node_modules/"]


def test_the_order_is_the_same_every_time(root: Path, write_files: Write) -> None:
    write_files(root, {f"{folder}/{name}.py": "" for folder in "cab" for name in "zxy"})
    assert paths(root) == paths(root) == sorted(paths(root))


def test_a_path_with_a_merge_conflict_is_found_once(repository: Any) -> None:
    repository.commit({"a.py": "1\n"})
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit({"a.py": "2\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"a.py": "3\n"})
    with pytest.raises(Exception, match="merge"):
        repository.git("merge", "other")
    assert paths(repository.folder) == ["a.py"]


def test_a_tracked_folder_called_build_is_source_and_an_untracked_one_beside_a_build_file_is_output(
    repository: Any, write_files: Write
) -> None:
    repository.commit({"setup.py": "", "src/build/env.py": "", "src/setup.py": ""})
    write_files(repository.folder, {"build/lib/copy.py": ""})
    assert paths(repository.folder) == ["setup.py", "src/build/env.py", "src/setup.py"]


# Roots ---------------------------------------------------------------------------------------------------------------


def test_a_subfolder_of_a_work_tree_obeys_the_ignore_files_above_it(repository: Any) -> None:
    repository.commit({".gitignore": "*.log\n", "sub/a.py": "", "b.py": ""})
    (repository.folder / "sub/a.log").touch()
    assert paths(repository.folder / "sub") == ["a.py"]


def test_a_single_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "yarn.lock").write_text("x")
    assert paths(tmp_path / "yarn.lock") == ["yarn.lock"]


def test_a_single_file_over_the_limit_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x" * 11)
    skipped = Skipped()
    assert list(crawl(tmp_path / "a.py", CrawlOptions(max_file_size=10), skipped=skipped)) == []
    assert skipped.counts == {SkipReason.TOO_LARGE: 1}


def test_a_root_that_is_a_link_is_followed(root: Path, write_files: Write) -> None:
    write_files(root, {"a.py": ""})
    link = root.parent / "link"
    link.symlink_to(root)
    assert paths(link) == ["a.py"]


def test_a_missing_root_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no such file or folder: .*nowhere"):
        crawl(tmp_path / "nowhere")


def test_a_fifo_as_root_is_one_clear_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SourceError, match="neither a folder nor a regular file"):
        crawl(tmp_path / "fifo")


def test_a_folder_that_its_repository_ignores_is_indexed_if_it_is_the_root(repository: Any, write_files: Write) -> None:
    repository.commit({".gitignore": "/data/\n"})
    write_files(repository.folder, {"data/a.py": ""})
    skipped = Skipped()
    assert paths(repository.folder / "data", skipped=skipped) == ["a.py"]
    assert "ignored by git" in skipped.notes[0]


# Repositories inside ---------------------------------------------------------------------------------------------


def test_files_of_nested_repositories_are_found_by_their_own_rules(
    root: Path, write_files: Write, make_repository: Callable[[Path], Any]
) -> None:
    write_files(root, {"a.py": ""})
    inner = make_repository(root / "inner")
    inner.commit({"b.py": "", ".gitignore": "*.log\n"})
    write_files(root, {"inner/c.py": "", "inner/d.log": ""})
    assert sorted(paths(root)) == ["a.py", "inner/.gitignore", "inner/b.py", "inner/c.py"]


def test_a_checked_out_submodule_is_crawled_and_an_absent_one_counted(
    tmp_path: Path, repository: Any, make_repository: Callable[[Path], Any]
) -> None:
    library = make_repository(tmp_path / "library")
    library.commit({"lib.py": ""})
    repository.commit({"a.py": ""})
    repository.git("submodule", "add", "--quiet", str(library.folder), "here")
    repository.git("submodule", "add", "--quiet", str(library.folder), "absent")
    repository.commit()
    repository.git("submodule", "deinit", "--force", "absent")
    skipped = Skipped()
    assert paths(repository.folder, skipped=skipped) == [".gitmodules", "a.py", "here/lib.py"]
    assert skipped.examples == {SkipReason.SUBMODULE: ["absent/"]}


def test_a_folder_in_the_place_of_a_tracked_file_is_no_submodule(repository: Any, write_files: Write) -> None:
    repository.commit({"a": "", "b.py": ""})
    (repository.folder / "a").unlink()
    write_files(repository.folder, {"a/c.py": ""})
    skipped = Skipped()
    assert paths(repository.folder, skipped=skipped) == ["a/c.py", "b.py"]
    assert skipped.counts == {}
