"""UniXcoder in its encoder-only mode.

Guo et al., 2022, "UniXcoder: Unified Cross-Modal Pre-training for Code Representation", arXiv:2203.03850.
Checkpoints: microsoft/unixcoder-base, -base-nine, -base-unimodal. A RoBERTa model whose input names its mode,
``<s> <encoder-only> </s> text </s>``; the mean over all of these states stands for the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codesearch.encoders.backbone import load_backbone
from codesearch.encoders.sentence_transformer import SentenceTransformer
from codesearch.encoders.tokens import Tokens, load_tokenizer
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device

if TYPE_CHECKING:
    from codesearch.encoders.checkpoint import Checkpoint

MODE = "<encoder-only>"
MAX_TOKENS = 512


@dataclass(frozen=True)
class EncoderOnly:
    """Wraps the ids of a text in the tokens of the encoder-only mode."""

    start: int
    mode: int
    end: int

    def __call__(self, ids: list[int], limit: int) -> list[int]:
        """At most ``limit`` ids, the four of the mode included."""
        return [self.start, self.mode, self.end, *ids[: limit - 4], self.end]


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load a UniXcoder checkpoint."""
    place = choose_device(device)
    tokenizer = load_tokenizer(checkpoint)
    wrap = EncoderOnly(tokenizer.cls_token_id, tokenizer.convert_tokens_to_ids(MODE), tokenizer.sep_token_id)
    limit = min(MAX_TOKENS, int(checkpoint.config.get("max_position_embeddings", MAX_TOKENS + 2)) - 2)
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=SentenceTransformer(load_backbone(checkpoint, place), ["mean"], checkpoint.require("hidden_size")[0]),
        tokens=Tokens(tokenizer, limit, wrap=wrap),
        device=place,
    )
