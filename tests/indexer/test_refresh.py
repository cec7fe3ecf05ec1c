"""Bringing an index up to date: what is read, what is encoded, and that the result is that of a fresh index."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indexing import CountingEncoder, Indexed
from numpy.typing import NDArray

from indexer import encoding as encoding_module
from indexer import extraction
from indexer.extraction import Extracted
from indexer.mend import discard

_opened: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_hook)


@contextmanager
def opened_files(root: Path) -> Iterator[list[str]]:
    """Collects the files below the root that are opened within."""
    global _opened
    _opened = []
    inside: list[str] = []
    try:
        yield inside
    finally:
        inside += sorted(
            {Path(path).name for path in _opened if Path(path).is_relative_to(root) and Path(path).is_file()}
        )
        _opened = None


@pytest.fixture
def indexed(tmp_path: Path) -> Indexed:
    made = Indexed(tmp_path / "root", tmp_path / "index")
    for number in range(8):
        made.write(f"m{number}.py", f"def function_{number}():\n    return {number}\n")
    made.refresh()
    made.encoder.encoded.clear()
    return made


def test_an_unchanged_root_is_refreshed_without_reading_a_file(indexed: Indexed) -> None:
    with opened_files(indexed.root) as opened:
        report = indexed.refresh()
    assert opened == []
    assert (report.found, report.read, report.encoded) == (8, 0, 0)


def test_only_what_changed_is_read_and_only_what_is_new_is_encoded(indexed: Indexed) -> None:
    indexed.write("m3.py", "def function_3():\n    return 3\n\n\ndef brand_new():\n    return 'new'\n")
    with opened_files(indexed.root) as opened:
        indexed.refresh()
    assert opened == ["m3.py"]
    assert [text.splitlines()[0] for text in indexed.encoder.encoded] == ["brand_new"]


def test_changes_that_were_found_before_are_not_looked_for_again(indexed: Indexed) -> None:
    indexed.write("m3.py", "def other():\n    return 3\n")
    planned = indexed.changes()
    indexed.write("m4.py", "def later():\n    return 4\n")
    assert indexed.refresh(planned).read == 1
    assert indexed.refresh().read == 1


def test_changes_that_were_found_before_another_run_are_looked_for_again(indexed: Indexed) -> None:
    indexed.write("m3.py", "def other():\n    return 3\n")
    planned = indexed.changes()
    indexed.write("m4.py", "def later():\n    return 4\n")
    indexed.refresh()
    assert indexed.refresh(planned).read == 0


def test_a_touched_file_is_read_but_not_encoded(indexed: Indexed) -> None:
    os.utime(indexed.root / "m1.py", ns=(1, 1))
    assert indexed.refresh().read == 1
    assert indexed.encoder.encoded == []
    assert indexed.refresh().read == 0


def test_a_moved_file_costs_no_encoding(indexed: Indexed) -> None:
    (indexed.root / "sub").mkdir()
    (indexed.root / "m1.py").rename(indexed.root / "sub" / "moved.py")
    indexed.refresh()
    assert indexed.encoder.encoded == []
    assert indexed.names_by_words("moved") == {"function_1"}


def test_a_deleted_file_disappears_from_words_and_vectors(indexed: Indexed) -> None:
    (indexed.root / "m1.py").unlink()
    report = indexed.refresh()
    assert report.deleted == 1
    for names in (indexed.names_by_words("function"), indexed.names_by_meaning()):
        assert names == {f"function_{i}" for i in range(8) if i != 1}


def test_functions_of_equal_content_are_encoded_once(indexed: Indexed) -> None:
    for number in range(20):
        indexed.write(f"copy{number}.py", "def same():\n    return 'same'\n")
    indexed.refresh()
    assert len(indexed.encoder.encoded) == 1


def test_a_branch_switch_and_back_costs_no_encoding(tmp_path: Path, make_repository: Callable[[Path], Any]) -> None:
    repository = make_repository(tmp_path / "root")
    repository.commit({"a.py": "def on_main():\n    return 1\n", "b.py": "def both():\n    return 2\n"})
    repository.git("checkout", "--quiet", "-b", "other")
    repository.git("rm", "--quiet", "a.py")
    repository.commit({"c.py": "def on_other():\n    return 3\n"})
    indexed = Indexed(tmp_path / "root", tmp_path / "index")
    indexed.refresh()
    repository.git("checkout", "--quiet", "main")
    indexed.refresh()
    assert len(indexed.encoder.encoded) == 3
    on_main = indexed.content()
    for branch in ("other", "main"):
        repository.git("checkout", "--quiet", branch)
        indexed.refresh()
    assert len(indexed.encoder.encoded) == 3
    assert [row[:1] for row in indexed.content()[0]] == [row[:1] for row in on_main[0]]
    assert indexed.content()[1] == on_main[1]


@pytest.mark.parametrize(("cache", "index_dir"), [("cache", "cache/indexes"), ("cache", ""), ("elsewhere", "sub/ix")])
def test_an_index_below_its_root_and_what_lies_beside_it_is_not_indexed(
    root: Path, write_files: Any, monkeypatch: pytest.MonkeyPatch, cache: str, index_dir: str
) -> None:
    monkeypatch.setenv("CODESEARCH_CACHE", str(root / cache))
    mine = {"a.py": "x = 1\n", "clones/mine.py": "y = 2\n"}
    write_files(root, mine)
    write_files(
        root / index_dir, {"clones/theirs-0.lock": "", "clones/theirs-0/b.py": "", "o-0123456789ab/index.db": ""}
    )
    write_files(root / cache, {"models/some/config.json": "{}"})
    indexed = Indexed(root, root / index_dir / "root-0")
    indexed.refresh()
    write_files(root / index_dir, {"o-0123456789ab/index.stamp": "[1]"})
    assert indexed.refresh().read == 0
    assert [path for path, *_ in indexed.content()[0]] == [*mine]


def test_a_file_that_becomes_readable_is_read(
    open_folder: Path, as_ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    indexed = Indexed(open_folder / "root", open_folder / "index")
    secret = indexed.write("secret.py", "def secret():\n    pass\n")
    secret.chmod(0)
    open_folder.chmod(0o777)
    with as_ordinary_user():
        assert [r.value for r in indexed.refresh().skipped.counts] == ["unreadable"]
        assert indexed.refresh().read == 0
    secret.chmod(0o644)
    with as_ordinary_user():
        assert indexed.refresh().read == 1
        assert indexed.names_by_words("secret") == {"secret"}


def test_a_file_that_grows_too_large_or_is_excluded_leaves_the_index(indexed: Indexed) -> None:
    indexed.refresh(exclude=("m1.py",))
    assert "function_1" not in indexed.names_by_words("function")
    indexed.refresh(max_file_size=5)
    assert indexed.names_by_words("function") == set()
    indexed.refresh()
    assert len(indexed.names_by_words("function")) == 8
    assert indexed.encoder.encoded == []


class _Interrupted(CountingEncoder):
    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        if len(self.encoded) >= 10:
            raise KeyboardInterrupt
        return super().encode_code(codes)


def test_ctrl_c_keeps_what_was_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding_module, "_BATCH", 5)
    indexed = Indexed(tmp_path / "root", tmp_path / "index")
    for number in range(23):
        indexed.write(f"m{number}.py", f"def function_{number}():\n    return {number}\n")
    indexed.encoder = _Interrupted()
    with pytest.raises(KeyboardInterrupt):
        indexed.refresh()
    assert len(indexed.names_by_words("function")) == 23
    assert len(indexed.names_by_meaning()) == 10
    indexed.encoder = CountingEncoder()
    indexed.refresh()
    assert len(indexed.encoder.encoded) == 13


def stopped_after(files: int) -> Callable[..., Iterator[Extracted]]:
    """Extraction in which Ctrl-C comes after so many files."""
    real = extraction.extract_files

    def extract_files(*arguments: Any, **options: Any) -> Iterator[Extracted]:
        yield from islice(real(*arguments, **options), files)
        raise KeyboardInterrupt

    return extract_files


@pytest.mark.parametrize("made_by", [None, "2"])
def test_files_that_were_read_before_ctrl_c_are_not_read_again_by_this_version(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch, made_by: str | None
) -> None:
    if made_by is None:
        discard(indexed.folder)
    else:
        with closing(indexed.open()) as store, store.transaction():
            store.set_meta("extraction", made_by)
    with monkeypatch.context() as patched:
        patched.setattr(extraction, "extract_files", stopped_after(3))
        for left in (5, 2):
            with pytest.raises(KeyboardInterrupt):
                indexed.refresh()
            assert len(indexed.changes().to_read) == left
    assert indexed.refresh().read == 2
    assert indexed.refresh().read == 0


class _LosesWorkers(CountingEncoder):
    reload = staticmethod(partial(os._exit, 137))


def test_workers_that_are_killed_while_they_encode_cost_nothing(
    indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding_module, "_POOL_FUNCTIONS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    indexed.encoder = _LosesWorkers()
    indexed.write("new.py", "def brand_new():\n    pass\n")
    assert indexed.refresh().encoded == 1
    assert "brand_new" in indexed.names_by_meaning()


class _Slow(CountingEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.began, self.may_go_on = threading.Event(), threading.Event()

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        self.began.set()
        assert self.may_go_on.wait(60)
        return super().encode_code(codes)


def test_words_can_be_searched_while_an_encoder_is_slow(tmp_path: Path) -> None:
    indexed = Indexed(tmp_path / "root", tmp_path / "index")
    indexed.write("a.py", "def needle():\n    pass\n")
    slow = indexed.encoder = _Slow()
    thread = threading.Thread(target=indexed.refresh)
    thread.start()
    try:
        assert slow.began.wait(60)
        assert indexed.names_by_words("needle") == {"needle"}
        assert indexed.names_by_meaning() == set()
    finally:
        slow.may_go_on.set()
        thread.join()
    assert indexed.names_by_meaning() == {"needle"}


class _Measuring(CountingEncoder):
    most = 0

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        self.most = max(self.most, len(codes))
        return super().encode_code(codes)


def test_an_encoder_never_gets_more_than_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding_module, "_BATCH", 7)
    indexed = Indexed(tmp_path / "root", tmp_path / "index")
    indexed.write("a.py", "".join(f"def function_{i}():\n    return {i}\n\n\n" for i in range(60)))
    measuring = indexed.encoder = _Measuring()
    indexed.refresh()
    assert len(measuring.encoded) >= 60
    assert measuring.most <= 7


def test_a_function_too_long_for_the_encoder_is_encoded_in_parts_and_found(indexed: Indexed) -> None:
    body = "".join(f"    value_{i} = compute_{i}(value_{i})\n" for i in range(400))
    indexed.write("long.py", f"def long():\n{body}")
    indexed.refresh()
    assert len([text for text in indexed.encoder.encoded if "value_" in text]) > 1
    assert "long" in indexed.names_by_meaning()


NAMES = st.sampled_from(["a.py", "b.py", "sub/c.py", "sub/d.go", "notes.txt"])
TEXTS = st.sampled_from(
    [
        "def first():\n    return 1\n",
        "def first():\n    return 1\n\n\ndef second():\n    return 2\n",
        "\n\n# moved down\ndef second():\n    return 2\n",
        "class Holder:\n    def first(self):\n        return 1\n",
        "// says something\nfunc first() int {\n\treturn 1\n}\n",
        "// says something else\nfunc first() int {\n\treturn 1\n}\n",
        "plain words\n",
        "",
        "binary \0 content",
    ]
)
EDIT = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("delete"), NAMES, st.just("")),
    st.tuples(st.just("move"), NAMES, NAMES),
    st.tuples(st.just("refresh"), st.just(""), st.just("")),
)


def apply(indexed: Indexed, edit: tuple[str, str, str]) -> None:
    what, name, other = edit
    path = indexed.root / name
    if what == "refresh":
        indexed.refresh()
    elif what == "write":
        path.unlink(missing_ok=True)  # a new inode: two writes within one tick of the clock leave the time as it is
        indexed.write(name, other)
    elif path.exists():
        if what == "delete":
            path.unlink()
        else:
            (indexed.root / other).parent.mkdir(exist_ok=True)
            path.rename(indexed.root / other)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDIT, min_size=3, max_size=12))
def test_any_edits_with_refreshes_between_give_the_content_of_a_fresh_index(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    indexed = Indexed(folder / "root", folder / "index")
    for edit in edits:
        apply(indexed, edit)
    indexed.refresh()
    fresh = Indexed(folder / "root", folder / "fresh")
    fresh.refresh()
    assert indexed.content() == fresh.content()
    for word in ("first", "second", "something", "else", "plain", "notes"):
        assert indexed.names_by_words(word) == fresh.names_by_words(word)
    assert indexed.names_by_meaning() == fresh.names_by_meaning()
