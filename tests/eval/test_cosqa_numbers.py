"""Numbers measured independently on the published CoSQA files: CODESEARCH_COSQA names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval.evaluation import evaluate
from eval.system import System, load_system
from eval.tasks import RETRIEVAL_TASKS, Source
from eval.vector_cache import VectorCache, default_cache

FOLDER = Path(os.environ["CODESEARCH_COSQA"])
MINILM = os.environ.get("CODESEARCH_MINILM", "sentence-transformers/all-MiniLM-L6-v2")


def mrr(system):
    return evaluate(RETRIEVAL_TASKS["cosqa"], Source(FOLDER), system, VectorCache(default_cache())).measures["RR"].mean


def test_bm25_on_the_dev_queries():
    assert mrr(System(bm25=True)) == pytest.approx(0.328, abs=0.01)


def test_minilm_on_the_dev_queries():
    assert mrr(load_system(MINILM)) == pytest.approx(0.541, abs=0.005)
