"""The encoder of the larger CodeT5+ models, a CodeGen that looks both ways.

Wang et al., 2023, arXiv:2305.07922. Checkpoints: Salesforce/codet5p-2b, -6b, -16b and instructcodet5p-16b. They
were never trained for retrieval, so the mean of the encoder's states stands for a text; of the checkpoint only
the tensors under ``encoder.`` are read.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from codesearch.encoders.backbone import ready
from codesearch.encoders.rotary import rotate_interleaved, rotation
from codesearch.encoders.sentence_transformer import SentenceTransformer
from codesearch.encoders.tokens import Tokens, load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device
from codesearch.encoders.weights import load_exactly, read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

# The fused projection is stored in four groups of heads, one for each core of the hardware it was trained on.
HEAD_GROUPS = 4


class Attention(nn.Module):
    """Multi-head attention with rotary positions on the first dimensions of each head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv_proj = nn.Linear(width, 3 * width, bias=False)
        self.out_proj = nn.Linear(width, width, bias=False)

    def forward(self, states: Tensor, allowed: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Mix states (rows, length, width) over the positions that ``allowed`` (rows, 1, 1, length) names."""
        rows, length, width = states.shape
        fused = self.qkv_proj(states).view(rows, length, HEAD_GROUPS, 3, width // HEAD_GROUPS)
        query, value, key = (self._heads(part) for part in fused.unbind(dim=3))
        query, key = rotate_interleaved(query, cosine, sine), rotate_interleaved(key, cosine, sine)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=allowed)
        output: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(rows, length, width))
        return output

    def _heads(self, part: Tensor) -> Tensor:
        """From (rows, length, groups, width of a group) to (rows, heads, length, size of a head)."""
        rows, length = part.shape[:2]
        return part.reshape(rows, length, self.heads, -1).transpose(1, 2)


class FeedForward(nn.Module):
    """Two projections around the tanh form of GELU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc_in = nn.Linear(width, inner)
        self.fc_out = nn.Linear(inner, width)

    def forward(self, states: Tensor) -> Tensor:
        """Map states (..., width) to the same shape."""
        mapped: Tensor = self.fc_out(gelu(self.fc_in(states), approximate="tanh"))
        return mapped


class Block(nn.Module):
    """Attention and feed-forward side by side on one normed input, both added to the residual."""

    def __init__(self, width: int, heads: int, inner: int, epsilon: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=epsilon)
        self.attn = Attention(width, heads)
        self.mlp = FeedForward(width, inner)

    def forward(self, states: Tensor, allowed: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Map states (rows, length, width) to the same shape."""
        normed = self.ln_1(states)
        output: Tensor = self.attn(normed, allowed, cosine, sine) + self.mlp(normed) + states
        return output


class TwoWayCodeGen(nn.Module):
    """Token ids to token states; called like a transformers model."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width = config["n_embd"]
        epsilon = config.get("layer_norm_epsilon", 1e-5)
        inner = config.get("n_inner") or 4 * width
        self.rotary_width = config["rotary_dim"]
        self.wte = nn.Embedding(config["vocab_size"], width)
        self.h = nn.ModuleList(Block(width, config["n_head"], inner, epsilon) for _ in range(config["n_layer"]))
        self.ln_f = nn.LayerNorm(width, eps=epsilon)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """States of ids (rows, length) as ``last_hidden_state`` (rows, length, width)."""
        states = self.wte(input_ids)
        allowed = attention_mask.bool()[:, None, None, :]
        cosine, sine = rotation(input_ids.shape[1], self.rotary_width, 10_000, states)
        for block in self.h:
            states = block(states, allowed, cosine, sine)
        return SimpleNamespace(last_hidden_state=self.ln_f(states))


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load the encoder of a CodeT5+ 2B, 6B or 16B checkpoint."""
    place = choose_device(device)
    (config,) = checkpoint.require("encoder")
    absent = [key for key in ("n_embd", "n_head", "n_layer", "rotary_dim", "vocab_size") if key not in config]
    if absent:
        raise ModelError(f"model {checkpoint.label}: the encoder of config.json lacks {', '.join(absent)}")
    if config.get("activation_function", "gelu_new") != "gelu_new":
        raise ModelError(f"model {checkpoint.label}: activation {config['activation_function']} is not supported")
    tokenizer = load_tokenizer(checkpoint)
    with torch.device("meta"):
        model = TwoWayCodeGen(config)
    load_exactly(model, read_weights(checkpoint, "encoder."), checkpoint.label)
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=SentenceTransformer(ready(model, place), ["mean"], config["n_embd"]),
        tokens=Tokens(tokenizer, token_limit(checkpoint, tokenizer, config.get("n_positions"))),
        device=place,
    )
