from __future__ import annotations

from pathlib import Path

import pytest

from indexer.skip import (
    Skipped,
    SkipReason,
    folder_skip_reason,
    name_skip_reason,
)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("main.py", None),
        ("Makefile", None),
        (".bashrc", None),
        ("README.md", None),
        ("locker.rs", None),
        ("map.ts", None),
        ("admin.js", None),
        ("LOGO.PNG", SkipReason.BINARY),
        ("lib.so", SkipReason.BINARY),
        ("yarn.lock", SkipReason.LOCK_FILE),
        ("package-lock.json", SkipReason.LOCK_FILE),
        ("go.sum", SkipReason.LOCK_FILE),
        ("jquery.min.js", SkipReason.MINIFIED),
        ("app.js.map", SkipReason.MINIFIED),
        ("user_pb2.py", SkipReason.GENERATED),
        ("user.pb.go", SkipReason.GENERATED),
        ("Form1.Designer.cs", SkipReason.GENERATED),
        ("cities.csv", SkipReason.DATA),
    ],
)
def test_a_file_name_tells(name: str, reason: SkipReason | None) -> None:
    assert name_skip_reason(name) is reason


@pytest.mark.parametrize(
    ("folder", "beside", "tracked", "reason"),
    [
        ("src", "setup.py", False, None),
        ("web/node_modules", "", True, SkipReason.VENDORED),
        ("third_party", "", True, SkipReason.VENDORED),
        ("pkg/__pycache__", "", True, SkipReason.BUILD_OUTPUT),
        ("x.egg-info", "", False, SkipReason.BUILD_OUTPUT),
        ("target", "Cargo.toml", False, SkipReason.BUILD_OUTPUT),
        ("target", "main.c", False, None),
        ("target", "Cargo.toml", True, None),
        ("build", "setup.py", False, SkipReason.BUILD_OUTPUT),
        ("build", "setup.py", True, None),
        ("build", "a.txt", False, None),
        ("dist", "package.json", True, SkipReason.BUILD_OUTPUT),
        ("dist", "setup.py", True, None),
    ],
)
def test_a_folder_name_tells_together_with_what_lies_beside_it(
    tmp_path: Path, folder: str, beside: str, tracked: bool, reason: SkipReason | None
) -> None:
    path = tmp_path / folder
    path.mkdir(parents=True)
    if beside:
        (path.parent / beside).touch()
    assert folder_skip_reason(str(path), tracked=tracked, at_top=True) is reason


@pytest.mark.parametrize(
    ("name", "mark", "reason"),
    [
        ("environment", "pyvenv.cfg", SkipReason.VENDORED),
        ("some-cache", "CACHEDIR.TAG", SkipReason.BUILD_OUTPUT),
        ("vendor", "modules.txt", SkipReason.VENDORED),
        ("vendor", "autoload.php", SkipReason.VENDORED),
        ("vendor", "models.py", None),
    ],
)
def test_a_mark_inside_of_a_folder_tells(tmp_path: Path, name: str, mark: str, reason: SkipReason | None) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / mark).touch()
    assert folder_skip_reason(str(tmp_path / name), tracked=False, at_top=False) is reason


def test_vendor_at_the_top_is_vendored_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    assert folder_skip_reason(str(tmp_path / "vendor"), tracked=True, at_top=True) is SkipReason.VENDORED


def test_skipped_counts_by_reason_and_keeps_a_few_examples() -> None:
    skipped = Skipped()
    for number in range(20):
        skipped.add(SkipReason.BINARY, f"{number}.png")
    skipped.add(SkipReason.VENDORED, "node_modules/")
    assert skipped.counts == {SkipReason.BINARY: 20, SkipReason.VENDORED: 1}
    assert skipped.examples[SkipReason.BINARY] == [f"{number}.png" for number in range(5)]
