"""The database of one index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import StoreError
from indexer.records import FileRecord, NewFunction, Repository
from indexer.store import DATABASE, Store
from indexer.text import content_digest, encoder_text

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def function(name: str, text: str, line: int = 1, docstring: str = "") -> NewFunction:
    digest = content_digest(encoder_text(name, docstring, text))
    return NewFunction("function", name, name, line, line, f"def {name}()", docstring, text, digest, b"profile")


def record(path: str, file_id: int = 0) -> FileRecord:
    return FileRecord(path, 10, 20, 30, b"digest", "python", None, file_id)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "index", create=True)


def ids(store: Store) -> dict[str, int]:
    return dict(store.connection.execute("SELECT name, id FROM functions"))


def put(store: Store, path: str, *functions: NewFunction) -> None:
    known = store.files().get(path)
    with store.transaction():
        store.set_repository(Repository("r", "/r"))
        store.replace_file(record(path, known.id if known else 0), functions)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT, st.integers(1, 2**31), st.binary(min_size=16, max_size=16)), max_size=5)
)
def test_what_is_stored_comes_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str, str, str, int, bytes]]
) -> None:
    functions = [
        NewFunction("function", name, f"a.{name}", line, line + 1, signature, docstring, text, digest, b"profile")
        for name, signature, docstring, text, line, digest in drawn
    ]
    store = Store.open(tmp_path_factory.mktemp("index"), create=True)
    put(store, "a.py", *functions)
    stored = sorted(store.connection.execute("SELECT id FROM functions").fetchall())
    rows = store.function_rows([row[0] for row in stored])
    assert [(r.name, r.signature, r.docstring, r.start_line, r.text) for _, r in sorted(rows.items())] == [
        (f.name, f.signature, f.docstring, f.start_line, f.text) for f in functions
    ]
    store.close()


def test_a_function_whose_content_did_not_change_keeps_its_id(store: Store) -> None:
    put(store, "a.py", function("f", "1"), function("g", "2", 5))
    before = ids(store)
    put(store, "a.py", function("new", "3"), function("f", "1", 7), function("g", "changed", 9))
    after = ids(store)
    assert after["f"] == before["f"]
    assert after["g"] not in before.values()
    assert store.function_rows([after["f"]])[after["f"]].start_line == 7


def test_a_function_whose_comment_changed_is_new_to_the_word_index(store: Store) -> None:
    put(store, "a.go", function("f", "return", docstring="return\nthe old words"))
    before = ids(store)["f"]
    put(store, "a.go", function("f", "return", docstring="return\nother words"))
    assert ids(store)["f"] != before


def test_an_id_is_never_used_twice(store: Store) -> None:
    put(store, "a.py", function("f", "1"))
    first = ids(store)["f"]
    with store.transaction():
        store.delete_files([store.files()["a.py"].id])
    put(store, "a.py", function("f", "1"))
    assert ids(store)["f"] > first


def test_deleted_functions_are_told_to_each_derived_index_until_it_has_left_them_out(store: Store) -> None:
    put(store, "a.py", function("f", "1"), function("g", "2"))
    gone = sorted(ids(store).values())
    with store.transaction():
        store.delete_files([store.files()["a.py"].id])
    assert sorted(store.gone("words", 100)) == sorted(store.gone("vectors", 100)) == gone
    assert store.gone("words", gone[0]) == gone[:1]
    store.forget_gone("words")
    assert store.gone("words", 100) == []
    assert sorted(store.gone("vectors", 100)) == gone


def test_a_failed_transaction_changes_nothing(store: Store) -> None:
    put(store, "a.py", function("f", "1"))
    with pytest.raises(RuntimeError), store.transaction():
        store.delete_files([store.files()["a.py"].id])
        raise RuntimeError
    assert list(store.files()) == ["a.py"]


def test_a_reader_sees_the_last_commit_while_another_process_writes(store: Store) -> None:
    put(store, "a.py", function("f", "1"))
    reader = Store.open(store.folder)
    with store.transaction():
        store.replace_file(record("b.py"), [function("g", "2")])
        assert list(reader.files()) == ["a.py"]
    assert sorted(reader.files()) == ["a.py", "b.py"]


def test_vectors_stay_when_their_function_is_deleted_until_they_are_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder_id = store.add_encoder("e", 2)
    store.add_vectors(encoder_id, [(bytes([i] * 16), np.ones(4, np.uint8).tobytes()) for i in range(10)])
    store.drop_unused_vectors()
    assert store.count("vectors") == 10
    monkeypatch.setattr("indexer.store._VECTORS_KEPT", 4)
    store.drop_unused_vectors()
    assert store.count("vectors") == 0


def test_no_index_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run `codesearch index` first"):
        Store.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("content", [b"no database", b"\0" * 5000])
def test_a_file_that_is_no_database_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(content)
    with pytest.raises(StoreError) as error:
        Store.open(tmp_path)
    assert "\n" not in str(error.value)


def test_damage_that_a_query_meets_is_one_line_that_says_how_to_mend_it(store: Store) -> None:
    with pytest.raises(StoreError, match="--rebuild") as error, store.reading():
        raise sqlite3.DatabaseError("database disk image is malformed\nsecond line")
    assert "\n" not in str(error.value)
