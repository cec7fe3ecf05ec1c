"""Tiny random checkpoints in the exact published layouts: config fields, tensor names, tokenizer files.

Each function fills a folder and returns its configuration and tensors, in float32, by their published names.
"""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from reference.tokenizers import (
    CODET5_SPECIALS,
    ROBERTA_SPECIALS,
    VOCABULARY_SIZE,
    write_byte_pairs,
    write_json,
    write_word_pieces,
)

WIDTH, HEADS, LAYERS, INNER = 16, 4, 2, 24


class Draw:
    """Random tensors by name, from one seed."""

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self.tensors = {}

    def table(self, name, rows, width):
        self.tensors[f"{name}.weight"] = self.random.normal(0, 0.4, (rows, width)).astype(np.float32)

    def linear(self, name, out, width, bias=True):
        self.tensors[f"{name}.weight"] = self.random.normal(0, 0.4, (out, width)).astype(np.float32)
        if bias:
            self.tensors[f"{name}.bias"] = self.random.normal(0, 0.2, out).astype(np.float32)

    def norm(self, name, width, bias=True):
        self.tensors[f"{name}.weight"] = self.random.normal(1, 0.2, width).astype(np.float32)
        if bias:
            self.tensors[f"{name}.bias"] = self.random.normal(0, 0.2, width).astype(np.float32)


def save(folder, config, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return config, tensors


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


UNIXCODER_SPECIALS = (*ROBERTA_SPECIALS, "<encoder-decoder>", "<encoder-only>", "<decoder-only>")


def unixcoder(folder):
    """microsoft/unixcoder-base: a RoBERTa whose vocabulary names its modes."""
    config = roberta_config(type_vocab_size=10, output_past=True)
    save(folder, config, bert_tensors(config))
    write_byte_pairs(folder, UNIXCODER_SPECIALS)
    return config, bert_tensors(config)


def codet5p(folder, kind="embedding"):
    """Salesforce/codet5p-110m-embedding, or -220m-bimodal with ``kind="bimodal"``."""
    bimodal = kind == "bimodal"
    config = {
        "architectures": ["CodeT5pBimodalModel" if bimodal else "CodeT5p_Embedding"],
        "auto_map": {
            "AutoConfig": f"configuration_codet5p_{kind}.CodeT5p{kind.title()}Config",
            "AutoModel": f"modeling_codet5p_{kind}.CodeT5p{kind.title()}Model",
        },
        "bos_token_id": 1,
        "d_ff": INNER,
        "d_kv": 8,
        "d_model": WIDTH,
        "embed_dim": 8,
        "decoder_start_token_id": 0,
        "dense_act_fn": "relu",
        "dropout_rate": 0.1,
        "eos_token_id": 2,
        "feed_forward_proj": "relu",
        "gradient_checkpointing": False,
        "id2label": {"0": "LABEL_0"},
        "is_encoder_decoder": True,
        "is_gated_act": False,
        "label2id": {"LABEL_0": 0},
        "layer_norm_epsilon": 1e-06,
        "model_type": f"codet5p_{kind}",
        "n_positions": 512,
        "num_heads": HEADS,
        "num_layers": LAYERS,
        "output_past": True,
        "pad_token_id": 0,
        "relative_attention_max_distance": 128,
        "relative_attention_num_buckets": 32,
        "torch_dtype": "float32",
        "transformers_version": "4.21.3",
        "use_cache": True,
        "vocab_size": VOCABULARY_SIZE,
    } | ({"num_decoder_layers": LAYERS} if bimodal else {})
    draw = Draw()
    draw.table("shared", VOCABULARY_SIZE, WIDTH)
    for stack in ("encoder", "decoder") if bimodal else ("encoder",):
        for i in range(LAYERS):
            block = f"{stack}.block.{i}"
            attentions = ["SelfAttention"] + (["EncDecAttention"] if stack == "decoder" else [])
            for n, attention in enumerate(attentions):
                for part in "qkv":
                    draw.linear(f"{block}.layer.{n}.{attention}.{part}", 8 * HEADS, WIDTH, bias=False)
                draw.linear(f"{block}.layer.{n}.{attention}.o", WIDTH, 8 * HEADS, bias=False)
                draw.norm(f"{block}.layer.{n}.layer_norm", WIDTH, bias=False)
            last = f"{block}.layer.{len(attentions)}"
            draw.linear(f"{last}.DenseReluDense.wi", INNER, WIDTH, bias=False)
            draw.linear(f"{last}.DenseReluDense.wo", WIDTH, INNER, bias=False)
            draw.norm(f"{last}.layer_norm", WIDTH, bias=False)
        draw.table(f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias", 32, HEADS)
        draw.norm(f"{stack}.final_layer_norm", WIDTH, bias=False)
    draw.linear("proj", 8, WIDTH)
    if bimodal:
        draw.linear("itm_head", 2, WIDTH)
        draw.linear("lm_head", VOCABULARY_SIZE, WIDTH, bias=False)
    save(folder, config, draw.tensors)
    write_byte_pairs(folder, CODET5_SPECIALS, added=("[ENC]", "[TDEC]", "[CDEC]"))
    return config, draw.tensors


def _codegen_tensors(draw, config, prefix):
    width = config["n_embd"]
    draw.table(f"{prefix}wte", config["vocab_size"], width)
    for i in range(config["n_layer"]):
        layer = f"{prefix}h.{i}"
        draw.norm(f"{layer}.ln_1", width)
        draw.linear(f"{layer}.attn.qkv_proj", 3 * width, width, bias=False)
        draw.linear(f"{layer}.attn.out_proj", width, width, bias=False)
        draw.linear(f"{layer}.mlp.fc_in", 4 * width, width)
        draw.linear(f"{layer}.mlp.fc_out", width, 4 * width)
    draw.norm(f"{prefix}ln_f", width)


CODEGEN_SPECIALS = ("<|endoftext|>",)


def _codegen_config(**more):
    return {
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "bos_token_id": 1,
        "embd_pdrop": 0.0,
        "eos_token_id": 50256,
        "layer_norm_epsilon": 1e-05,
        "n_ctx": 128,
        "n_embd": 32,
        "n_head": 4,
        "n_inner": None,
        "n_layer": LAYERS,
        "n_positions": 128,
        "resid_pdrop": 0.0,
        "rotary_dim": 4,
        "scale_attn_weights": True,
        "vocab_size": VOCABULARY_SIZE,
    } | more


def _write_codegen_tokenizer(folder):
    write_byte_pairs(folder, CODEGEN_SPECIALS, "CodeGenTokenizer", limit=2048)
    ends = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    write_json(folder / "special_tokens_map.json", ends)
    config = {"add_prefix_space": False, "model_max_length": 2048, "tokenizer_class": "CodeGenTokenizer"}
    write_json(folder / "tokenizer_config.json", config | ends)


def codet5p_2b(folder):
    """Salesforce/codet5p-2b: encoder and decoder are CodeGens, the encoder looks both ways."""
    encoder = _codegen_config(model_type="codet5p_module", is_decoder=False, add_cross_attention=False)
    decoder = _codegen_config(model_type="codet5p_module", is_decoder=True, add_cross_attention=True)
    config = {
        "architectures": ["CodeT5pEncoderDecoderModel"],
        "auto_map": {"AutoConfig": "configuration_codet5p.CodeT5pConfig"},
        "decoder": decoder,
        "encoder": encoder,
        "is_encoder_decoder": True,
        "model_type": "codet5p",
        "torch_dtype": "float16",
        "transformers_version": None,
    }
    draw = Draw()
    _codegen_tensors(draw, encoder, "encoder.")
    for i in range(LAYERS):
        draw.tensors[f"encoder.h.{i}.attn.causal_mask"] = np.tril(np.ones((1, 1, 128, 128), dtype=np.uint8))
    draw.linear("enc_to_dec_proj", 32, 32)
    _codegen_tensors(draw, decoder, "decoder.transformer.")
    save(folder, config, draw.tensors)
    _write_codegen_tokenizer(folder)
    return config, draw.tensors


def codegen(folder):
    """Salesforce/codegen-350M-mono."""
    config = _codegen_config(
        model_type="codegen", architectures=["CodeGenForCausalLM"], tokenizer_class="GPT2Tokenizer"
    )
    draw = Draw()
    _codegen_tensors(draw, config, "transformer.")
    draw.linear("lm_head", VOCABULARY_SIZE, 32)
    save(folder, config, draw.tensors)
    _write_codegen_tokenizer(folder)
    return config, draw.tensors


def _qwen2_config(**more):
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "max_position_embeddings": 128,
        "max_window_layers": LAYERS,
        "model_type": "qwen2",
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "use_sliding_window": False,
        "vocab_size": VOCABULARY_SIZE,
    } | more


def _qwen2_tensors(draw, config, prefix):
    shared = WIDTH * config["num_key_value_heads"] // HEADS
    draw.table(f"{prefix}embed_tokens", config["vocab_size"], WIDTH)
    for i in range(config["num_hidden_layers"]):
        layer = f"{prefix}layers.{i}"
        for part, out in (("q", WIDTH), ("k", shared), ("v", shared)):
            draw.linear(f"{layer}.self_attn.{part}_proj", out, WIDTH)
        draw.linear(f"{layer}.self_attn.o_proj", WIDTH, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.gate_proj", INNER, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.up_proj", INNER, WIDTH, bias=False)
        draw.linear(f"{layer}.mlp.down_proj", WIDTH, INNER, bias=False)
        draw.norm(f"{layer}.input_layernorm", WIDTH, bias=False)
        draw.norm(f"{layer}.post_attention_layernorm", WIDTH, bias=False)
    draw.norm(f"{prefix}norm", WIDTH, bias=False)


def qwen2(folder, **more):
    """Qwen/Qwen2.5-Coder-0.5B."""
    config, draw = _qwen2_config(**more), Draw()
    _qwen2_tensors(draw, config, "model.")
    draw.linear("lm_head", VOCABULARY_SIZE, WIDTH, bias=False)
    save(folder, config, draw.tensors)
    _write_codegen_tokenizer(folder)
    return config, draw.tensors


def lora_adapter(folder, base, **more):
    """A PEFT adapter of rank 2 on the query and down projections of a causal model."""
    folder.mkdir()
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": base,
        "r": 2,
        "lora_alpha": 6,
        "target_modules": ["q_proj", "down_proj"],
        "fan_in_fan_out": False,
        "use_dora": False,
        "use_rslora": False,
    } | more
    write_json(folder / "adapter_config.json", config)
    draw = Draw(11)
    for i in range(LAYERS):
        for part, width in (("self_attn.q_proj", WIDTH), ("mlp.down_proj", INNER)):
            draw.linear(f"base_model.model.model.layers.{i}.{part}.lora_A", 2, width, bias=False)
            draw.linear(f"base_model.model.model.layers.{i}.{part}.lora_B", WIDTH, 2, bias=False)
    save_file(draw.tensors, folder / "adapter_model.safetensors")
    return config, draw.tensors


def codefuse_cge(folder):
    """codefuse-ai/CodeFuse-CGE-Large: a Qwen2 under ``plm_model.`` and its attention pooling under ``mha_pma.``."""
    config = _qwen2_config(
        architectures=["CodeFuse_CGE_Large"],
        auto_map={"AutoModel": "modeling_codefuse_cge_large.CodeFuse_CGE_Large"},
        embedding_method="pma",
        inf_seq_length=64,
        keep_max_layer=LAYERS,
        padding_side="right",
        pma_ln=True,
        pma_norm=False,
        pma_norm_mode="post_normal",
        pma_num_heads=2,
        compress_dim=8,
    )
    draw = Draw()
    _qwen2_tensors(draw, config, "plm_model.model.")
    draw.linear("plm_model.lm_head", VOCABULARY_SIZE, WIDTH, bias=False)
    draw.tensors["mha_pma.S"] = draw.random.normal(0, 0.4, (1, 1, 8)).astype(np.float32)
    for part, width in (("fc_q", 8), ("fc_k", WIDTH), ("fc_v", WIDTH), ("fc_o", 8)):
        draw.linear(f"mha_pma.mab.{part}", 8, width)
    draw.norm("mha_pma.mab.ln0", 8)
    draw.norm("mha_pma.mab.ln1", 8)
    save(folder, config, draw.tensors)
    _write_codegen_tokenizer(folder)
    return config, draw.tensors


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
