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
        found = index.candidates(parse(query))
        rows = index.store.function_rows(found.ids.tolist())
        [wanted] = [row.id for row in rows.values() if (row.path, row.qualified_name) == (path, name)]
        return dict(zip(FEATURES, found.features[found.ids == wanted][0].tolist(), strict=True))

    return features


@pytest.mark.parametrize("query", ["retry with backoff", "LruCache.get", "price of a parcel by weight", "zzz qqq"])
def test_every_feature_is_finite_and_a_share_or_a_flag(index, query):
    found = index.candidates(parse(query))
    matrix = found.features
    assert matrix.shape == (len(found.ids), len(FEATURES))
    assert np.isfinite(matrix).all()
    assert matrix.min() >= 0.0
    assert matrix.max() <= 1.0 + 1e-6


def test_before_there_is_a_word_index_meaning_alone_brings_candidates(index, monkeypatch):
    monkeypatch.setattr(index._candidates, "has_words", False)
    found = index.candidates(parse("retry with backoff"))
    assert len(found.ids)
    assert not found.features[
        :, [FEATURES.index("words"), FEATURES.index("covers"), FEATURES.index("name_covers")]
    ].any()


def test_each_candidate_is_there_once(index):
    ids = index.candidates(parse("retry with backoff")).ids.tolist()
    assert len(set(ids)) == len(ids)


def test_the_best_by_words_has_the_whole_share(index):
    matrix = index.candidates(parse("great-circle distance")).features
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
    found = index.candidates(parse("retry with backoff"))
    monkeypatch.setattr("codesearch.candidates._WORTH_A_THREAD", 0)
    again = index.candidates(parse("retry with backoff"))
    assert np.array_equal(again.ids, found.ids)
    assert np.array_equal(again.features, found.features)


def test_profiles_read_for_a_query_or_all_at_once_give_the_same_features(index):
    query = parse("LruCache.get of a parcel")
    with CodeIndex.open(index.target.root, index_dir=index.target.folder.parent) as fresh:
        assert len(fresh._candidates._profiles) == 0
        first = fresh.candidates(query)
        assert 0 < len(fresh._candidates._profiles) < index.store.count("functions")
        again = fresh.candidates(query)
        assert len(fresh._candidates._profiles) == index.store.count("functions")
    assert np.array_equal(again.ids, first.ids)
    assert np.array_equal(again.features, first.features)
