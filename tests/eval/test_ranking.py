"""One order of documents, whatever computed their scores."""

from __future__ import annotations

import numpy as np
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.exact_search import exact_search
from eval.fusion import fuse
from eval.ranking import ordered


def test_ties_are_broken_by_document_id_descending_and_no_tie_is_left():
    documents = np.array([[0, 1, 2, 3]], dtype=np.int32)
    scores = np.array([[0.5, 0.5, 0.9, 0.5]], dtype=np.float32)
    ranking = ordered(documents, scores, ["b", "10", "c", "9"])
    assert ranking.documents.tolist() == [[2, 0, 3, 1]]
    assert (np.diff(ranking.scores) < 0).all()
    assert ranking.scores[0, 1] == np.float32(0.5)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, -1.0, 1e-8]), min_size=1, max_size=30))
def test_trec_eval_ranks_the_scores_before_and_after_alike(values):
    ids = [f"d{number}" for number in range(len(values))]
    scores = np.array([values], dtype=np.float32)
    ranking = ordered(np.arange(len(values), dtype=np.int32)[None], scores, ids)
    before = {"q": dict(zip(ids, map(float, scores[0]), strict=True))}
    after = {"q": {ids[d]: float(s) for d, s in zip(ranking.documents[0], ranking.scores[0], strict=True)}}
    for relevant in ids:
        evaluator = pytrec_eval.RelevanceEvaluator({"q": {relevant: 1}}, {"recip_rank"})
        assert evaluator.evaluate(before) == evaluator.evaluate(after)
        assert evaluator.evaluate(after)["q"]["recip_rank"] == 1 / (1 + list(after["q"]).index(relevant))


def test_room_without_a_document_comes_last():
    documents = np.array([[-1, 4, -1, 2]], dtype=np.int32)
    ranking = ordered(documents, np.array([[9, -1, 9, -2]], dtype=np.float32), list("abcde"))
    assert ranking.documents.tolist() == [[4, 2, -1, -1]]


@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_exact_search_is_a_full_sort_of_inner_products(documents, queries, depth, seed):
    generator = np.random.default_rng(seed)
    codes = generator.standard_normal((documents, 16), dtype=np.float32)
    asked = generator.standard_normal((queries, 16), dtype=np.float32)
    found, scores = exact_search(asked, codes, depth)
    expected = asked.astype(np.float64) @ codes.T.astype(np.float64)
    kept = min(depth, documents)
    assert found.shape == scores.shape == (queries, kept)
    assert np.allclose(scores, -np.sort(-expected, axis=1)[:, :kept], atol=1e-4)
    assert np.allclose(np.take_along_axis(expected, found, axis=1), scores, atol=1e-4)


@given(st.integers(1, 40), st.integers(1, 400), st.integers(1, 33), st.integers(0, 2**32 - 1))
def test_equal_vectors_have_equal_scores_wherever_they_stand(different, documents, queries, seed):
    generator = np.random.default_rng(seed)
    which = generator.integers(different, size=documents)
    codes = generator.standard_normal((different, 48), dtype=np.float32)[which]
    found, scores = exact_search(generator.standard_normal((queries, 48), dtype=np.float32), codes, documents)
    for row in range(queries):
        by_vector = {(int(which[place]), float(score)) for place, score in zip(found[row], scores[row], strict=True)}
        assert len(by_vector) == len(set(which.tolist()))


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_how_many_are_searched_for_does_not_change_their_order(depth, seed):
    generator = np.random.default_rng(seed)
    codes = generator.integers(-1, 2, size=(60, 3)).astype(np.float32)
    asked = generator.integers(-1, 2, size=(5, 3)).astype(np.float32)
    whole, _ = exact_search(asked, codes, 60)
    found, _ = exact_search(asked, codes, depth)
    assert found.tolist() == whole[:, :depth].tolist()
    for row in range(len(asked)):
        expected = sorted(range(60), key=lambda place, row=row: (-float(asked[row] @ codes[place]), place))
        assert found[row].tolist() == expected[:depth]


def listed(positions, scores):
    return np.array([positions], dtype=np.int32), np.array([scores], dtype=np.float32)


def test_fusion_adds_the_share_of_the_best_by_words_to_that_by_meaning():
    meaning = listed([7, 3, 9, -1], [0.9, 0.6, 0.5, 0.0])
    words = listed([3, 5, 7, -1], [8.0, 4.0, 2.0, 0.0])
    found, scores = fuse(meaning, words, 4, share=0.5)
    assert found.tolist() == [[7, 3, 5, 9]]
    assert np.allclose(scores, [[1 + 0.5 * 0.25, 0.25 + 0.5, 0.5 * 0.5, 0.0]])


def test_fusion_with_a_list_without_a_document_is_the_other_list():
    nothing = listed([-1, -1], [0.0, 0.0])
    found, _ = fuse(listed([4, 2], [0.5, 0.25]), nothing, 3)
    assert found.tolist() == [[4, 2, -1]]
    found, _ = fuse(nothing, listed([2, 4], [3.0, 1.0]), 1)
    assert found.tolist() == [[2]]


def test_what_lies_below_the_fused_follows_by_meaning_and_changes_nothing_above():
    meaning = listed([7, 3, 9, 4, 5, 1], [0.9, 0.6, 0.5, 0.4, 0.3, 0.2])
    words = listed([5, 3, 1, -1, -1, -1], [8.0, 4.0, 2.0, 0.0, 0.0, 0.0])
    top, _ = fuse(meaning, words, 3, share=0.5, among=2)
    found, scores = fuse(meaning, words, 6, share=0.5, among=2)
    assert top.tolist() == [[7, 5, 3]]
    assert found.tolist() == [[7, 5, 3, 9, 4, 1]]
    assert (np.diff(scores) < 0).all()
