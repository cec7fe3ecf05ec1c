"""CodeFuse-CGE: a causal model whose states a learned query pools by attention, with instructions on both sides.

Checkpoints: codefuse-ai/CodeFuse-CGE-Large (CodeQwen1.5-7B) and -Small (Phi-3.5-mini). The pooling is PMA of the
Set Transformer (Lee et al., 2019, arXiv:1810.00825) at a smaller width. Tensor names are the published ones:
``plm_model.`` the language model, ``mha_pma.`` the pooling. The instructions say that the text follows, so they
stand before it, although the published example code appends them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import relu

from codesearch.encoders.backbone import build_backbone, ready
from codesearch.encoders.tokens import Tokens, load_tokenizer
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device
from codesearch.encoders.weights import load_exactly, read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

QUERY_PROMPT = "Retrieve the code that solves the following query:"
CODE_PROMPT = "Code:"
BASES = {"CodeFuse_CGE_Large": "qwen2", "CodeFuse_CGE_Small": "phi3"}


class AttentionPooling(nn.Module):
    """A learned query attends to the states: multi-head attention, residual and feed-forward, normed after each."""

    def __init__(self, width: int, dim: int, heads: int, norms: bool) -> None:
        super().__init__()
        self.S = nn.Parameter(torch.zeros(1, 1, dim))
        block: dict[str, nn.Module] = {
            "fc_q": nn.Linear(dim, dim),
            "fc_k": nn.Linear(width, dim),
            "fc_v": nn.Linear(width, dim),
            "fc_o": nn.Linear(dim, dim),
            "ln0": nn.LayerNorm(dim) if norms else nn.Identity(),
            "ln1": nn.LayerNorm(dim) if norms else nn.Identity(),
        }
        self.mab = nn.ModuleDict(block)
        self.heads = heads
        self.dim = dim

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pool states (rows, length, width) under a mask (rows, length) to (rows, dim)."""
        block = self.mab
        rows, length, _ = states.shape
        size = self.dim // self.heads
        query = block["fc_q"](self.S).view(1, self.heads, 1, size)
        key = block["fc_k"](states).view(rows, length, self.heads, size).transpose(1, 2)
        value = block["fc_v"](states).view(rows, length, self.heads, size).transpose(1, 2)
        # Divided by the root of the whole width, not of a head's: so it was trained.
        scores = (query @ key.transpose(-1, -2)) / math.sqrt(self.dim)
        scores = scores.masked_fill(mask[:, None, None, :] == 0, torch.finfo(scores.dtype).min)
        pooled = self.S[0] + (scores.softmax(dim=-1) @ value).reshape(rows, self.dim)
        pooled = block["ln0"](pooled)
        output: Tensor = block["ln1"](pooled + relu(block["fc_o"](pooled)))
        return output


class CodeFuseCge(nn.Module):
    """The states after one layer of the language model, pooled by attention."""

    def __init__(self, backbone: nn.Module, pooling: AttentionPooling, layer: int | None) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = pooling
        self.layer = layer
        self.dim = pooling.dim

    def forward(self, ids: Tensor, mask: Tensor, prompt_tokens: int) -> Tensor:
        """Embed token ids (rows, length) to (rows, dim); the instruction takes part in pooling."""
        every = self.layer is not None
        output = self.backbone(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=every)
        states = output.hidden_states[self.layer] if every else output.last_hidden_state
        pooled: Tensor = self.pooling(states.to(self.pooling.S.dtype), mask)
        return pooled


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load a CodeFuse-CGE checkpoint.

    Raises:
        ModelError: a variant other than the published ones, or a damaged part.
    """
    place = choose_device(device)
    config = checkpoint.config
    base = next((BASES[name] for name in checkpoint.architectures if name in BASES), None)
    method, order = config.get("embedding_method", "pma"), config.get("pma_norm_mode", "post_normal")
    if base is None or method != "pma" or order != "post_normal":
        raise ModelError(
            f"model {checkpoint.label}: this variant of CodeFuse-CGE is not supported "
            f"({', '.join(checkpoint.architectures)}, embedding_method {method}, pma_norm_mode {order})"
        )
    width, dim, heads, layers = checkpoint.require("hidden_size", "compress_dim", "pma_num_heads", "num_hidden_layers")
    tokenizer = load_tokenizer(checkpoint)
    backbone = build_backbone(checkpoint, base, read_weights(checkpoint, "plm_model.model."), place)
    pooling = AttentionPooling(width, dim, heads, bool(config.get("pma_ln")))
    load_exactly(pooling, read_weights(checkpoint, "mha_pma."), checkpoint.label)
    layer = config.get("keep_max_layer", layers)
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=CodeFuseCge(backbone, ready(pooling, place), None if layer == layers else layer),
        tokens=Tokens(tokenizer, int(config.get("inf_seq_length", 1024)), special_tokens=False),
        device=place,
        query_prompt=QUERY_PROMPT,
        code_prompt=CODE_PROMPT,
    )
