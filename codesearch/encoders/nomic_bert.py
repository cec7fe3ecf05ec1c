"""NomicBERT: BERT with rotary positions, a gated feed-forward layer and one fused projection for attention.

Nussbaum et al., 2024, "Nomic Embed", arXiv:2402.01613. Checkpoints, as sentence-transformers folders:
nomic-ai/CodeRankEmbed (Suresh et al., 2024, arXiv:2412.01007), nomic-ai/nomic-embed-text-v1 and -v1.5.
Tensor names are the published ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, silu

from codesearch.encoders.backbone import ready
from codesearch.encoders.rotary import rotate, rotation
from codesearch.encoders.weights import load_exactly, read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

# What the published checkpoints have in common; a checkpoint that differs would give wrong vectors in silence.
FIXED_SETTINGS = {
    "activation_function": "swiglu",
    "causal": False,
    "prenorm": False,
    "rotary_emb_interleaved": False,
    "rotary_emb_scale_base": None,
}


@dataclass(frozen=True)
class Shape:
    """The numbers of ``config.json`` that fix the architecture."""

    vocabulary: int
    token_types: int
    width: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    attention_bias: bool
    gate_bias: bool
    output_bias: bool
    rotary_width: int
    rotary_base: float
    rotary_scaling: float | None
    trained_positions: int

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Shape:
        """Read the configuration; raise ModelError where a setting is missing or not supported."""
        width, heads, inner, vocabulary, layers = checkpoint.require(
            "n_embd", "n_head", "n_inner", "vocab_size", "n_layer"
        )
        config = checkpoint.config
        for setting, value in FIXED_SETTINGS.items():
            if config.get(setting, value) != value:
                raise ModelError(
                    f"model {checkpoint.label}: {setting}={config[setting]!r} is not supported for NomicBERT"
                )
        return cls(
            vocabulary=vocabulary,
            token_types=config.get("type_vocab_size", 2),
            width=width,
            layers=layers,
            heads=heads,
            inner=256 * math.ceil(inner / 256),  # the published code rounds up
            epsilon=config.get("layer_norm_epsilon", 1e-12),
            attention_bias=config.get("qkv_proj_bias", True),
            gate_bias=config.get("mlp_fc1_bias", True),
            output_bias=config.get("mlp_fc2_bias", True),
            rotary_width=int(width // heads * config.get("rotary_emb_fraction", 1.0)),
            rotary_base=config.get("rotary_emb_base", 10_000),
            rotary_scaling=config.get("rotary_scaling_factor"),
            trained_positions=config.get("max_trained_positions", 2048),
        )

    def rotary_base_for(self, length: int) -> float:
        """The base of the rotation; beyond the trained length it grows where scaling is on (dynamic NTK)."""
        if not self.rotary_scaling or length <= self.trained_positions:
            return self.rotary_base
        stretch = self.rotary_scaling * length / self.trained_positions - (self.rotary_scaling - 1)
        return float(self.rotary_base * stretch ** (self.rotary_width / (self.rotary_width - 2)))


class Attention(nn.Module):
    """Multi-head attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.Wqkv = nn.Linear(shape.width, 3 * shape.width, bias=shape.attention_bias)
        self.out_proj = nn.Linear(shape.width, shape.width, bias=shape.attention_bias)

    def forward(self, states: Tensor, allowed: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Mix states (rows, length, width) over the positions that ``allowed`` (rows, 1, 1, length) names."""
        rows, length, width = states.shape
        fused = self.Wqkv(states).view(rows, length, 3, self.heads, width // self.heads)
        query, key, value = fused.permute(2, 0, 3, 1, 4)
        query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        output: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(rows, length, width))
        return output


class GatedFeedForward(nn.Module):
    """SwiGLU: one projection, gated by the SiLU of another."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.fc11 = nn.Linear(shape.width, shape.inner, bias=shape.gate_bias)
        self.fc12 = nn.Linear(shape.width, shape.inner, bias=shape.gate_bias)
        self.fc2 = nn.Linear(shape.inner, shape.width, bias=shape.output_bias)

    def forward(self, states: Tensor) -> Tensor:
        """Map states (..., width) to the same shape."""
        mapped: Tensor = self.fc2(self.fc11(states) * silu(self.fc12(states)))
        return mapped


class Layer(nn.Module):
    """Attention and feed-forward, each followed by its residual and LayerNorm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attn = Attention(shape)
        self.mlp = GatedFeedForward(shape)
        self.norm1 = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.norm2 = nn.LayerNorm(shape.width, eps=shape.epsilon)

    def forward(self, states: Tensor, allowed: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Map states (rows, length, width) to the same shape."""
        states = self.norm1(self.attn(states, allowed, cosine, sine) + states)
        output: Tensor = self.norm2(self.mlp(states) + states)
        return output


class NomicBert(nn.Module):
    """Token ids to token states; called like a transformers model."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        tables = {"word_embeddings": nn.Embedding(shape.vocabulary, shape.width)}
        if shape.token_types:
            tables["token_type_embeddings"] = nn.Embedding(shape.token_types, shape.width)
        self.embeddings = nn.ModuleDict(tables)
        self.emb_ln = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(Layer(shape) for _ in range(shape.layers))})

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """States of ids (rows, length) as ``last_hidden_state`` (rows, length, width)."""
        states = self.embeddings["word_embeddings"](input_ids)
        if self.shape.token_types:
            states = states + self.embeddings["token_type_embeddings"](torch.zeros_like(input_ids))
        states = self.emb_ln(states)
        allowed = attention_mask.bool()[:, None, None, :]
        length = input_ids.shape[1]
        cosine, sine = rotation(length, self.shape.rotary_width, self.shape.rotary_base_for(length), states)
        for layer in self.encoder["layers"].children():
            states = layer(states, allowed, cosine, sine)
        return SimpleNamespace(last_hidden_state=states)


def load_nomic_bert(checkpoint: Checkpoint, device: torch.device) -> NomicBert:
    """Load the token encoder of a NomicBERT checkpoint; raise ModelError where it does not fit."""
    with torch.device("meta"):
        model = NomicBert(Shape.of(checkpoint))
    load_exactly(model, read_weights(checkpoint), checkpoint.label)
    return ready(model, device)
