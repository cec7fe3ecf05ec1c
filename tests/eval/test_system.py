"""Words, fusion and matching head: how a system makes its ranking."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from eval.bm25 import BM25, K1, B, stems, words
from eval.errors import EvalError
from eval.evaluation import describe, lengths
from eval.ranker import Ranker
from eval.retrieval import Document, Query, Retrieval
from eval.system import RandomEncoder, System, load_system

CODES = [
    "def read_json(path): return json.load(open(path))",
    "def writeJSONFile(path, value): json.dump(value, open(path, 'w'))",
    "def add(a, b): return a + b",
    "",
]


@pytest.fixture
def retrieval():
    queries = [Query("q1", "write a json file"), Query("q2", "add numbers"), Query("q3", "zzz")]
    documents = [Document(f"d{number}", code) for number, code in enumerate(CODES)]
    return Retrieval("small", queries, documents, {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d0": 1}})


class Shortest:
    """Prefers short functions; counts what it reads."""

    name = "shortest@1"

    def __init__(self) -> None:
        self.pairs = 0

    def score(self, query, codes):
        self.pairs += len(codes)
        return -np.array([len(code) for code in codes], dtype=np.float32)


def test_identifiers_are_split_into_words():
    assert words("readHTTPBody_v2 = XMLParser().größe") == [
        "read", "http", "body", "v", "2", "xml", "parser", "gr", "öß", "e",
    ]  # fmt: skip
    assert words("one two three", 2) == ["one", "two"]


def test_bm25_is_the_formula():
    texts = ["a b b c", "b d", "e"]
    found, scores = BM25(texts, None).search(["b d"], 3)
    mean = sum(len(text.split()) for text in texts) / 3

    def weight(term, text):
        frequency = text.split().count(term)
        documents = sum(term in other.split() for other in texts)
        idf = math.log(1 + (3 - documents + 0.5) / (documents + 0.5))
        return idf * frequency / (frequency + K1 * (1 - B + B * len(text.split()) / mean))

    expected = {place: sum(weight(term, text) for term in ("b", "d")) for place, text in enumerate(texts)}
    assert found.tolist() == [[1, 0, -1]]
    assert scores[0, :2] == pytest.approx([expected[1], expected[0]], rel=1e-5)


def test_bm25_finds_nothing_where_no_word_is_shared(retrieval, cache):
    ranking = Ranker(System(bm25=True), cache).rank(retrieval)
    assert ranking.documents[2].tolist() == [-1, -1, -1, -1]
    assert ranking.documents[0][0] == 1


def test_a_collection_without_any_word_is_searched_without_an_error():
    found, _ = BM25(["", "()"]).search(["a"], 2)
    assert found.tolist() == [[-1, -1]]


def test_the_head_reorders_the_top_only_by_logit_plus_cosine(retrieval, cache):
    encoder, head = RandomEncoder(), Shortest()
    plain = Ranker(System(encoder=encoder), cache).rank(retrieval)
    system = System(encoder=encoder, matcher=head, rerank_depth=3)
    ranking = Ranker(system, cache).rank(retrieval)
    queries = encoder.encode_queries([query.text for query in retrieval.queries])
    codes = encoder.encode_code(CODES)
    for row in range(3):
        top = plain.documents[row, :3]
        expected = {int(d): -len(CODES[d]) + float(codes[d] @ queries[row]) for d in top}
        assert ranking.documents[row, :3].tolist() == sorted(expected, key=expected.get, reverse=True)
        assert ranking.scores[row, :3] == pytest.approx(sorted(expected.values(), reverse=True), abs=1e-4)
        assert ranking.documents[row, 3] == plain.documents[row, 3]
    assert head.pairs == 9
    Ranker(system, cache).rank(retrieval)
    assert head.pairs == 9, "a second run takes the scores from the cache"


@pytest.mark.filterwarnings("error")
def test_the_head_leaves_room_empty_where_words_found_nothing(retrieval, cache):
    ranking = Ranker(System(bm25=True, matcher=Shortest(), rerank_depth=1), cache).rank(retrieval)
    assert ranking.documents[1].tolist() == [2, -1, -1, -1]
    assert ranking.scores[1].tolist() == [-len(CODES[2]), -np.inf, -np.inf, -np.inf]


class Alike(RandomEncoder):
    """Finds every function equally near to every query."""

    name = "alike@1"

    def _encode(self, side, texts):
        return np.full((len(texts), self.dim), self.dim**-0.5, dtype=np.float32)


def test_words_beside_an_encoder_are_stems_and_those_that_only_ask_are_left_out():
    texts = ["def parse_numbers(): ...", "how do i use this", "other"]
    found, _ = BM25(texts, stemmed=True).search(["how do i parse a number", "parsing"], 3)
    assert found.tolist() == [[0, -1, -1], [0, -1, -1]]
    found, _ = BM25(texts, stemmed=True).search(["how do i"], 1)
    assert found.tolist() == [[1]]
    assert "stems" in System(encoder=RandomEncoder(), bm25=True).name
    assert "stems" not in System(bm25=True).name


def test_a_fused_system_finds_what_only_words_find(retrieval, cache):
    ranking = Ranker(System(encoder=Alike(), bm25=True), cache).rank(retrieval)
    assert sorted(ranking.documents[2].tolist()) == [0, 1, 2, 3]
    assert ranking.documents[0][0] == 1


@pytest.mark.parametrize(
    "system",
    [
        System(encoder=RandomEncoder(), bm25=True),
        System(encoder=RandomEncoder(), matcher=Shortest(), rerank_depth=3),
    ],
    ids=["fused", "reranked"],
)
def test_how_many_results_are_kept_does_not_change_their_order(retrieval, cache, system):
    whole = Ranker(system, cache).rank(retrieval)
    assert whole.documents.shape[1] == 4
    for depth in (1, 2, 3):
        kept = Ranker(system, cache, depth=depth).rank(retrieval)
        assert kept.documents.tolist() == whole.documents[:, :depth].tolist()


@pytest.mark.parametrize(
    "system",
    [
        System(bm25=True),
        System(encoder=RandomEncoder()),
        System(encoder=RandomEncoder(), bm25=True),
        System(encoder=RandomEncoder(), matcher=Shortest(), rerank_depth=7),
    ],
    ids=["words", "vectors", "fused", "reranked"],
)
def test_equal_functions_come_by_id_and_are_kept_by_id(cache, system):
    documents = [Document(f"d{number:02}", CODES[0]) for number in range(100)]
    queries = [Query(f"q{number}", f"read json {number}") for number in range(30)]
    retrieval = Retrieval("equal", queries, documents, {query.id: {"d99": 1} for query in queries})
    for depth in (10, 100):
        ranking = Ranker(system, cache, depth=depth).rank(retrieval)
        assert ranking.documents.tolist() == [[*range(99, 99 - depth, -1)]] * 30


def test_more_results_than_are_fused_are_found_below_them(cache, monkeypatch):
    monkeypatch.setattr("eval.ranker.DEPTH", 5)
    documents = [Document(f"d{number:02}", f"def f{number}(json): return {number}") for number in range(40)]
    queries = [Query(f"q{number}", f"json {number}") for number in range(30)]
    retrieval = Retrieval("many", queries, documents, {query.id: {"d01": 1} for query in queries})
    system = System(encoder=RandomEncoder(), bm25=True)
    whole = Ranker(system, cache, depth=40).rank(retrieval)
    assert np.sort(whole.documents).tolist() == [[*range(40)]] * 30
    for depth in (3, 8, 20):
        kept = Ranker(system, cache, depth=depth).rank(retrieval)
        assert kept.documents.tolist() == whole.documents[:, :depth].tolist()


class Near(RandomEncoder):
    """Finds functions so near to one another that nothing but their order tells their scores apart."""

    name = "near@1"

    def encode_queries(self, queries):
        return np.eye(1, self.dim, dtype=np.float32).repeat(len(queries), axis=0)

    def encode_code(self, codes):
        rows = np.zeros((len(codes), self.dim), dtype=np.float32)
        rows[:, 0] = [1 - int(code) * 2.0**-24 for code in codes]
        return rows


def test_what_the_head_does_not_read_keeps_its_order(cache):
    documents = [Document(f"d{number:02}", str(number)) for number in range(40)]
    retrieval = Retrieval("near", [Query("q", "text")], documents, {"q": {"d01": 1}})
    plain = Ranker(System(encoder=Near()), cache).rank(retrieval)
    ranking = Ranker(System(encoder=Near(), matcher=Shortest(), rerank_depth=5), cache).rank(retrieval)
    assert plain.documents[0].tolist() == [*range(40)]
    assert ranking.documents[0, 5:].tolist() == [*range(5, 40)]


def test_what_the_encoder_knows_nothing_of_is_counted_and_comes_by_id(retrieval, cache):
    class Latin(RandomEncoder):
        name = "latin@1"

        def _encode(self, side, texts):
            rows = super()._encode(side, texts)
            rows[[not text.isascii() or not text for text in texts]] = 0
            return rows

    chinese = replace(retrieval, queries=[*retrieval.queries[:2], Query("q3", "读取文件")])
    ranker = Ranker(System(encoder=Latin()), cache)
    ranking = ranker.rank(chinese)
    assert ranking.documents[2].tolist() == [3, 2, 1, 0]
    assert ranker.counts["queries of which the encoder knows nothing"] == 1
    assert ranker.counts["functions of which the encoder knows nothing"] == 1


def test_latency_is_told_only_of_an_encoder_alone(retrieval, cache):
    ranker = Ranker(System(encoder=RandomEncoder(), bm25=True), cache)
    ranker.rank(retrieval)
    assert ranker.speed.latency_ms is None
    assert ranker.speed.search_ms > 0


def test_speed_and_lengths_are_reported(retrieval, cache):
    ranker = Ranker(System(encoder=RandomEncoder()), cache)
    ranker.rank(retrieval)
    assert ranker.speed.code_per_second > 0
    assert ranker.speed.latency_ms > 0
    cut = lengths(retrieval, System(bm25=True, bm25_words=4))
    assert (cut["code"].truncated, cut["query"].truncated) == (3, 0)
    assert cut["code"].limit == "4 words"


def test_texts_beyond_the_encoders_limit_are_counted(retrieval):
    class Counted(RandomEncoder):
        def __init__(self):
            super().__init__()
            self.max_tokens = 5

        def count_truncated(self, texts, *, are_queries):
            assert not are_queries or "def" not in "".join(texts)
            return sum(len(text.split()) > 5 for text in texts)

    found = lengths(retrieval, System(encoder=Counted()))["code"]
    assert (found.limit, found.truncated) == ("5 tokens of the encoder", sum(len(c.split()) > 5 for c in CODES))


def test_each_limit_of_a_fused_system_is_named_and_what_either_cuts_is_counted(retrieval):
    class Counted(RandomEncoder):
        def __init__(self):
            super().__init__()
            self.max_tokens = 5

        def count_truncated(self, texts, *, are_queries):
            return sum(len(text.split()) > 5 for text in texts)

    found = lengths(retrieval, System(encoder=Counted(), bm25=True, bm25_words=9))
    assert found["code"].limit == "9 stems and 5 tokens of the encoder"
    assert found["code"].truncated == sum(len(stems(code)) > 9 or len(code.split()) > 5 for code in CODES) == 3
    assert found["query"].limit == "5 tokens of the encoder"
    whole = lengths(retrieval, System(encoder=RandomEncoder(), bm25=True, bm25_words=1))["code"]
    assert (whole.limit, whole.truncated) == ("1 stems", 3)


def test_the_description_names_all_that_matters():
    system = System(encoder=RandomEncoder(), bm25=True, matcher=Shortest(), rerank_depth=7)
    described = describe(system)
    assert described["matching_head"] == "shortest@1"
    assert described["score"] == "matching logit + cosine"
    assert described["fusion"] == "meaning + 0.2 words, each scaled to 0..1"
    assert "top 7" in described["name"]


def test_systems_that_cannot_rank_are_refused():
    with pytest.raises(EvalError, match="nothing gives candidates"):
        System()
    with pytest.raises(EvalError, match="nothing to fuse"):
        load_system("bm25", fuse="bm25")
    with pytest.raises(EvalError, match="knows bm25 only"):
        load_system("random", fuse="words")
    with pytest.raises(EvalError, match="--rerank-depth must be at least 1"):
        load_system("random", rerank_depth=0)
