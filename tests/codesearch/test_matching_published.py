"""Every published matching head gives the numbers of its published description."""

from __future__ import annotations

import numpy as np
import pytest
from reference import checkpoints, forward
from reference.layers import linear, unit
from reference.tokenizers import CODET5_SPECIALS, byte_ids, word_piece_ids

from codesearch.errors import ModelError
from codesearch.matching.load import load_matcher
from codesearch.matching.protocol import Matcher

QUERY = "add two numbers"
CODES = ["def add(a: b): return a", "x", "def parse(line): return line"]
MATCHING_ID = len(CODET5_SPECIALS) + 256


def codet5_ids(text, limit):
    return [1, *byte_ids(text, CODET5_SPECIALS)[: limit - 2], 2]


def codet5p_score(tensors, config, query, code):
    memory = forward.t5_encoder(tensors, config, codet5_ids(query, 64))
    ids = codet5_ids(code, 360)
    vectors = [
        unit(linear(states[0], tensors, "proj")) for states in (memory, forward.t5_encoder(tensors, config, ids))
    ]
    last = forward.t5_decoder(tensors, config, [MATCHING_ID, *ids[1:]], memory)[-1]
    return linear(last, tensors, "itm_head")[1] + vectors[0] @ vectors[1]


def test_codet5p_bimodal_adds_the_match_logit_to_the_cosine(tmp_path):
    config, tensors = checkpoints.codet5p(tmp_path / "model", "bimodal")
    matcher = load_matcher(str(tmp_path / "model"), device="cpu")
    scores = matcher.score(QUERY, CODES)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [codet5p_score(tensors, config, QUERY, code) for code in CODES], atol=1e-5)


def test_codet5p_bimodal_cuts_query_and_code_where_its_authors_do(tmp_path):
    config, tensors = checkpoints.codet5p(tmp_path / "model", "bimodal")
    matcher = load_matcher(str(tmp_path / "model"), device="cpu")
    query, code = "q" * 100, "c" * 400
    expected = codet5p_score(tensors, config, query, code)
    np.testing.assert_allclose(matcher.score(query, [code]), [expected], atol=1e-5)


@pytest.mark.parametrize("labels", [1, 2])
def test_a_cross_encoder_scores_query_and_code_as_one_text(tmp_path, labels):
    config, tensors = checkpoints.cross_encoder(tmp_path / "model", labels)
    matcher = load_matcher(str(tmp_path / "model"), device="cpu")

    def expected(code):
        first, second = word_piece_ids(QUERY), word_piece_ids(code)[1:]
        segments = [0] * len(first) + [1] * len(second)
        states = forward.bert(tensors, config, first + second, segments=segments)
        logits = linear(np.tanh(linear(states[0], tensors, "pooler.dense")), tensors, "classifier")
        return logits[0] if labels == 1 else logits[1] - logits[0]

    np.testing.assert_allclose(matcher.score(QUERY, CODES), [expected(code) for code in CODES], atol=1e-5)


@pytest.mark.parametrize("build", [lambda path: checkpoints.codet5p(path, "bimodal"), checkpoints.cross_encoder])
def test_a_published_matching_head_is_a_matcher_and_scores_no_code(tmp_path, build):
    build(tmp_path / "model")
    matcher = load_matcher(str(tmp_path / "model"), device="cpu")
    assert isinstance(matcher, Matcher)
    assert matcher.name.startswith("model@")
    assert matcher.score(QUERY, []).shape == (0,)


def test_an_encoder_is_refused_as_a_matching_head(tmp_path):
    checkpoints.sentence_transformer(tmp_path / "model")
    with pytest.raises(ModelError, match="model model has no matching head that is known here"):
        load_matcher(str(tmp_path / "model"))


def test_a_head_of_three_labels_is_refused(tmp_path):
    checkpoints.cross_encoder(tmp_path / "model", labels=3)
    with pytest.raises(ModelError, match="a head of 3 labels is no matching head"):
        load_matcher(str(tmp_path / "model"))


def test_a_bimodal_tokenizer_without_the_matching_token_is_refused(tmp_path):
    checkpoints.codet5p(tmp_path / "model", "bimodal")
    (tmp_path / "model" / "added_tokens.json").unlink()
    with pytest.raises(ModelError, match=r"its tokenizer lacks the token \[ENC\]"):
        load_matcher(str(tmp_path / "model"))


def test_a_missing_tensor_of_the_matching_decoder_is_named(tmp_path):
    config, tensors = checkpoints.codet5p(tmp_path / "model", "bimodal")
    kept = {name: tensor for name, tensor in tensors.items() if name != "itm_head.bias"}
    checkpoints.save(tmp_path / "model", config, kept)
    with pytest.raises(ModelError, match=r"tensor itm_head.bias is missing in its weights \(1 missing in all\)"):
        load_matcher(str(tmp_path / "model"))


def test_a_cross_encoder_without_its_pooler_is_refused(tmp_path):
    config, tensors = checkpoints.cross_encoder(tmp_path / "model")
    del tensors["pooler.dense.weight"]
    head = {name if name.startswith("classifier") else f"bert.{name}": tensor for name, tensor in tensors.items()}
    checkpoints.save(tmp_path / "model", config, head)
    with pytest.raises(ModelError, match=r"tensor bert.pooler.dense.weight is missing"):
        load_matcher(str(tmp_path / "model"))
