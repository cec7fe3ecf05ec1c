"""The word index as something that is derived from the store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from indexing import Indexed

from indexer import words as words_module
from indexer.errors import StoreError
from indexer.words import FIELDS, WordIndex


@pytest.fixture
def indexed(tmp_path: Path) -> Indexed:
    made = Indexed(tmp_path / "root", tmp_path / "index")
    for number in range(20):
        made.write(f"m{number}.py", f"def common_{number}(value):\n    return parse_number_{number}(value)\n")
    made.refresh()
    return made


def files_of(indexed: Indexed) -> list[Path]:
    return sorted(path for path in (indexed.folder / "words").iterdir() if not path.name.startswith("."))


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "deleted":
        path.unlink()
        return
    if how == "truncated":
        data = data[:-1]
    elif how == "emptied":
        data.clear()
    else:
        offset = {"first byte flipped": 0, "middle flipped": len(data) // 2, "last byte flipped": len(data) - 1}[how]
        data[offset] ^= 0xFF
    stat = path.stat()
    path.unlink()  # this process may still have the old one mapped
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_function_is_found_by_a_part_of_a_name_and_by_its_path(indexed: Indexed) -> None:
    assert indexed.names_by_words("common") == {f"common_{i}" for i in range(20)}
    assert "common_7" in indexed.names_by_words("m7")


@pytest.mark.parametrize(
    "how", ["deleted", "truncated", "emptied", "first byte flipped", "middle flipped", "last byte flipped"]
)
def test_a_damaged_file_of_the_index_is_noticed_even_if_its_time_agrees(indexed: Indexed, how: str) -> None:
    before = indexed.names_by_words("common")
    for suffix in {path.suffix for path in files_of(indexed)}:
        damage(next(path for path in files_of(indexed) if path.suffix == suffix), how)
        store = indexed.open()
        assert not WordIndex(indexed.folder).is_whole(store)
        store.close()
        report = indexed.refresh()
        assert any("word index" in note for note in report.notes)
        assert indexed.names_by_words("common") == before
        assert report.encoded == 0


def test_damage_of_what_only_the_library_keeps_costs_no_answer(indexed: Indexed) -> None:
    before = indexed.names_by_words("common")
    (indexed.folder / "words" / ".managed.json").write_bytes(b"\xff\x00")
    indexed.write("new.py", "def brand_new():\n    pass\n")
    indexed.refresh()
    assert indexed.names_by_words("common") == before
    assert indexed.names_by_words("brand") == {"brand_new"}


class Stages:
    """Keeps the stages of a run, each with the steps that were announced and those that were done."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []

    def stage(self, name: str, total: int) -> None:
        self.seen.append([name, total, 0])

    def advance(self, steps: int) -> None:
        self.seen[-1][2] += steps


def test_an_update_adds_only_what_is_new_and_tells_how_far_it_is(indexed: Indexed) -> None:
    stages = Stages()
    indexed.refresh(progress=stages)
    assert stages.seen == []
    indexed.write("new.py", "def brand_new():\n    pass\n")
    indexed.refresh(progress=stages)
    assert stages.seen == [["reading", 1, 1], ["words", 1, 1], ["encoding", 1, 1]]
    assert indexed.names_by_words("brand") == {"brand_new"}


def test_deleted_functions_leave_the_index(indexed: Indexed) -> None:
    for number in range(5):
        (indexed.root / f"m{number}.py").unlink()
    indexed.refresh()
    words = WordIndex(indexed.folder)
    assert words.count == indexed.open().count("functions")
    assert indexed.names_by_words("common") == {f"common_{i}" for i in range(5, 20)}


def test_many_deletions_build_the_index_anew(indexed: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "_ALWAYS_BEARABLE", 2)
    before = set(files_of(indexed))
    for number in range(15):
        (indexed.root / f"m{number}.py").unlink()
    report = indexed.refresh()
    assert {path.name for path in before & set(files_of(indexed))} == {"meta.json"}
    assert report.notes == []
    assert WordIndex(indexed.folder).count == indexed.open().count("functions")


def test_a_root_that_loses_all_its_functions_has_an_index_without_any(indexed: Indexed) -> None:
    for number in range(20):
        (indexed.root / f"m{number}.py").unlink()
    indexed.refresh()
    assert indexed.names_by_words("common") == set()
    assert indexed.refresh().notes == []


def test_an_index_of_another_library_version_is_built_anew(indexed: Indexed) -> None:
    meta = indexed.folder / "words" / "meta.json"
    meta.write_text("{}")
    store = indexed.open()
    derived = store.derived("words")
    assert derived is not None
    sealed = words_module.seal(files_of(indexed))
    store.set_derived("words", derived[0], derived[1], sealed)
    assert not WordIndex(indexed.folder).is_whole(store)
    assert WordIndex(indexed.folder).update(store)
    assert WordIndex(indexed.folder).is_whole(store)
    store.close()
    assert len(indexed.names_by_words("common")) == 20


def test_what_a_reader_meets_in_damage_that_it_could_not_notice_is_one_line(indexed: Indexed) -> None:
    """Each file in a process of its own, since tantivy may end a process in panic."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from indexer.errors import StoreError\n"
        "from indexer.words import FIELDS, WordIndex\n"
        "words = WordIndex(Path(sys.argv[1]))\n"
        "try:\n"
        "    if words.can_be_searched():\n"
        "        words.search(['common', 'pars'], [1.0] * len(FIELDS), 10)\n"
        "        words.defining(['common_1'], 10)\n"
        "        words.frequency('common')\n"
        "except StoreError as error:\n"
        "    assert '\\n' not in str(error)\n"
    )
    for path in files_of(indexed):
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(bytes(byte ^ 0xFF for byte in whole))
        done = subprocess.run([sys.executable, "-c", script, str(indexed.folder)], capture_output=True, text=True)
        path.write_bytes(whole)
        assert done.returncode == 0, (path.suffix, done.stderr)


def test_a_folder_that_cannot_be_written_is_one_line(indexed: Indexed) -> None:
    store = indexed.open()
    store.drop_derived("words")
    (indexed.folder / "words").rename(indexed.folder / "moved")
    (indexed.folder / "words").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot write the word index") as error:
        WordIndex(indexed.folder).update(store)
    assert "\n" not in str(error.value)


def test_a_search_may_be_restricted_to_some_functions(indexed: Indexed) -> None:
    words = WordIndex(indexed.folder)
    ids, _ = words.search(["common"], [1.0] * len(FIELDS), 100)
    some, scores = words.search(["common"], [1.0] * len(FIELDS), 100, ids[3:6])
    assert sorted(some) == sorted(ids[3:6])
    assert scores == sorted(scores, reverse=True)
    assert words.search(["common"], [1.0] * len(FIELDS), 100, []) == ([], [])
