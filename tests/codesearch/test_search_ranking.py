"""Ordering candidates: weights, the spread over files, and mixing in a matching head."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from codesearch.features import FEATURES
from codesearch.ranking import Network, load_ranking, spread
from codesearch.reranking import blend
from codesearch.roles import Role


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_every_weight_belongs_to_a_feature():
    data = json.loads(files("codesearch").joinpath("ranking.json").read_text("utf-8"))
    for kind in ("text", "symbol"):
        assert set(data[kind]) <= set(FEATURES)
    assert set(data["network"]["features"]) <= set(FEATURES)


@pytest.mark.parametrize("kind", ["text", "symbol"])
def test_weights_are_one_number_a_feature(kind):
    weights = getattr(load_ranking(), kind)
    assert weights.shape == (len(FEATURES),)
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("kind", ["text", "symbol"])
def test_no_role_of_a_file_lifts_it(kind):
    columns = [FEATURES.index(role.name.lower()) for role in Role]
    assert (getattr(load_ranking(), kind)[columns] <= 0).all()
    assert not set(columns) & set(load_ranking().network.columns.tolist())


def test_a_network_adds_what_its_units_see():
    network = Network(
        columns=np.array([0, 2]),
        hidden=np.array([[1, -1], [1, 0]], np.float32),
        bias=np.array([-1, 0], np.float32),
        output=np.array([2, 3], np.float32),
    )
    features = np.array([[0.5, 9, 0.75], [0.5, 9, 0.25], [-1, 9, 0]], np.float32)
    # The first unit fires where both together are above 1, the second where the first of them is below 0.
    assert network.scores(features).tolist() == [0.5, 0.0, 3.0]


def test_the_network_reads_queries_in_words_only():
    ranking = load_ranking()
    features = np.random.default_rng(0).random((5, len(FEATURES))).astype(np.float32)
    assert np.allclose(ranking.scores(features, is_symbol=True), features @ ranking.symbol)
    added = ranking.scores(features, is_symbol=False) - features @ ranking.text
    assert np.allclose(added, ranking.network.scores(features), atol=1e-5)


def positions(*arguments) -> list[int]:
    return [position for position, _ in spread(*arguments)]


def test_without_a_cost_of_repetition_the_best_come_in_order():
    assert positions(scores(0.1, 0.9, 0.5), [1, 1, 1], 3, 0.0) == [1, 2, 0]


def test_a_further_function_of_a_file_gives_way_to_another_file():
    assert positions(scores(1.0, 0.9, 0.8), [1, 1, 2], 3, 0.5) == [0, 2, 1]


def test_a_much_better_function_of_the_same_file_does_not_give_way():
    assert positions(scores(5.0, 4.0, 0.8), [1, 1, 2], 3, 0.5) == [0, 1, 2]


def test_scores_fall_in_the_order_that_is_shown():
    spread_scores = [score for _, score in spread(scores(1.0, 0.9, 0.8, 0.75), [1, 1, 2, 1], 4, 0.5)]
    assert spread_scores == pytest.approx([1.0, 0.8, 0.4, -0.25])


def test_one_file_does_not_flood_the_list():
    chosen = positions(scores(*[1.0] * 20, *[0.6] * 3), [0] * 20 + [1, 2, 3], 5, 0.3)
    assert {20, 21, 22} <= set(chosen)


def test_no_more_than_there_are_are_chosen():
    assert positions(scores(0.2), [1], 10, 0.5) == [0]
    assert positions(scores(), [], 10, 0.5) == []


def test_a_matching_head_reorders_the_best_and_keeps_them_above_the_rest():
    mixed = blend(scores(3.0, 2.9, 2.995, 1.0), np.array([0, 1, 2]), scores(0.0, 0.1, 0.9))
    assert int(mixed.argmax()) == 2
    assert mixed[:3].min() >= mixed[3]


def test_a_matching_head_without_opinion_changes_no_order():
    mixed = blend(scores(3.0, 2.0, 1.0), np.array([0, 1]), scores(0.5, 0.5))
    assert np.argsort(-mixed).tolist() == [0, 1, 2]


def test_a_matching_head_that_reads_everything_is_no_special_case():
    mixed = blend(scores(1.0, 2.0), np.array([1, 0]), scores(0.1, 0.9))
    assert np.isfinite(mixed).all()
