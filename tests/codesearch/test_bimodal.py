"""The shipped transformer and its matching head, as users run them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from codesearch import CodeIndex, load_encoder, load_matcher
from codesearch.encoders.resolve import SHIPPED_FOLDER

CODES = [
    "def load_settings(path):\n    with open(path) as file:\n        return json.load(file)",
    "func retryWithBackoff(attempts int, call func() error) error {\n\ttime.Sleep(delay)\n}",
    "public static Date parseDate(String text) {\n    return format.parse(text);\n}",
    "function removeDuplicates(rows) {\n  return [...new Set(rows)];\n}",
]
QUERIES = [
    "read a configuration file",
    "try again after a failure, waiting longer",
    "convert string to datetime",
    "drop equal elements of an array",
]


def test_the_encoder_finds_the_function_a_question_is_about():
    encoder = load_encoder("bimodal")
    codes, queries = encoder.encode_code(CODES), encoder.encode_queries(QUERIES)
    assert codes.shape == (4, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-4)
    assert (queries @ codes.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_matching_head_puts_the_function_a_question_is_about_first():
    matcher = load_matcher()
    assert [int(matcher.score(query, CODES).argmax()) for query in QUERIES] == [0, 1, 2, 3]


def test_neither_needs_torch():
    program = (
        "import sys; from codesearch import load_encoder, load_matcher; "
        "load_encoder('bimodal').encode_code(['x']); load_matcher().score('x', ['y']); "
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_a_search_with_the_transformer_finds_by_meaning(project, codesearch):
    assert codesearch("search", "wait longer after each failure", "--encoder", "bimodal", "-k", "1").status == 0
    index = codesearch("status").out
    assert "bimodal@" in index


def test_reranking_changes_the_order_and_not_what_is_found(project, cache):
    with CodeIndex.build(project) as index:
        plain, reranked = index.search("sleep after a failure"), index.search("sleep after a failure", rerank=True)
    assert {hit.qualified_name for hit in plain} == {hit.qualified_name for hit in reranked}
    assert reranked[0].qualified_name in ("retry_with_backoff", "RetryPolicy.delay_before", "RetryPolicy")


@pytest.mark.parametrize("options", [["--rerank"], ["--matcher", "bimodal"]])
def test_the_command_line_reranks(project, codesearch, options):
    found = codesearch("search", "read a calendar date", "--format", "paths", *options)
    assert found.out.splitlines()[0] == "shop/dates.py"


def test_all_shipped_weights_together_stay_under_40_megabytes():
    assert sum(file.stat().st_size for file in SHIPPED_FOLDER.rglob("*") if file.is_file()) < 40_000_000


def test_no_shipped_file_can_run_code():
    endings = {file.suffix for file in SHIPPED_FOLDER.rglob("*") if file.is_file()}
    assert endings <= {".safetensors", ".onnx", ".json", ".txt"}
