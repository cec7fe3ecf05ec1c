"""Other causal models: Qwen2, its LoRA adapters and CodeFuse-CGE."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from reference.checkpoints.draw import HEADS, INNER, LAYERS, WIDTH, Draw, save
from reference.tokenizers import VOCABULARY_SIZE, write_codegen_tokenizer, write_json


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
    write_codegen_tokenizer(folder)
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


def codefuse_cge(folder, size="Large", **more):
    """codefuse-ai/CodeFuse-CGE-Large: a Qwen2 under ``plm_model.``, its attention pooling under ``mha_pma.``.

    CodeFuse-CGE-Small is a Phi-3, which fuses Qwen2's projections and has no biases; the tensors that are returned
    are not fused.
    """
    config = _qwen2_config(
        architectures=[f"CodeFuse_CGE_{size}"],
        auto_map={"AutoModel": f"modeling_codefuse_cge_{size.lower()}.CodeFuse_CGE_{size}"},
        embedding_method="pma",
        inf_seq_length=64,
        padding_side="right",
        pma_ln=True,
        pma_norm=False,
        pma_norm_mode="post_normal",
        pma_num_heads=2,
        compress_dim=8,
        pad_token_id=0,
        **({"keep_max_layer": LAYERS} | more),
    )
    draw = Draw()
    _qwen2_tensors(draw, config, "plm_model.model.")
    draw.linear("plm_model.lm_head", VOCABULARY_SIZE, WIDTH, bias=False)
    draw.tensors["mha_pma.S"] = draw.random.normal(0, 0.4, (1, 1, 8)).astype(np.float32)
    for part, width in (("fc_q", 8), ("fc_k", WIDTH), ("fc_v", WIDTH), ("fc_o", 8)):
        draw.linear(f"mha_pma.mab.{part}", 8, width)
    draw.norm("mha_pma.mab.ln0", 8)
    draw.norm("mha_pma.mab.ln1", 8)
    tensors = draw.tensors
    if size == "Small":
        del config["model_type"]
        tensors = {name: tensor for name, tensor in tensors.items() if not name.endswith("_proj.bias")}
    save(folder, config, _fused(tensors) if size == "Small" else tensors)
    write_codegen_tokenizer(folder)
    return config, tensors


def _fused(tensors):
    """The tensors with the projections of Phi-3."""
    fused = dict(tensors)
    for i in range(LAYERS):
        layer = f"plm_model.model.layers.{i}"
        parts = [fused.pop(f"{layer}.self_attn.{part}_proj.weight") for part in "qkv"]
        fused[f"{layer}.self_attn.qkv_proj.weight"] = np.vstack(parts)
        parts = [fused.pop(f"{layer}.mlp.{part}_proj.weight") for part in ("gate", "up")]
        fused[f"{layer}.mlp.gate_up_proj.weight"] = np.vstack(parts)
    return fused
