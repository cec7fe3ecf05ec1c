"""Ranking features of the candidates of real searches on the golden corpus."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from codesearch import CodeIndex
from codesearch.features import FEATURES
from codesearch.query import parse

CORPUS = Path(__file__).parents[1] / "golden" / "corpus"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    corpus = shutil.copytree(CORPUS, folder / "corpus")
    with CodeIndex.build(corpus, index_dir=folder / "index") as opened:
        yield opened


@pytest.fixture
def features_of(index):
    """The features of one candidate of a query, by their names."""

    def features(query: str, path: str, name: str) -> dict[str, float]:
        rows, matrix = index.candidates(parse(query))
        [i] = [i for i, row in enumerate(rows) if (row.path, row.qualified_name) == (path, name)]
        return dict(zip(FEATURES, matrix[i].tolist(), strict=True))

    return features


@pytest.mark.parametrize(
    "query", ["retry with backoff", "LruCache.get", "price of a parcel by weight", "zzz qqq", "???"]
)
def test_every_feature_is_finite_and_a_share_or_a_flag(index, query):
    rows, matrix = index.candidates(parse(query))
    assert matrix.shape == (len(rows), len(FEATURES))
    assert np.isfinite(matrix).all()
    assert matrix.min() >= 0.0
    assert matrix.max() <= 1.0 + 1e-6


def test_before_there_is_a_word_index_meaning_alone_brings_candidates(index, monkeypatch):
    monkeypatch.setattr(index._candidates, "has_words", False)
    rows, matrix = index.candidates(parse("retry with backoff"))
    assert rows
    assert not matrix[:, [FEATURES.index("words"), FEATURES.index("covers"), FEATURES.index("name_covers")]].any()


def test_each_candidate_is_there_once(index):
    rows, _ = index.candidates(parse("retry with backoff"))
    assert len({row.id for row in rows}) == len(rows)


def test_the_best_by_words_has_the_whole_share(index):
    _, matrix = index.candidates(parse("great-circle distance"))
    for feature in ("words", "meaning", "words_rank", "meaning_rank"):
        assert matrix[:, FEATURES.index(feature)].max() == pytest.approx(1.0)


def test_a_name_covers_the_words_of_the_query(features_of):
    found = features_of("shipping rate", "parcels/rates.py", "shipping_rate")
    assert found["name_covers"] == pytest.approx(1.0)
    assert found["name_precise"] > 0.5
    other = features_of("shipping rate", "parcels/rates.py", "billable_kilograms")
    assert other["name_covers"] == 0.0


def test_the_name_of_the_file_counts_in_every_grammatical_form(features_of):
    assert features_of("rate of a parcel", "parcels/rates.py", "shipping_rate")["stem_covers"] > 0.0


def test_a_definition_is_known_by_its_name_in_its_spelling_and_in_its_class(features_of):
    found = features_of("LruCache.get", "parcels/cache.py", "LruCache.get")
    assert (found["defines"], found["defines_qualified"], found["defines_type"]) == (1.0, 1.0, 0.0)
    assert features_of("lrucache.GET()", "parcels/cache.py", "LruCache.get")["defines_qualified"] == 1.0


def test_a_type_is_known_as_one(features_of):
    found = features_of("RingBuffer", "scanner/src/ring_buffer.rs", "RingBuffer")
    assert (found["defines"], found["defines_type"], found["defines_in_namesake"]) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("query", "path", "name", "role"),
    [
        ("retry with backoff", "parcels/compat/retry.py", "retry_with_backoff", "legacy"),
        ("debounce", "web/vendor/debounce.js", "debounce", "legacy"),
        ("parse tracking number", "tests/test_tracking.py", "test_parse_tracking_number_splits_its_parts", "test"),
        ("parcels tracking service", "parcels/__init__.py", "__init__", "reexport"),
        ("backups every night", "docs/operations.md", "operations", "prose"),
    ],
)
def test_the_role_of_a_file_is_a_feature(features_of, query, path, name, role):
    assert features_of(query, path, name)[role] == 1.0


def test_a_query_for_tests_does_not_hold_it_against_a_test(features_of):
    path, name = "tests/test_tracking.py", "test_parse_tracking_number_splits_its_parts"
    assert features_of("test of parsing a tracking number", path, name)["test"] == 0.0


def test_words_and_vectors_searched_at_the_same_time_give_the_same_candidates(index, monkeypatch):
    rows, matrix = index.candidates(parse("retry with backoff"))
    monkeypatch.setattr("codesearch.candidates._WORTH_A_THREAD", 0)
    again, once_more = index.candidates(parse("retry with backoff"))
    assert again == rows
    assert np.array_equal(once_more, matrix)
