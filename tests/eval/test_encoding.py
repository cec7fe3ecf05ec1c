"""Vectors are computed once, kept at once, and refused when they are not unit rows."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from eval.encoding import BATCH, encode_code, encode_queries
from eval.errors import EvalError
from eval.progress import silently
from eval.system import RandomEncoder
from eval.vector_cache import VectorCache

TEXTS = [f"def f{number}(): return {'x' * (number % 7)}" for number in range(3 * BATCH + 5)]


class Counting(RandomEncoder):
    """Counts what it is asked to encode; stops when it has had enough."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.seen = 0
        self.most = most

    def encode_code(self, codes):
        if self.seen + len(codes) > self.most:
            raise KeyboardInterrupt
        self.seen += len(codes)
        return super().encode_code(codes)


def test_a_second_run_encodes_nothing_and_gives_the_same_vectors(tmp_path):
    first, second = Counting(), Counting()
    a = encode_code(first, TEXTS, VectorCache(tmp_path / "v"), silently)
    b = encode_code(second, TEXTS, VectorCache(tmp_path / "v"), silently)
    assert (first.seen, second.seen) == (len(TEXTS), 0)
    assert np.array_equal(a, b)
    assert np.array_equal(a, RandomEncoder().encode_code(TEXTS))


def test_equal_texts_are_encoded_once(cache):
    encoder = Counting()
    rows = encode_code(encoder, ["a", "b", "a"], cache, silently)
    assert encoder.seen == 2
    assert np.array_equal(rows[0], rows[2])


def test_an_interruption_loses_one_batch_at_most(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        encode_code(Counting(most=2 * BATCH + 10), TEXTS, VectorCache(tmp_path / "v"), silently)
    rest = Counting()
    encode_code(rest, TEXTS, VectorCache(tmp_path / "v"), silently)
    assert rest.seen == len(TEXTS) - 2 * BATCH


def test_queries_and_code_and_encoders_do_not_mix(cache):
    query = encode_queries(RandomEncoder(0), ["same"], cache, silently)
    code = encode_code(RandomEncoder(0), ["same"], cache, silently)
    other = encode_code(RandomEncoder(1), ["same"], cache, silently)
    assert not np.allclose(query, code)
    assert not np.allclose(code, other)


def test_vectors_that_are_not_unit_rows_are_refused(cache):
    class Long(RandomEncoder):
        def encode_code(self, codes):
            return 2 * super().encode_code(codes)

    class Flat(RandomEncoder):
        def encode_code(self, codes):
            return super().encode_code(codes)[:, :3]

    with pytest.raises(EvalError, match=r"vectors of length 2.0000 to 2.0000, not 1"):
        encode_code(Long(), ["a"], cache, silently)
    with pytest.raises(EvalError, match=r"shape \(1, 3\) for 1 texts where \(1, 64\) is due"):
        encode_code(Flat(), ["a"], cache, silently)


class Silent(Counting):
    """Knows nothing of texts without a letter."""

    def _encode(self, side, texts):
        rows = super()._encode(side, texts)
        rows[[not any(map(str.isalpha, text)) for text in texts]] = 0
        return rows


def test_a_text_the_encoder_knows_nothing_of_is_a_row_of_zeros(cache):
    for _ in range(2):
        rows = encode_code(Silent(), ["a", "{ }", "b", ""], cache, silently)
        assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 1, 0])


@pytest.mark.parametrize("data", [bytes(4 * 64), b"abc", b"", "text", bytes(range(256))])
def test_a_vector_that_is_damaged_in_the_cache_is_encoded_anew(tmp_path, data):
    before = encode_code(Counting(), TEXTS, VectorCache(tmp_path / "v"), silently)
    with sqlite3.connect(tmp_path / "v") as database:
        database.execute("UPDATE vectors SET vector = ? WHERE digest IN (SELECT digest FROM vectors LIMIT 3)", (data,))
    encoder = Counting()
    assert np.array_equal(encode_code(encoder, TEXTS, VectorCache(tmp_path / "v"), silently), before)
    assert encoder.seen == 3


def test_pages_of_the_cache_that_are_damaged_are_one_line(tmp_path):
    cache = VectorCache(tmp_path / "v")
    encode_code(Counting(), TEXTS, cache, silently)
    cache.close()
    data = bytearray((tmp_path / "v").read_bytes())
    data[4 * 4096 :] = b"\x07" * (len(data) - 4 * 4096)
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(EvalError, match=r"the vector cache .*v cannot be used"):
        encode_code(Counting(), TEXTS, VectorCache(tmp_path / "v"), silently)


def test_a_damaged_cache_is_named(tmp_path):
    (tmp_path / "v").write_text("this is no database, not at all, but long enough to be looked at" * 20)
    with pytest.raises(EvalError, match=r"the vector cache .*v cannot be used"):
        VectorCache(tmp_path / "v")
