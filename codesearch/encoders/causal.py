"""Causal language models as encoders: the last token's state, or the mean when attention looks both ways.

CodeGen (Nijkamp et al., 2023, arXiv:2203.13474; Salesforce/codegen-*), Qwen2.5-Coder, StarCoder2, Llama and other
models that transformers implements. In a causal model only the last token has seen the whole text, so its state
stands for it (as in E5-Mistral, arXiv:2401.00368). LLM2Vec (BehnamGhader et al., 2024, arXiv:2404.05961;
McGill-NLP/LLM2Vec-*) lets every token see all others and takes the mean; it is loaded without an instruction. LoRA
adapters are merged; their base model is found by the name the adapter gives.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from codesearch.encoders.backbone import load_backbone
from codesearch.encoders.lora import ADAPTER_CONFIG, merge_adapter
from codesearch.encoders.pooling import FLAGS, MODES, pool
from codesearch.encoders.resolve import resolve
from codesearch.encoders.tokens import Tokens, has_tokenizer, load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

LLM2VEC_CONFIG = "llm2vec_config.json"
# How LLM2Vec spells the modes of ``pooling``.
LLM2VEC_MODES = {"mean": "mean", "weighted_mean": "weightedmean", "eos_token": "lasttoken", "last_token": "lasttoken"}
# Classes that LLM2Vec checkpoints name in ``architectures`` and ``auto_map``.
TWO_WAY_CLASSES = ("EncoderModel", "BiModel", "BiForMNTP")


class CausalEmbedder(nn.Module):
    """States of a causal model, pooled."""

    def __init__(self, backbone: nn.Module, mode: str, two_way: bool, dim: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.mode = mode
        self.two_way = two_way
        self.dim = dim

    def forward(self, ids: Tensor, mask: Tensor, prompt_tokens: int) -> Tensor:
        """Embed token ids (rows, length) to (rows, dim)."""
        allowed = two_way_mask(mask, next(self.backbone.parameters()).dtype) if self.two_way else mask
        states = self.backbone(input_ids=ids, attention_mask=allowed, use_cache=False).last_hidden_state
        return pool(states, mask, [self.mode])


def two_way_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """What transformers adds to attention scores, (rows, 1, length, length): nothing but for padding."""
    rows, length = mask.shape
    seen = mask[:, None, None, :].expand(rows, 1, length, length).bool()
    return torch.zeros_like(seen, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load a causal model, with its adapters merged.

    Raises:
        ModelError: a damaged part, or the base model of an adapter is not found.
    """
    place = choose_device(device)
    chain = adapter_chain(checkpoint)
    base = chain[-1]
    backbone = load_backbone(base, place)
    for adapter in reversed(chain[:-1]):
        merge_adapter(backbone, adapter)
    settings: dict[str, Any] = checkpoint.read_json(LLM2VEC_CONFIG) if checkpoint.has(LLM2VEC_CONFIG) else {}
    two_way = any(looks_both_ways(part) for part in chain)
    tokenizer = load_tokenizer(next((part for part in chain if has_tokenizer(part)), base))
    mode = pooling_mode(checkpoint, settings, two_way)
    return TorchEncoder(
        name=name_of(chain),
        embedder=CausalEmbedder(backbone, mode, two_way, width_of(base)),
        tokens=Tokens(tokenizer, token_limit(base, tokenizer, settings.get("max_length"))),
        device=place,
    )


def adapter_chain(checkpoint: Checkpoint) -> list[Checkpoint]:
    """The checkpoint and the models below it: adapters first, the model with weights of its own last."""
    chain = [checkpoint]
    while chain[-1].has(ADAPTER_CONFIG):
        top = chain[-1]
        base = top.read_json(ADAPTER_CONFIG).get("base_model_name_or_path")
        if not base:
            raise ModelError(f"model {top.label}: {ADAPTER_CONFIG} names no base_model_name_or_path")
        beside = top.folder / Path(str(base))
        chain.append(resolve(str(beside) if beside.is_dir() else str(base), {}))
        if chain[-1].folder in [part.folder for part in chain[:-1]]:
            raise ModelError(f"model {top.label}: {ADAPTER_CONFIG} names the adapter itself as its base model")
    return chain


def name_of(chain: list[Checkpoint]) -> str:
    """The name of the first, with a digest of all."""
    if len(chain) == 1:
        return chain[0].name()
    digest = hashlib.blake2b("".join(part.digest() for part in chain).encode(), digest_size=6).hexdigest()
    return f"{chain[0].label}@{digest}"


def looks_both_ways(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint was trained with attention in both directions."""
    config = checkpoint.config
    classes = [*checkpoint.architectures, *map(str, (config.get("auto_map") or {}).values())]
    named = any(name.endswith(TWO_WAY_CLASSES) for name in classes)
    return named or checkpoint.has(LLM2VEC_CONFIG) or config.get("is_causal") is False


def pooling_mode(checkpoint: Checkpoint, settings: dict[str, Any], two_way: bool) -> str:
    """The pooling that the checkpoint declares; else the mean where attention looks both ways, else the last token."""
    declared: str = settings.get("pooling_mode", "mean" if two_way else "lasttoken")
    mode = LLM2VEC_MODES.get(declared, FLAGS.get(declared, declared))
    if mode not in MODES:
        raise ModelError(f"model {checkpoint.label}: unknown pooling mode {declared!r}; known are {', '.join(MODES)}")
    return mode


def width_of(checkpoint: Checkpoint) -> int:
    """Width of the states."""
    return int(
        checkpoint.config.get("hidden_size") or checkpoint.config.get("n_embd") or checkpoint.require("d_model")[0]
    )
