"""What an index was made with is used again when nothing else is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesearch import CodeIndex


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "made").mkdir(parents=True)
    (folder / "kept.py").write_text("def parse_date(text):\n    return text\n")
    (folder / "made" / "left_out.py").write_text("def parse_time(text):\n    return text\n")
    return folder


def paths(index: CodeIndex) -> set[str]:
    with index:
        return {hit.path for hit in index.search("parse", k=20)}


def test_an_exclusion_holds_for_later_refreshes(root: Path, tmp_path: Path) -> None:
    assert paths(CodeIndex.build(root, exclude=["made/"], index_dir=tmp_path / "indexes")) == {"kept.py"}
    (root / "kept.py").write_text("def parse_day(text):\n    return text\n")
    assert paths(CodeIndex.build(root, index_dir=tmp_path / "indexes")) == {"kept.py"}


def test_an_exclusion_is_lifted_by_saying_so(root: Path, tmp_path: Path) -> None:
    CodeIndex.build(root, exclude=["made/"], index_dir=tmp_path / "indexes").close()
    found = paths(CodeIndex.build(root, exclude=[], index_dir=tmp_path / "indexes"))
    assert found == {"kept.py", "made/left_out.py"}


def test_the_size_limit_is_remembered(root: Path, tmp_path: Path) -> None:
    (root / "large.py").write_text("def parse_all(text):\n    return text\n" + "# more\n" * 200)
    assert "large.py" not in paths(CodeIndex.build(root, max_file_size=500, index_dir=tmp_path / "indexes"))
    assert "large.py" not in paths(CodeIndex.build(root, index_dir=tmp_path / "indexes"))
