"""Every published family gives the numbers of its published description."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from reference import checkpoints, forward
from reference.layers import linear, unit
from reference.tokenizers import (
    CODEGEN_SPECIALS,
    CODET5_SPECIALS,
    ROBERTA_SPECIALS,
    UNIXCODER_SPECIALS,
    byte_ids,
    word_piece_ids,
)

from codesearch.encoders.load import load_encoder

TEXTS = [
    "def add(a: b): return a",
    "read a file",
    "x",
    "def parse(line): fields = line split return fields and many other words so that it is cut at the limit",
]


def agrees(vectors, expected):
    wanted = np.stack([unit(vector) for vector in expected])
    return (
        vectors.dtype == np.float32
        and vectors.shape == wanted.shape
        and np.allclose(vectors, wanted, rtol=0, atol=1e-5)
    )


def cut(ids, limit):
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]


@pytest.mark.parametrize(
    ("pooling", "pool"),
    [
        ({"pooling_mode_mean_tokens": True}, lambda s: s.mean(0)),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, lambda s: s[0]),
        ({"pooling_mode_max_tokens": True}, lambda s: s.max(0)),
        ({"pooling_mode_lasttoken": True}, lambda s: s[-1]),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, lambda s: s.sum(0) / np.sqrt(len(s))),
        ({"pooling_mode_weightedmean_tokens": True}, lambda s: np.average(s, axis=0, weights=range(1, len(s) + 1))),
        ({"pooling_mode": ["cls", "mean"]}, lambda s: np.hstack([s[0], s.mean(0)])),
    ],
)
def test_a_sentence_transformers_folder_pools_as_it_declares(tmp_path, pooling, pool):
    config, tensors = checkpoints.sentence_transformer(tmp_path / "model", pooling)
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [cut(word_piece_ids(text), 48) for text in TEXTS]
    expected = [pool(forward.bert(tensors, config, ids)) for ids in rows]
    assert agrees(encoder.encode_code(TEXTS), expected)
    assert encoder.dim == len(expected[0])
    assert encoder.max_tokens == 48


def test_a_dense_layer_and_prompts_of_a_sentence_transformers_folder_are_used(tmp_path):
    prompts = {"query": "query: ", "document": "code: "}
    config, tensors = checkpoints.sentence_transformer(tmp_path / "model", prompts=prompts, dense=True)
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")

    def expected(text):
        states = forward.bert(tensors, config, word_piece_ids(text))
        return np.tanh(linear(states.mean(0), tensors, "linear"))

    assert agrees(encoder.encode_queries(TEXTS[:3]), [expected("query: " + text) for text in TEXTS[:3]])
    assert agrees(encoder.encode_code(TEXTS[:3]), [expected("code: " + text) for text in TEXTS[:3]])
    assert encoder.dim == 6


def test_a_prompt_can_be_left_out_of_pooling(tmp_path):
    pooling = {"pooling_mode_mean_tokens": True, "include_prompt": False}
    config, tensors = checkpoints.sentence_transformer(tmp_path / "model", pooling, {"query": "find "})
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    states = forward.bert(tensors, config, word_piece_ids("find a file"))
    assert agrees(encoder.encode_queries(["a file"]), [states[1 + len("find") :].mean(0)])


def test_code_rank_embed_is_nomic_bert_with_its_prompt_for_queries(tmp_path):
    config, tensors = checkpoints.code_rank_embed(tmp_path / "CodeRankEmbed")
    encoder = load_encoder(str(tmp_path / "CodeRankEmbed"), device="cpu")
    prompt = "Represent this query for searching relevant code: "
    queries = [forward.nomic_bert(tensors, config, word_piece_ids(prompt + text))[0] for text in TEXTS]
    assert agrees(encoder.encode_queries(TEXTS), queries)
    assert agrees(
        encoder.encode_code(TEXTS), [forward.nomic_bert(tensors, config, word_piece_ids(text))[0] for text in TEXTS]
    )


@pytest.mark.parametrize("build", [checkpoints.codebert, checkpoints.graphcodebert])
def test_codebert_and_graphcodebert_give_the_mean_state(tmp_path, build):
    config, tensors = build(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [[0, *byte_ids(text, ROBERTA_SPECIALS), 2] for text in TEXTS]
    assert agrees(
        encoder.encode_code(TEXTS), [forward.bert(tensors, config, ids, first_position=2).mean(0) for ids in rows]
    )
    assert encoder.max_tokens == 126


def test_unixcoder_names_its_mode_before_the_text_and_counts_it_to_the_limit(tmp_path):
    config, tensors = checkpoints.unixcoder(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    texts = [*TEXTS, "y" * 300]
    mode = UNIXCODER_SPECIALS.index("<encoder-only>")
    rows = [[0, mode, 2, *byte_ids(text, UNIXCODER_SPECIALS)[:122], 2] for text in texts]
    expected = [forward.bert(tensors, config, ids, first_position=2).mean(0) for ids in rows]
    assert agrees(encoder.encode_queries(texts), expected)
    assert agrees(encoder.encode_code(texts), expected)
    assert encoder.count_truncated(texts, are_queries=True) == 1


def test_texts_that_are_cut_are_counted_with_their_prompt(tmp_path):
    checkpoints.sentence_transformer(tmp_path / "model", {"pooling_mode": "mean"}, prompts={"query": "a b c "})
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    text = next("a " * n for n in range(60) if len(word_piece_ids("a " * n)) == encoder.max_tokens)
    assert encoder.count_truncated([text, text + "a", "a"], are_queries=False) == 1
    assert encoder.count_truncated([text, text + "a", "a"], are_queries=True) == 2


@pytest.mark.parametrize("kind", ["embedding", "bimodal"])
def test_codet5p_projects_the_first_state_of_its_encoder(tmp_path, kind):
    config, tensors = checkpoints.codet5p(tmp_path / "model", kind)
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [[1, *byte_ids(text, CODET5_SPECIALS), 2] for text in TEXTS]
    expected = [linear(forward.t5_encoder(tensors, config, ids)[0], tensors, "proj") for ids in rows]
    assert agrees(encoder.encode_code(TEXTS), expected)
    assert (encoder.dim, encoder.max_tokens) == (8, 512)


def test_codet5p_finds_the_shared_token_table_under_any_of_its_names(tmp_path):
    config, tensors = checkpoints.codet5p(tmp_path / "model")
    before = load_encoder(str(tmp_path / "model"), device="cpu").encode_code(TEXTS)
    renamed = {name.replace("shared.", "encoder.embed_tokens."): tensor for name, tensor in tensors.items()}
    checkpoints.save(tmp_path / "model", config, renamed)
    np.testing.assert_array_equal(load_encoder(str(tmp_path / "model"), device="cpu").encode_code(TEXTS), before)


def test_codet5p_2b_gives_the_mean_state_of_its_two_way_encoder(tmp_path):
    config, tensors = checkpoints.codet5p_2b(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [byte_ids(text, CODEGEN_SPECIALS) for text in TEXTS]
    expected = [forward.codegen(tensors, config["encoder"], ids, "encoder.", causal=False).mean(0) for ids in rows]
    assert agrees(encoder.encode_code(TEXTS), expected)


def test_codegen_gives_the_last_state(tmp_path):
    config, tensors = checkpoints.codegen(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [byte_ids(text, CODEGEN_SPECIALS) for text in TEXTS]
    assert agrees(
        encoder.encode_code(TEXTS), [forward.codegen(tensors, config, ids, "transformer.")[-1] for ids in rows]
    )


def test_another_causal_model_gives_the_last_state(tmp_path):
    config, tensors = checkpoints.qwen2(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [byte_ids(text, CODEGEN_SPECIALS) for text in TEXTS]
    assert agrees(encoder.encode_code(TEXTS), [forward.qwen2(tensors, config, ids)[-1] for ids in rows])


def test_a_causal_model_trained_as_llm2vec_looks_both_ways_and_gives_the_mean(tmp_path):
    config, tensors = checkpoints.qwen2(tmp_path / "model", architectures=["Qwen2BiModel"])
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    rows = [byte_ids(text, CODEGEN_SPECIALS) for text in TEXTS]
    assert agrees(
        encoder.encode_code(TEXTS), [forward.qwen2(tensors, config, ids, causal=False).mean(0) for ids in rows]
    )


@pytest.mark.parametrize(("settings", "scale"), [({}, 6 / 2), ({"use_rslora": True}, 6 / np.sqrt(2))])
def test_a_lora_adapter_is_merged_into_its_base(tmp_path, settings, scale):
    config, tensors = checkpoints.qwen2(tmp_path / "base")
    _, factors = checkpoints.lora_adapter(tmp_path / "adapter", "../base", **settings)
    encoder = load_encoder(str(tmp_path / "adapter"), device="cpu")
    merged = dict(tensors)
    for name in factors:
        if "lora_A" in name:
            weight = name.removeprefix("base_model.model.").replace("lora_A.", "")
            merged[weight] = tensors[weight] + scale * factors[name.replace("lora_A", "lora_B")] @ factors[name]
    rows = [byte_ids(text, CODEGEN_SPECIALS) for text in TEXTS]
    assert agrees(encoder.encode_code(TEXTS), [forward.qwen2(merged, config, ids)[-1] for ids in rows])
    assert encoder.name != load_encoder(str(tmp_path / "base"), device="cpu").name


@pytest.mark.parametrize("size", ["Large", "Small"])
def test_codefuse_cge_pools_by_attention_after_its_instructions(tmp_path, size):
    config, tensors = checkpoints.codefuse_cge(tmp_path / "model", size)
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")

    def expected(text):
        ids = byte_ids(text, CODEGEN_SPECIALS)[:64]
        states = forward.qwen2(tensors, config, ids, "plm_model.model.")
        return forward.attention_pooling(tensors, states, heads=2)

    assert agrees(encoder.encode_code(TEXTS), [expected("Code:" + text) for text in TEXTS])
    instruction = "Retrieve the code that solves the following query:"
    assert agrees(encoder.encode_queries(TEXTS), [expected(instruction + text) for text in TEXTS])


def test_codefuse_cge_pools_the_layer_it_names(tmp_path):
    config, tensors = checkpoints.codefuse_cge(tmp_path / "model", keep_max_layer=1)
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    ids = byte_ids("Code:def f(x)", CODEGEN_SPECIALS)
    states = forward.qwen2(tensors, config, ids, "plm_model.model.", layers=1)
    assert agrees(encoder.encode_code(["def f(x)"]), [forward.attention_pooling(tensors, states, heads=2)])


@pytest.mark.parametrize("build", [checkpoints.codegen, checkpoints.codet5p, checkpoints.codet5p_2b])
def test_weights_of_half_precision_run_in_single_precision_on_the_cpu(tmp_path, build):
    config, tensors = build(tmp_path / "single")
    shutil.copytree(tmp_path / "single", tmp_path / "half")
    halved = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    checkpoints.save(tmp_path / "half", config | {"torch_dtype": "float16"}, halved)
    checkpoints.save(tmp_path / "single", config, {name: half.astype(np.float32) for name, half in halved.items()})
    half, single = (load_encoder(str(tmp_path / name), device="cpu") for name in ("half", "single"))
    np.testing.assert_allclose(half.encode_code(TEXTS), single.encode_code(TEXTS), atol=1e-6)


def test_weights_under_the_oldest_names_of_bert_load(tmp_path):
    config, tensors = checkpoints.sentence_transformer(tmp_path / "model")
    before = load_encoder(str(tmp_path / "model"), device="cpu").encode_code(TEXTS)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in tensors.items()
    }
    checkpoints.save(tmp_path / "model", config, old)
    np.testing.assert_array_equal(load_encoder(str(tmp_path / "model"), device="cpu").encode_code(TEXTS), before)


def test_vectors_do_not_depend_on_what_else_is_in_the_batch(tmp_path):
    checkpoints.sentence_transformer(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    together = encoder.encode_code(TEXTS * 40)
    np.testing.assert_allclose(together[:4], np.vstack([encoder.encode_code([text]) for text in TEXTS]), atol=1e-6)
    np.testing.assert_allclose(together[4:8], together[:4], atol=1e-6)


def test_an_empty_text_and_no_text_have_vectors_too(tmp_path):
    checkpoints.codegen(tmp_path / "model")
    encoder = load_encoder(str(tmp_path / "model"), device="cpu")
    assert np.linalg.norm(encoder.encode_code([""])[0]) == pytest.approx(1)
    assert encoder.encode_code([]).shape == (0, encoder.dim)
