"""Forward passes of the published architectures, written from their papers for one unpadded text.

Every function takes the tensors of a checkpoint by their published names and returns states (length, width).
"""

from __future__ import annotations

import math

import numpy as np

from reference.layers import (
    angles,
    attend,
    causal_bias,
    gelu,
    gelu_tanh,
    layer_norm,
    linear,
    rms_norm,
    silu,
    softmax,
    turn,
)


def bert(tensors, config, ids, first_position=0, segments=None):
    """BERT (arXiv:1810.04805); RoBERTa counts positions from ``pad_token_id + 1``."""
    epsilon = config["layer_norm_eps"]
    positions = np.arange(len(ids)) + first_position
    x = (
        tensors["embeddings.word_embeddings.weight"][ids]
        + tensors["embeddings.position_embeddings.weight"][positions]
        + tensors["embeddings.token_type_embeddings.weight"][segments or [0] * len(ids)]
    ).astype(np.float64)
    x = layer_norm(x, tensors, "embeddings.LayerNorm", epsilon)
    size = config["hidden_size"] // config["num_attention_heads"]
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"
        q, k, v = (linear(x, tensors, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = [slice(h, h + size) for h in range(0, config["hidden_size"], size)]
        mixed = np.hstack([attend(q[:, h], k[:, h], v[:, h], 1 / math.sqrt(size)) for h in heads])
        mixed = linear(mixed, tensors, f"{layer}.attention.output.dense")
        x = layer_norm(x + mixed, tensors, f"{layer}.attention.output.LayerNorm", epsilon)
        inner = gelu(linear(x, tensors, f"{layer}.intermediate.dense"))
        x = layer_norm(
            x + linear(inner, tensors, f"{layer}.output.dense"), tensors, f"{layer}.output.LayerNorm", epsilon
        )
    return x


def nomic_bert(tensors, config, ids):
    """NomicBERT (arXiv:2402.01613): rotary halves, SwiGLU, post-norm, no biases in the projections."""
    epsilon, width, heads = config["layer_norm_epsilon"], config["n_embd"], config["n_head"]
    size = width // heads
    x = tensors["embeddings.word_embeddings.weight"][ids] + tensors["embeddings.token_type_embeddings.weight"][0]
    x = layer_norm(x.astype(np.float64), tensors, "emb_ln", epsilon)
    angle = angles(len(ids), size, config["rotary_emb_base"])
    for i in range(config["n_layer"]):
        layer = f"encoder.layers.{i}"
        q, k, v = np.split(linear(x, tensors, f"{layer}.attn.Wqkv"), 3, axis=-1)
        mixed = []
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            turned = [np.hstack(turn(*np.split(m[:, part], 2, axis=-1), angle)) for m in (q, k)]
            mixed.append(attend(*turned, v[:, part], 1 / math.sqrt(size)))
        x = layer_norm(
            x + linear(np.hstack(mixed), tensors, f"{layer}.attn.out_proj"), tensors, f"{layer}.norm1", epsilon
        )
        inner = linear(x, tensors, f"{layer}.mlp.fc11") * silu(linear(x, tensors, f"{layer}.mlp.fc12"))
        x = layer_norm(x + linear(inner, tensors, f"{layer}.mlp.fc2"), tensors, f"{layer}.norm2", epsilon)
    return x


def codegen(tensors, config, ids, prefix="", causal=True):
    """CodeGen (arXiv:2203.13474), a GPT-J with a fused projection in four groups; in CodeT5+ 2B not causal."""
    epsilon, width, heads, rotary = (
        config["layer_norm_epsilon"],
        config["n_embd"],
        config["n_head"],
        config["rotary_dim"],
    )
    size = width // heads
    x = tensors[f"{prefix}wte.weight"][ids].astype(np.float64)
    bias = causal_bias(len(ids)) if causal else 0.0
    angle = angles(len(ids), rotary, 10_000)
    for i in range(config["n_layer"]):
        layer = f"{prefix}h.{i}"
        normed = layer_norm(x, tensors, f"{layer}.ln_1", epsilon)
        groups = np.split(normed @ tensors[f"{layer}.attn.qkv_proj.weight"].T.astype(np.float64), 4, axis=-1)
        q, v, k = (np.hstack(parts) for parts in zip(*(np.split(g, 3, axis=-1) for g in groups), strict=True))
        mixed = []
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            turned = []
            for m in (q[:, part].copy(), k[:, part].copy()):
                m[:, 0:rotary:2], m[:, 1:rotary:2] = turn(m[:, 0:rotary:2].copy(), m[:, 1:rotary:2].copy(), angle)
                turned.append(m)
            mixed.append(attend(*turned, v[:, part], 1 / math.sqrt(size), bias))
        attention = linear(np.hstack(mixed), tensors, f"{layer}.attn.out_proj")
        inner = gelu_tanh(linear(normed, tensors, f"{layer}.mlp.fc_in"))
        x = x + attention + linear(inner, tensors, f"{layer}.mlp.fc_out")
    return layer_norm(x, tensors, f"{prefix}ln_f", epsilon)


def qwen2(tensors, config, ids, prefix="model.", causal=True, layers=None):
    """Qwen2 (arXiv:2407.10671): RMSNorm, grouped queries with biases, rotary halves, SwiGLU.

    With ``layers`` the states after so many layers, before the last norm.
    """
    epsilon, width, heads = config["rms_norm_eps"], config["hidden_size"], config["num_attention_heads"]
    shared = heads // config["num_key_value_heads"]
    size = width // heads
    x = tensors[f"{prefix}embed_tokens.weight"][ids].astype(np.float64)
    bias = causal_bias(len(ids)) if causal else 0.0
    angle = angles(len(ids), size, config["rope_theta"])
    for i in range(layers or config["num_hidden_layers"]):
        layer = f"{prefix}layers.{i}"
        normed = rms_norm(x, tensors[f"{layer}.input_layernorm.weight"], epsilon)
        q, k, v = (linear(normed, tensors, f"{layer}.self_attn.{part}_proj") for part in "qkv")
        mixed = []
        for h in range(heads):
            own, common = slice(h * size, (h + 1) * size), slice(h // shared * size, (h // shared + 1) * size)
            turned = [np.hstack(turn(*np.split(m, 2, axis=-1), angle)) for m in (q[:, own], k[:, common])]
            mixed.append(attend(*turned, v[:, common], 1 / math.sqrt(size), bias))
        x = x + linear(np.hstack(mixed), tensors, f"{layer}.self_attn.o_proj")
        normed = rms_norm(x, tensors[f"{layer}.post_attention_layernorm.weight"], epsilon)
        gate, up = (linear(normed, tensors, f"{layer}.mlp.{part}_proj") for part in ("gate", "up"))
        x = x + linear(silu(gate) * up, tensors, f"{layer}.mlp.down_proj")
    return x if layers else rms_norm(x, tensors[f"{prefix}norm.weight"], epsilon)


def t5_bucket(distance, buckets, furthest, two_way):
    """The bucket of a distance, key minus query: half of them exact, the rest growing to ``furthest``."""
    offset = 0
    if two_way:
        buckets //= 2
        offset = buckets if distance > 0 else 0
        distance = abs(distance)
    else:
        distance = max(-distance, 0)
    exact = buckets // 2
    if distance < exact:
        return offset + distance
    grown = exact + int(math.log(distance / exact) / math.log(furthest / exact) * (buckets - exact))
    return offset + min(grown, buckets - 1)


def _t5_attention(x, memory, tensors, name, config, bias):
    q = linear(x, tensors, f"{name}.q")
    k, v = linear(memory, tensors, f"{name}.k"), linear(memory, tensors, f"{name}.v")
    size = config["d_kv"]
    heads = [slice(h * size, (h + 1) * size) for h in range(config["num_heads"])]
    mixed = np.hstack([attend(q[:, h], k[:, h], v[:, h], 1.0, bias[n]) for n, h in enumerate(heads)])
    return linear(mixed, tensors, f"{name}.o")


def _t5_bias(tensors, name, config, length, two_way):
    table = tensors[f"{name}.relative_attention_bias.weight"].astype(np.float64)
    buckets, furthest = config["relative_attention_num_buckets"], config["relative_attention_max_distance"]
    of = np.array([[t5_bucket(k - q, buckets, furthest, two_way) for k in range(length)] for q in range(length)])
    return table[of].transpose(2, 0, 1)


def _t5_feed_forward(x, tensors, name, epsilon):
    normed = rms_norm(x, tensors[f"{name}.layer_norm.weight"], epsilon)
    inner = np.maximum(linear(normed, tensors, f"{name}.DenseReluDense.wi"), 0)
    return x + linear(inner, tensors, f"{name}.DenseReluDense.wo")


def t5_encoder(tensors, config, ids):
    """The encoder of T5 (arXiv:1910.10683): no scaling of scores, one relative bias for all layers."""
    epsilon = config["layer_norm_epsilon"]
    x = tensors["shared.weight"][ids].astype(np.float64)
    bias = _t5_bias(tensors, "encoder.block.0.layer.0.SelfAttention", config, len(ids), two_way=True)
    for i in range(config["num_layers"]):
        block = f"encoder.block.{i}"
        normed = rms_norm(x, tensors[f"{block}.layer.0.layer_norm.weight"], epsilon)
        x = x + _t5_attention(normed, normed, tensors, f"{block}.layer.0.SelfAttention", config, bias)
        x = _t5_feed_forward(x, tensors, f"{block}.layer.1", epsilon)
    return rms_norm(x, tensors["encoder.final_layer_norm.weight"], epsilon)


def t5_decoder(tensors, config, ids, memory):
    """The decoder of T5 over the encoder's states ``memory``; its relative bias looks back only."""
    epsilon = config["layer_norm_epsilon"]
    x = tensors["shared.weight"][ids].astype(np.float64)
    own = _t5_bias(tensors, "decoder.block.0.layer.0.SelfAttention", config, len(ids), two_way=False)
    own = own + causal_bias(len(ids))
    none = np.zeros((config["num_heads"], len(ids), len(memory)))
    for i in range(config["num_decoder_layers"]):
        block = f"decoder.block.{i}"
        normed = rms_norm(x, tensors[f"{block}.layer.0.layer_norm.weight"], epsilon)
        x = x + _t5_attention(normed, normed, tensors, f"{block}.layer.0.SelfAttention", config, own)
        normed = rms_norm(x, tensors[f"{block}.layer.1.layer_norm.weight"], epsilon)
        x = x + _t5_attention(normed, memory, tensors, f"{block}.layer.1.EncDecAttention", config, none)
        x = _t5_feed_forward(x, tensors, f"{block}.layer.2", epsilon)
    return rms_norm(x, tensors["decoder.final_layer_norm.weight"], epsilon)


def attention_pooling(tensors, states, heads, prefix="mha_pma."):
    """PMA (arXiv:1810.00825) as CodeFuse-CGE has it: post-norm, scores over the root of the whole width."""
    seed = tensors[f"{prefix}S"][0].astype(np.float64)
    dim = seed.shape[-1]
    size = dim // heads
    q = linear(seed, tensors, f"{prefix}mab.fc_q")
    k, v = linear(states, tensors, f"{prefix}mab.fc_k"), linear(states, tensors, f"{prefix}mab.fc_v")
    parts = [slice(h * size, (h + 1) * size) for h in range(heads)]
    mixed = np.hstack([softmax(q[:, h] @ k[:, h].T / math.sqrt(dim)) @ v[:, h] for h in parts])
    x = layer_norm(seed + mixed, tensors, f"{prefix}mab.ln0", 1e-5)
    x = x + np.maximum(linear(x, tensors, f"{prefix}mab.fc_o"), 0)
    return layer_norm(x, tensors, f"{prefix}mab.ln1", 1e-5)[0]
