"""What mteb calls: encode, index and search."""

from __future__ import annotations

from enum import Enum

import numpy as np

from eval.mteb_models import MtebEncoder, MtebSystem
from eval.system import RandomEncoder, System

CORPUS = [
    {"id": "a", "title": "", "text": "def read_csv(path): ..."},
    {"id": "b", "title": "Sort", "text": "def sort(rows): ..."},
    {"id": "c", "title": "", "text": "def add(a, b): ..."},
]


class PromptType(Enum):
    query = "query"
    document = "document"


def test_documents_are_encoded_as_code_and_queries_as_queries():
    encoder = RandomEncoder()
    model = MtebEncoder(encoder)
    batches = [{"text": ["x", "y"]}, {"text": ["z"]}]
    assert np.array_equal(model.encode(batches, prompt_type=PromptType.document), encoder.encode_code(["x", "y", "z"]))
    assert np.array_equal(model.encode(batches, prompt_type=PromptType.query), encoder.encode_queries(["x", "y", "z"]))
    assert model.encode([]).shape == (0, encoder.dim)
    rows = model.encode(batches)
    assert np.allclose(np.diag(model.similarity(rows, rows)), model.similarity_pairwise(rows, rows))


def test_a_system_searches_the_corpus_or_what_it_is_given(cache):
    model = MtebSystem(System(bm25=True), cache)
    model.index(CORPUS)
    queries = [{"id": "1", "text": "sort rows"}, {"id": "2", "text": "read a csv file"}]
    found = model.search(queries, top_k=2)
    assert next(iter(found["1"])) == "b"
    assert next(iter(found["2"])) == "a"
    some = model.search(queries, top_k=3, top_ranked={"2": ["c", "b", "c"]})
    assert some["1"] == {}, "mteb would leave a missing query out of its means"
    assert "a" not in some["2"]


def test_candidates_in_any_order_keep_their_own_scores(cache):
    encoder = RandomEncoder()
    model = MtebSystem(System(encoder=encoder), cache)
    model.index(CORPUS)
    queries = [{"id": "1", "text": "sort rows"}]
    everything = model.search(queries, top_k=3)
    assert model.search(queries, top_k=3, top_ranked={"1": ["c", "a", "b"]}) == everything
    assert model.search(queries, top_k=3, top_ranked={}) == {"1": {}}
