"""Sentence-transformers folders: a transformer, pooling, dense layers, and prompts for queries.

Reads ``modules.json`` and the folders it names as the library writes them (Reimers and Gurevych, 2019,
arXiv:1908.10084), without needing the library. Checkpoints: sentence-transformers/all-MiniLM-L6-v2,
BAAI/bge-*, intfloat/e5-*, nomic-ai/CodeRankEmbed (arXiv:2412.01007), Qwen/Qwen3-Embedding-* and their like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from codesearch.encoders.backbone import load_backbone, ready
from codesearch.encoders.nomic_bert import load_nomic_bert
from codesearch.encoders.pooling import modes_of, pool, without_prompt
from codesearch.encoders.tokens import Tokens, load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device
from codesearch.encoders.weights import load_exactly, read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

MODULES = ("Transformer", "Pooling", "Dense", "Normalize")
SETTINGS = "sentence_bert_config.json"
QUERY_PROMPTS = ("query",)
CODE_PROMPTS = ("document", "passage", "corpus", "code")

# The model card asks for it; the configuration does not declare it in every copy.
CODE_RANK_EMBED_PROMPT = "Represent this query for searching relevant code: "

ACTIVATIONS: dict[str, type[nn.Module]] = {
    kind.__name__: kind for kind in (nn.Identity, nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid)
}


class Dense(nn.Module):
    """A linear layer and its activation on the pooled vector."""

    def __init__(self, width: int, dim: int, bias: bool, activation: nn.Module) -> None:
        super().__init__()
        self.dim = dim
        self.linear = nn.Linear(width, dim, bias=bias)
        self.activation = activation

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors (rows, width) to (rows, dim)."""
        mapped: Tensor = self.activation(self.linear(vectors))
        return mapped


class SentenceTransformer(nn.Module):
    """Token states, pooled and passed through the dense layers."""

    def __init__(
        self,
        backbone: nn.Module,
        modes: list[str],
        dim: int,
        dense: nn.Module | None = None,
        pools_prompt: bool = True,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.modes = modes
        self.dim = dim
        self.dense = dense or nn.Identity()
        self.pools_prompt = pools_prompt

    def forward(self, ids: Tensor, mask: Tensor, prompt_tokens: int) -> Tensor:
        """Embed token ids (rows, length) to (rows, dim)."""
        states = self.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled_mask = mask if self.pools_prompt else without_prompt(mask, prompt_tokens)
        vectors: Tensor = self.dense(pool(states, pooled_mask, self.modes))
        return vectors


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load a sentence-transformers folder.

    Raises:
        ModelError: a module of a kind that is not supported, or a damaged part.
    """
    place = choose_device(device)
    parts = modules_of(checkpoint)
    transformer, pooling = parts["Transformer"][0], parts["Pooling"][0].config
    modes = modes_of(pooling, checkpoint.label)
    states = pooling.get("embedding_dimension") or parts["Pooling"][0].require("word_embedding_dimension")[0]
    width = len(modes) * int(states)
    layers = [load_dense(part) for part in parts.get("Dense", [])]
    dim = layers[-1].dim if layers else width
    dense = ready(nn.Sequential(*layers), place)

    tokenizer = load_tokenizer(transformer)
    settings = transformer.read_json(SETTINGS) if transformer.has(SETTINGS) else {}
    limit = token_limit(transformer, tokenizer, settings.get("max_seq_length"))
    backbone = load_transformer(transformer, place)
    query_prompt, code_prompt = prompts(checkpoint)
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=SentenceTransformer(backbone, modes, dim, dense, pooling.get("include_prompt", True)),
        tokens=Tokens(tokenizer, limit, lower_case=bool(settings.get("do_lower_case"))),
        device=place,
        query_prompt=query_prompt,
        code_prompt=code_prompt,
    )


def modules_of(checkpoint: Checkpoint) -> dict[str, list[Checkpoint]]:
    """The folders that ``modules.json`` names, by the kind of module, in the order in which they run."""
    parts: dict[str, list[Checkpoint]] = {}
    for module in checkpoint.read_json("modules.json", list):
        if not isinstance(module, dict) or not {"type", "path"} <= module.keys():
            raise ModelError(f"model {checkpoint.label}: a module of modules.json has no type or no path")
        kind = module["type"].rsplit(".", 1)[-1]
        if kind not in MODULES:
            raise ModelError(f"model {checkpoint.label}: module {kind} of modules.json is not supported")
        parts.setdefault(kind, []).append(checkpoint.subfolder(module["path"]))
    if len(parts.get("Transformer", [])) != 1 or len(parts.get("Pooling", [])) != 1:
        raise ModelError(f"model {checkpoint.label}: modules.json must name one Transformer and one Pooling module")
    return parts


def load_transformer(checkpoint: Checkpoint, device: torch.device) -> nn.Module:
    """The module that gives token states; of T5 models only the encoder."""
    if checkpoint.model_type == "nomic_bert":
        return load_nomic_bert(checkpoint, device)
    encoder_classes = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel"}
    return load_backbone(checkpoint, device, encoder_classes.get(checkpoint.model_type, "AutoModel"))


def load_dense(checkpoint: Checkpoint) -> Dense:
    """The layer of a ``2_Dense`` folder."""
    config = checkpoint.read_json("config.json")
    kind = str(config.get("activation_function", "torch.nn.modules.linear.Identity")).rsplit(".", 1)[-1]
    if kind not in ACTIVATIONS:
        raise ModelError(f"model {checkpoint.label}: activation {kind} of {checkpoint.folder.name} is not supported")
    inputs, outputs = checkpoint.require("in_features", "out_features")
    dense = Dense(inputs, outputs, config.get("bias", True), ACTIVATIONS[kind]())
    load_exactly(dense, read_weights(checkpoint), checkpoint.label)
    return dense


def prompts(checkpoint: Checkpoint) -> tuple[str, str]:
    """The text put before queries and before code, as ``config_sentence_transformers.json`` declares them."""
    file = "config_sentence_transformers.json"
    config: dict[str, Any] = checkpoint.read_json(file) if checkpoint.has(file) else {}
    declared: dict[str, str] = config.get("prompts") or {}
    default = declared.get(config.get("default_prompt_name") or "", "")
    query = next((declared[name] for name in QUERY_PROMPTS if declared.get(name)), default)
    code = next((declared[name] for name in CODE_PROMPTS if declared.get(name)), default)
    if not query and "coderankembed" in checkpoint.label.lower():
        query = CODE_RANK_EMBED_PROMPT
    return query, code
