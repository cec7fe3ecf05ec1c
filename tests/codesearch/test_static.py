from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import codesearch
from codesearch import load_encoder
from codesearch.encoders.static import MAX_TOKENS, StaticEncoder, digest_of
from codesearch.errors import ModelError
from codesearch.train.quantise import quantised_rows
from codesearch.train.static_files import save_static

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHIPPED = Path(codesearch.__file__).parent / "models" / "static"
TOKENS = ["read", "file", "write", "x"]


def save(
    folder: Path, places: NDArray[np.float32] | None = None, query_weights: tuple[float, ...] = (1, 1, 1, 1)
) -> StaticEncoder:
    save_static(
        folder,
        TOKENS,
        np.eye(4, dtype=np.float32),
        np.array(query_weights, np.float32),
        np.array([1, 1, 1, 0], np.float32),
        np.ones(MAX_TOKENS, np.float32) if places is None else places,
    )
    return StaticEncoder.load(folder)


def unit(*values: float) -> NDArray[np.float64]:
    return np.array(values) / np.linalg.norm(values)


def test_vectors_have_unit_length_and_the_order_of_the_texts(tmp_path: Path) -> None:
    vectors = save(tmp_path).encode_code(["read", "file", "read file"])
    np.testing.assert_allclose(vectors, [unit(1, 0, 0, 0), unit(0, 1, 0, 0), unit(1, 1, 0, 0)], atol=1e-6)
    assert vectors.dtype == np.float32


def test_queries_and_code_weigh_words_differently(tmp_path: Path) -> None:
    encoder = save(tmp_path, query_weights=(1, 3, 1, 1))
    np.testing.assert_allclose(encoder.encode_queries(["read file"]), [unit(1, 3, 0, 0)], atol=1e-6)
    np.testing.assert_allclose(encoder.encode_code(["read file x"]), [unit(1, 1, 0, 0)], atol=1e-6)


def test_a_repeated_word_counts_by_the_logarithm(tmp_path: Path) -> None:
    vectors = save(tmp_path).encode_code(["read read read file"])
    np.testing.assert_allclose(vectors, [unit(2, 1, 0, 0)], atol=1e-6)


def test_places_count_in_code_and_not_in_queries(tmp_path: Path) -> None:
    places = np.ones(MAX_TOKENS, np.float32)
    places[1:] = 0.5
    encoder = save(tmp_path, places)
    np.testing.assert_allclose(encoder.encode_code(["read file"]), [unit(1, 0.5, 0, 0)], atol=1e-6)
    np.testing.assert_allclose(encoder.encode_queries(["read file"]), [unit(1, 1, 0, 0)], atol=1e-6)


def test_code_longer_than_the_limit_is_read_to_its_end(tmp_path: Path) -> None:
    (vector,) = save(tmp_path).encode_code(["x " * 2 * MAX_TOKENS + "read"])
    np.testing.assert_allclose(vector, unit(1, 0, 0, 0), atol=1e-6)


def test_a_text_without_a_known_word_is_the_zero_vector(tmp_path: Path) -> None:
    encoder = save(tmp_path)
    assert not encoder.encode_code(["", "€"]).any()
    assert encoder.encode_queries([]).shape == (0, 4)


def test_a_vector_does_not_depend_on_the_texts_around_it(tmp_path: Path) -> None:
    encoder = save(tmp_path)
    texts = [f"{'read ' * (i % 7)} file" for i in range(1500)]
    np.testing.assert_array_equal(encoder.encode_code(texts)[-3:], encoder.encode_code(texts[-3:]))


def test_rounding_to_int8_moves_a_vector_by_less_than_a_hundredth() -> None:
    table = np.random.default_rng(0).standard_normal((50, 256)).astype(np.float32)
    rows, scales = quantised_rows(table)
    assert rows.dtype == np.int8
    error = np.linalg.norm(rows * scales[:, None] - table, axis=1) / np.linalg.norm(table, axis=1)
    assert error.max() < 0.01


def test_other_weights_are_another_name(tmp_path: Path) -> None:
    names = {save(tmp_path / "a" / "static").name, save(tmp_path / "b" / "static", query_weights=(2, 1, 1, 1)).name}
    assert len(names) == 2
    assert all(name.startswith("static@") for name in names)


@pytest.mark.parametrize("file", ["config.json", "vocabulary.txt", "model.safetensors"])
def test_a_missing_file_is_one_clear_line(tmp_path: Path, file: str) -> None:
    save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(ModelError, match=f"not a whole static encoder.*{file}"):
        StaticEncoder.load(tmp_path)


def test_a_cut_weights_file_is_one_clear_line(tmp_path: Path) -> None:
    save(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        StaticEncoder.load(tmp_path)


def test_a_vocabulary_of_another_size_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / "vocabulary.txt").write_text("read\n")
    with pytest.raises(ModelError, match=r"1 tokens in vocabulary\.txt for 4 embeddings"):
        StaticEncoder.load(tmp_path)


def test_the_shipped_encoder_finds_the_function_a_question_is_about() -> None:
    encoder = load_encoder("static")
    codes = [
        "def load_settings(path):\n    with open(path) as file:\n        return json.load(file)",
        "func retryWithBackoff(attempts int, call func() error) error {\n\ttime.Sleep(delay)\n}",
        "public static Date parseDate(String text) {\n    return format.parse(text);\n}",
    ]
    queries = ["read a configuration file", "try again after a failure, waiting longer", "convert string to datetime"]
    assert (encoder.encode_queries(queries) @ encoder.encode_code(codes).T).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_shipped_files_stay_small() -> None:
    from codesearch.encoders.resolve import SHIPPED_FOLDER

    assert sum(file.stat().st_size for file in (SHIPPED_FOLDER / "static").iterdir()) < 9_000_000


def test_the_digest_that_names_an_encoder_is_that_of_its_files(tmp_path: Path) -> None:
    for folder, encoder in ((SHIPPED, load_encoder()), (tmp_path / "made", save(tmp_path / "made"))):
        assert encoder.name == f"{folder.name}@{digest_of(folder)}"
