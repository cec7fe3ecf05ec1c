"""Cross-encoders: a BERT-like model reads query and function as one text and its head gives the score.

Nogueira and Cho, 2019, arXiv:1901.04085; folders as sentence-transformers' CrossEncoder writes them
(``*ForSequenceClassification``). Checkpoints: cross-encoder/ms-marco-MiniLM-L6-v2, BAAI/bge-reranker-* and their
like. With one label the score is its logit; with two it is the log odds of the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from codesearch.encoders.backbone import load_backbone
from codesearch.encoders.tokens import load_tokenizer, token_limit
from codesearch.encoders.torch_encoder import choose_device, length_sorted_batches
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from codesearch.encoders.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True)
class CrossEncoder:
    """Implements the ``Matcher`` protocol."""

    name: str
    model: nn.Module
    tokenizer: Any
    max_tokens: int
    device: torch.device

    def score(self, query: str, codes: Sequence[str]) -> NDArray[np.float32]:
        """Logit of each function, shape ``(len(codes),)``."""
        scores = np.empty(len(codes), dtype=np.float32)
        if not codes:
            return scores
        pairs = self.tokenizer([query] * len(codes), list(codes), truncation=True, max_length=self.max_tokens)
        with torch.inference_mode():
            for batch in length_sorted_batches([len(ids) for ids in pairs["input_ids"]]):
                chosen = {name: [pairs[name][i] for i in batch] for name in pairs}
                inputs = self.tokenizer.pad(chosen, return_tensors="pt").to(self.device)
                scores[batch] = match_logits(self.model(**inputs).logits).float().cpu().numpy()
        return scores


def match_logits(logits: Tensor) -> Tensor:
    """From logits (rows, labels) to one score a row."""
    return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


def label_count(checkpoint: Checkpoint) -> int:
    """How many labels the head has, as transformers reads the configuration: two unless it says otherwise."""
    config = checkpoint.config
    return len(config["id2label"]) if config.get("id2label") else int(config.get("num_labels", 2))


def load(checkpoint: Checkpoint, device: str | None = None) -> CrossEncoder:
    """Load a cross-encoder folder; raise ModelError where it has another head than one for matching."""
    labels = label_count(checkpoint)
    if labels > 2:
        raise ModelError(f"model {checkpoint.label}: a head of {labels} labels is no matching head, which has 1 or 2")
    place = choose_device(device)
    tokenizer = load_tokenizer(checkpoint)
    return CrossEncoder(
        name=checkpoint.name(),
        model=load_backbone(checkpoint, place, "AutoModelForSequenceClassification"),
        tokenizer=tokenizer,
        max_tokens=token_limit(checkpoint, tokenizer),
        device=place,
    )
