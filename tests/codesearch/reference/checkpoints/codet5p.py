"""CodeT5+: 110M embedding, 220M bimodal, and 2B, whose encoder is a CodeGen; CodeGen itself."""

from __future__ import annotations

import numpy as np

from reference.checkpoints.draw import HEADS, INNER, LAYERS, WIDTH, Draw, save
from reference.tokenizers import CODET5_SPECIALS, VOCABULARY_SIZE, write_byte_pairs, write_codegen_tokenizer


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
    write_codegen_tokenizer(folder)
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
    write_codegen_tokenizer(folder)
    return config, draw.tensors
