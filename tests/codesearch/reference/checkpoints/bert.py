"""BERT and its kin: sentence-transformers, CodeRankEmbed, CodeBERT, GraphCodeBERT, UniXcoder, cross-encoders."""

from __future__ import annotations

import numpy as np

from reference.checkpoints.draw import HEADS, INNER, LAYERS, WIDTH, Draw, save
from reference.tokenizers import (
    ROBERTA_SPECIALS,
    UNIXCODER_SPECIALS,
    VOCABULARY_SIZE,
    write_byte_pairs,
    write_json,
    write_word_pieces,
)


def bert_tensors(config):
    draw, width = Draw(), config["hidden_size"]
    draw.table("embeddings.word_embeddings", config["vocab_size"], width)
    draw.table("embeddings.position_embeddings", config["max_position_embeddings"], width)
    draw.table("embeddings.token_type_embeddings", config["type_vocab_size"], width)
    draw.norm("embeddings.LayerNorm", width)
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"
        for part in ("query", "key", "value"):
            draw.linear(f"{layer}.attention.self.{part}", width, width)
        draw.linear(f"{layer}.attention.output.dense", width, width)
        draw.norm(f"{layer}.attention.output.LayerNorm", width)
        draw.linear(f"{layer}.intermediate.dense", config["intermediate_size"], width)
        draw.linear(f"{layer}.output.dense", width, config["intermediate_size"])
        draw.norm(f"{layer}.output.LayerNorm", width)
    draw.linear("pooler.dense", width, width)
    return draw.tensors


def bert_config(model_type, architecture, **more):
    return {
        "architectures": [architecture],
        "model_type": model_type,
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 128,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": 100,
    } | more


def roberta_config(architecture="RobertaModel", **more):
    fixed = {"layer_norm_eps": 1e-5, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
    return bert_config("roberta", architecture, **(fixed | {"vocab_size": VOCABULARY_SIZE} | more))


def sentence_transformer(folder, pooling=None, prompts=None, dense=False):
    """sentence-transformers/all-MiniLM-L6-v2, optionally with other pooling, prompts and a dense layer."""
    config = bert_config("bert", "BertModel", position_embedding_type="absolute")
    config, tensors = save(folder, config, bert_tensors(config))
    write_word_pieces(folder)
    modules = [("Transformer", ""), ("Pooling", "1_Pooling")]
    modules += [("Dense", "2_Dense"), ("Normalize", "3_Normalize")] if dense else [("Normalize", "2_Normalize")]
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (kind, path) in enumerate(modules)
        ],
    )
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    (folder / "1_Pooling").mkdir()
    pooling = pooling or {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": WIDTH} | pooling)
    if prompts:
        write_json(folder / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": None})
    if dense:
        draw = Draw(7)
        draw.linear("linear", 6, WIDTH)
        activation = "torch.nn.modules.activation.Tanh"
        settings = {"in_features": WIDTH, "out_features": 6, "bias": True, "activation_function": activation}
        save(folder / "2_Dense", settings, draw.tensors)
        tensors = tensors | draw.tensors
    return config, tensors


def code_rank_embed(folder):
    """nomic-ai/CodeRankEmbed: NomicBERT with first-token pooling and a query prompt."""
    config = {
        "activation_function": "swiglu",
        "architectures": ["NomicBertModel"],
        "auto_map": {"AutoModel": "modeling_hf_nomic_bert.NomicBertModel"},
        "causal": False,
        "fused_bias_fc": True,
        "layer_norm_epsilon": 1e-12,
        "max_trained_positions": 2048,
        "mlp_fc1_bias": False,
        "mlp_fc2_bias": False,
        "model_type": "nomic_bert",
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_inner": 256,
        "n_layer": LAYERS,
        "n_positions": 8192,
        "prenorm": False,
        "qkv_proj_bias": False,
        "rotary_emb_base": 1000,
        "rotary_emb_fraction": 1.0,
        "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None,
        "rotary_scaling_factor": None,
        "type_vocab_size": 2,
        "vocab_size": 100,
    }
    draw = Draw()
    draw.table("embeddings.word_embeddings", 100, WIDTH)
    draw.table("embeddings.token_type_embeddings", 2, WIDTH)
    draw.norm("emb_ln", WIDTH)
    for i in range(LAYERS):
        layer = f"encoder.layers.{i}"
        draw.linear(f"{layer}.attn.Wqkv", 3 * WIDTH, WIDTH, bias=False)
        draw.linear(f"{layer}.attn.out_proj", WIDTH, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.fc11", 256, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.fc12", 256, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.fc2", WIDTH, 256, bias=False)
        draw.norm(f"{layer}.norm1", WIDTH)
        draw.norm(f"{layer}.norm2", WIDTH)
    save(folder, config, draw.tensors)
    write_word_pieces(folder)
    kinds = [("Transformer", ""), ("Pooling", "1_Pooling")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(kinds)
    ]
    write_json(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    return config, draw.tensors


def codebert(folder):
    """microsoft/codebert-base: a bare RoBERTa."""
    config = roberta_config()
    save(folder, config, bert_tensors(config))
    write_byte_pairs(folder, ROBERTA_SPECIALS)
    return config, bert_tensors(config)


def graphcodebert(folder):
    """microsoft/graphcodebert-base: a RoBERTa saved with its masked-language head, so under ``roberta.``."""
    config = roberta_config("RobertaForMaskedLM")
    bare = {name: tensor for name, tensor in bert_tensors(config).items() if not name.startswith("pooler.")}
    draw = Draw(3)
    draw.linear("lm_head.dense", WIDTH, WIDTH)
    draw.norm("lm_head.layer_norm", WIDTH)
    draw.tensors["lm_head.bias"] = np.zeros(VOCABULARY_SIZE, dtype=np.float32)
    save(folder, config, {f"roberta.{name}": tensor for name, tensor in bare.items()} | draw.tensors)
    write_byte_pairs(folder, ROBERTA_SPECIALS)
    return config, bare


def unixcoder(folder):
    """microsoft/unixcoder-base: a RoBERTa whose vocabulary names its modes."""
    config = roberta_config(type_vocab_size=10, output_past=True)
    save(folder, config, bert_tensors(config))
    write_byte_pairs(folder, UNIXCODER_SPECIALS)
    return config, bert_tensors(config)


def cross_encoder(folder, labels=1):
    """cross-encoder/ms-marco-MiniLM-L6-v2: BERT, its pooler and a linear head."""
    names = {str(i): f"LABEL_{i}" for i in range(labels)}
    config = bert_config("bert", "BertForSequenceClassification", id2label=names)
    tensors = {f"bert.{name}": tensor for name, tensor in bert_tensors(config).items()}
    draw = Draw(5)
    draw.linear("classifier", labels, WIDTH)
    save(folder, config, tensors | draw.tensors)
    write_word_pieces(folder)
    return config, {name.removeprefix("bert."): tensor for name, tensor in tensors.items()} | draw.tensors
