"""BERT-like token encoders without a pooling of their own: the mean of the states.

CodeBERT (Feng et al., 2020, arXiv:2002.08155; microsoft/codebert-base) and GraphCodeBERT (Guo et al., 2021,
arXiv:2009.08366; microsoft/graphcodebert-base) are RoBERTa models; GraphCodeBERT reads its data-flow graph only
when it is given one, and its token encoder alone is used here. None of these was trained to put a text into its
first token, which only becomes meaningful by fine-tuning, so the mean of all states stands for the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.encoders.sentence_transformer import SentenceTransformer, load_transformer
from codesearch.encoders.tokens import Tokens, load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import TorchEncoder, choose_device

if TYPE_CHECKING:
    from codesearch.encoders.checkpoint import Checkpoint


def load(checkpoint: Checkpoint, device: str | None = None) -> TorchEncoder:
    """Load a BERT-like checkpoint with mean pooling."""
    place = choose_device(device)
    tokenizer = load_tokenizer(checkpoint)
    width = checkpoint.config.get("hidden_size") or checkpoint.config.get("n_embd") or checkpoint.require("dim")[0]
    return TorchEncoder(
        name=checkpoint.name(),
        embedder=SentenceTransformer(load_transformer(checkpoint, place), ["mean"], int(width)),
        tokens=Tokens(tokenizer, token_limit(checkpoint, tokenizer)),
        device=place,
    )
