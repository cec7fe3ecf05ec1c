"""The vector index: exact while small, approximate when large, and always what the store says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from indexer import vectors as vectors_module
from indexer.errors import StoreError
from indexer.faiss_file import FaissFile
from indexer.flat_file import FlatFile
from indexer.records import FileRecord, NewFunction, Repository
from indexer.store import Store
from indexer.vectors import VectorIndex, is_whole, pack, unpack

DIM = 16
SOURCE = np.random.default_rng(5)
# In clusters, as the vectors of real functions are.
CENTRES = SOURCE.normal(size=(40, DIM))


def unit_rows(count: int) -> NDArray[np.float32]:
    rows = CENTRES[SOURCE.integers(len(CENTRES), size=count)] + 0.5 * SOURCE.normal(size=(count, DIM))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def add(store: Store, path: str, rows: NDArray[np.float32], parts: int = 1) -> None:
    """A file with one function a vector, or a function to ``parts`` vectors."""
    groups = rows.reshape(-1, parts, DIM)
    digests = [SOURCE.bytes(16) for _ in groups]
    functions = [NewFunction("function", "f", "f", 1, 1, "", "", "", digest, b"") for digest in digests]
    with store.transaction():
        store.set_repository(Repository("r", "/r"))
        store.replace_file(FileRecord(path, 1, 1, 1, b"", None), functions)
        store.add_vectors(store.add_encoder("e", DIM), zip(digests, map(pack, groups), strict=True))


def loaded(store: Store) -> VectorIndex:
    index = VectorIndex(store, "e", DIM)
    index.load()
    return index


def exact(store: Store, queries: NDArray[np.float32], k: int) -> list[list[int]]:
    """The nearest functions of each query, by comparing with every vector in the store."""
    ids, packed = zip(*store.vectors_after(store.encoder_id("e"), 0), strict=True)
    rows = np.stack([unpack(one, DIM).astype(np.float32) for one in packed])
    order = np.argsort(-(rows @ queries.T).max(axis=1), axis=0)[:k]
    return [[ids[i] for i in column] for column in order.T]


def exact_with_parts(store: Store, query: NDArray[np.float32], k: int) -> list[int]:
    """The nearest functions, which have different numbers of vectors."""
    best = {
        i: (unpack(packed, DIM).astype(np.float32) @ query).max()
        for i, packed in store.vectors_after(store.encoder_id("e"), 0)
    }
    return sorted(best, key=lambda i: -best[i])[:k]


def found(index: VectorIndex, query: NDArray[np.float32], k: int) -> list[int]:
    return index.search(query, k)[0].tolist()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(vectors_module, "_SMALL_TAIL", 50)
    return Store.open(tmp_path / "index", create=True)


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 8)), elements=st.floats(-1, 1, width=16)))
def test_vectors_that_are_packed_come_back(rows: NDArray[np.float32]) -> None:
    assert np.array_equal(unpack(pack(rows), rows.shape[1]).astype(np.float32), rows)


@given(st.integers(0, 35), st.integers(0, 7))
def test_a_flipped_bit_of_a_stored_vector_is_noticed(offset: int, bit: int) -> None:
    packed = bytearray(pack(np.ones((1, 16), np.float32)))
    packed[offset] ^= 1 << bit
    assert not is_whole(bytes(packed))
    with pytest.raises(StoreError, match="damaged"):
        unpack(bytes(packed), 16)


@pytest.mark.parametrize("length", [0, 3, 4, 5, 35])
def test_a_stored_vector_that_is_too_short_is_noticed(length: int) -> None:
    assert not is_whole(pack(np.ones((1, 16), np.float32))[:length])


@pytest.mark.parametrize("parts", [1, 3])
def test_a_small_index_is_searched_exactly(store: Store, parts: int) -> None:
    add(store, "a", unit_rows(600), parts)
    VectorIndex(store, "e", DIM).update()
    assert list(store.folder.glob("*.faiss"))
    index = loaded(store)
    queries = unit_rows(20)
    assert [found(index, query, 10) for query in queries] == exact(store, queries, 10)


@pytest.mark.parametrize("written", [True, False])
def test_the_many_parts_of_one_function_leave_room_for_others(store: Store, written: bool) -> None:
    near = np.tile(CENTRES[0] / np.linalg.norm(CENTRES[0]), (300, 1)).astype(np.float32)
    add(store, "long", near, 300)
    add(store, "short", unit_rows(60))
    if written:
        VectorIndex(store, "e", DIM).update()
    ids, scores = loaded(store).search(near[0], 10)
    assert len(set(ids.tolist())) == 10
    assert ids.tolist() == exact_with_parts(store, near[0], 10)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)


def test_a_small_file_is_searched_without_faiss_as_with_it(store: Store) -> None:
    add(store, "a", unit_rows(600), 3)
    VectorIndex(store, "e", DIM).update()
    (path,) = store.folder.glob("*.faiss")
    flat, by_faiss = FlatFile.open(path, DIM), FaissFile.open(path, DIM)
    assert flat is not None
    assert by_faiss is not None
    nobody = np.empty(0, np.int64)
    for allowed, gone in [(None, nobody), (None, np.arange(1, 150)), (np.arange(3, 60), nobody)]:
        for query in unit_rows(10):
            ids, scores = by_faiss.search(query, 20, allowed, gone)
            mine, my_scores = flat.search(query, 20, allowed, gone)
            assert set(mine.tolist()) == set(ids.tolist())
            assert np.sort(my_scores) == pytest.approx(np.sort(scores), abs=1e-6)


def test_a_file_that_is_not_exact_or_of_another_dimension_is_left_to_faiss(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "a", unit_rows(600))
    VectorIndex(store, "e", DIM).update()
    (path,) = store.folder.glob("*.faiss")
    assert FlatFile.open(path, DIM) is not None
    assert FlatFile.open(path, 2 * DIM) is None
    assert FlatFile.open(path.with_suffix(".gone"), DIM) is None
    path.write_bytes(path.read_bytes()[:-1])
    assert FlatFile.open(path, DIM) is None
    monkeypatch.setattr(vectors_module, "EXACT_LIMIT", 100)
    VectorIndex(store, "e", DIM).update()
    (path,) = store.folder.glob("*.faiss")
    assert FlatFile.open(path, DIM) is None


def test_an_index_with_a_small_file_is_searched_without_importing_faiss(tmp_path: Path) -> None:
    with_file = Store.open(tmp_path / "index", create=True)
    add(with_file, "a", unit_rows(1200))
    VectorIndex(with_file, "e", DIM).update()
    assert list(with_file.folder.glob("*.faiss"))
    with_file.close()
    program = (
        "import sys; from pathlib import Path; import numpy as np; "
        "from indexer.store import Store; from indexer.vectors import VectorIndex; "
        "index = VectorIndex(Store.open(Path(sys.argv[1])), 'e', 16); index.load(); "
        "print(len(index.search(np.ones(16, np.float32) / 4, 9)[0]), 'faiss' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "index")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["9", "False"]


def test_deleted_and_newer_functions_give_the_answers_of_a_fresh_build(store: Store) -> None:
    add(store, "a", unit_rows(300))
    add(store, "b", unit_rows(40))
    VectorIndex(store, "e", DIM).update()
    base = list(store.folder.glob("*.faiss"))
    with store.transaction():
        store.delete_files([store.files()["b"].id])
    add(store, "c", unit_rows(9))
    VectorIndex(store, "e", DIM).update()
    assert list(store.folder.glob("*.faiss")) == base
    index = loaded(store)
    queries = unit_rows(20)
    assert [found(index, query, 10) for query in queries] == exact(store, queries, 10)
    assert len(index.search(queries[0], 300)[0]) == 300  # the deleted ones take no place
    every = np.array(exact(store, queries[:1], 1000)[0])
    assert set(index.search(unit_rows(1)[0], 1000, every[:7])[0].tolist()) == set(every[:7].tolist())


def test_a_long_tail_or_many_deletions_write_a_new_file(store: Store) -> None:
    add(store, "a", unit_rows(200))
    VectorIndex(store, "e", DIM).update()
    first = list(store.folder.glob("*.faiss"))
    add(store, "b", unit_rows(60))
    VectorIndex(store, "e", DIM).update()
    second = list(store.folder.glob("*.faiss"))
    assert first != second
    assert len(second) == 1
    with store.transaction():
        store.delete_files([store.files()["b"].id])
    VectorIndex(store, "e", DIM).update()
    assert store.gone("vectors", 10**6) == []
    assert loaded(store).search(unit_rows(1)[0], 1000)[0].size == 200


def test_a_large_index_reads_a_part_and_finds_almost_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "EXACT_LIMIT", 1000)
    add(store, "a", unit_rows(6000))
    VectorIndex(store, "e", DIM).update()
    index = loaded(store)
    assert isinstance(index._base, FaissFile)
    assert 0 < index._base.index.nprobe < index._base.index.nlist
    queries = unit_rows(100)
    truth = exact(store, queries, 10)
    shared = [len({*found(index, query, 10)} & {*best}) for query, best in zip(queries, truth, strict=True)]
    assert sum(shared) / (10 * len(queries)) >= 0.95


def test_deletions_and_restrictions_hold_in_a_large_index_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "EXACT_LIMIT", 1000)
    add(store, "a", unit_rows(3000))
    add(store, "b", unit_rows(40))
    VectorIndex(store, "e", DIM).update()
    gone = {row[0] for row in store.connection.execute("SELECT id FROM functions WHERE file_id = 2")}
    with store.transaction():
        store.delete_files([store.files()["b"].id])
    index = loaded(store)
    for query in unit_rows(10):
        assert not gone & set(index.search(query, 500)[0].tolist())
        assert set(index.search(query, 500, np.array([5, 6]))[0].tolist()) <= {5, 6}


@pytest.mark.parametrize("how", ["deleted", "emptied", "truncated", "first byte", "middle", "last byte"])
def test_a_damaged_file_is_noticed_and_made_again_from_the_store(store: Store, how: str) -> None:
    add(store, "a", unit_rows(300))
    VectorIndex(store, "e", DIM).update()
    query = unit_rows(1)[0]
    before = loaded(store).search(query, 10)[0].tolist()
    path = next(store.folder.glob("*.faiss"))
    data = bytearray(path.read_bytes())
    if how == "deleted":
        path.unlink()
    elif how in ("emptied", "truncated"):
        path.write_bytes(data[: 0 if how == "emptied" else -1])
    else:
        data[{"first byte": 0, "middle": len(data) // 2, "last byte": len(data) - 1}[how]] ^= 0xFF
        path.write_bytes(data)
    index = loaded(store)
    assert not index.is_whole
    assert index.search(query, 10)[0].tolist() == before
    assert VectorIndex(store, "e", DIM).update()
    assert loaded(store).is_whole
    assert loaded(store).search(query, 10)[0].tolist() == before


def test_a_file_whose_seal_holds_but_that_faiss_cannot_read_is_made_again(store: Store) -> None:
    add(store, "a", unit_rows(300))
    VectorIndex(store, "e", DIM).update()
    path = next(store.folder.glob("*.faiss"))
    path.write_bytes(b"no index at all")
    derived = store.derived("vectors-1")
    assert derived is not None
    store.set_derived("vectors-1", derived[0], derived[1], vectors_module.seal([path]))
    assert not loaded(store).is_whole
    assert VectorIndex(store, "e", DIM).update()
    assert loaded(store).is_whole


def test_each_encoder_has_its_own_vectors(store: Store) -> None:
    add(store, "a", unit_rows(300))
    VectorIndex(store, "e", DIM).update()
    with store.transaction():
        store.add_encoder("other", DIM)
    other = VectorIndex(store, "other", DIM)
    other.load()
    assert other.search(unit_rows(1)[0], 5)[0].size == 0
    assert loaded(store).search(unit_rows(1)[0], 5)[0].size == 5
