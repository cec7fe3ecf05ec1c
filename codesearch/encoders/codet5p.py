"""CodeT5+ for retrieval: the T5 encoder's first state, projected.

Wang et al., 2023, "CodeT5+: Open Code Large Language Models for Code Understanding and Generation",
arXiv:2305.07922. Checkpoints: Salesforce/codet5p-110m-embedding (encoder and projection) and
Salesforce/codet5p-220m-bimodal (with the matching decoder, see ``codesearch.matching.codet5p``). Both publish
their weights as pickles on ``main``; ``@refs/pr/1`` of the bimodal one and ``codesearch.encoders.convert`` give
safetensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from codesearch.encoders.backbone import quiet_loading, ready
from codesearch.encoders.tokens import Tokens, load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device
from codesearch.encoders.weights import load_exactly, read_weights

if TYPE_CHECKING:
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

# Every name under which a checkpoint may hold the token table that encoder and decoder share.
TOKEN_TABLES = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")


class CodeT5pEncoder(nn.Module):
    """T5 encoder and projection to the space that text and code share."""

    def __init__(self, config: Any, dim: int) -> None:
        from transformers import T5EncoderModel

        super().__init__()
        self.dim = dim
        self.encoder = T5EncoderModel(config).encoder
        self.proj = nn.Linear(config.d_model, dim)

    def forward(self, ids: Tensor, mask: Tensor, prompt_tokens: int = 0) -> Tensor:
        """Embed token ids (rows, length) to (rows, dim); there is no prompt."""
        return self.project(self.states(ids, mask))

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States of token ids (rows, length): (rows, length, width)."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def project(self, states: Tensor) -> Tensor:
        """The first states (rows, width) in the shared space (rows, dim)."""
        projected: Tensor = self.proj(states[:, 0])
        return projected


def t5_config(checkpoint: Checkpoint) -> Any:
    """The T5 architecture that a CodeT5+ ``config.json`` describes."""
    from transformers import T5Config

    checkpoint.require("d_model", "d_ff", "d_kv", "num_layers", "num_heads", "vocab_size", "embed_dim")
    own = {"model_type", "auto_map", "architectures", "_name_or_path", "torch_dtype", "dtype"}
    return T5Config(**{key: value for key, value in checkpoint.config.items() if key not in own})


def with_token_tables(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the shared token table under each of its names; safetensors keeps only one of them."""
    table = next((tensors[name] for name in TOKEN_TABLES if name in tensors), None)
    return tensors if table is None else {**dict.fromkeys(TOKEN_TABLES, table), **tensors}


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load the encoder of a 110M embedding or a 220M bimodal checkpoint."""
    place = choose_device(device)
    tokenizer = load_tokenizer(checkpoint)
    config = t5_config(checkpoint)
    with torch.device("meta"), quiet_loading():
        model = CodeT5pEncoder(config, checkpoint.config["embed_dim"])
    load_exactly(model, with_token_tables(read_weights(checkpoint)), checkpoint.label)
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=ready(model, place),
        tokens=Tokens(tokenizer, token_limit(checkpoint, tokenizer)),
        device=place,
    )
