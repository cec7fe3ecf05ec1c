"""The matching decoder of CodeT5+ 220M bimodal.

Wang et al., 2023, arXiv:2305.07922; Salesforce/codet5p-220m-bimodal. The query goes through the encoder; the
function, its first token replaced by ``[ENC]``, goes through the decoder, which attends to the query. The state at
the function's last ``</s>`` gives two logits, of which the second says "match". As in the authors'
``eval_match_retrieval.py`` the score is that logit plus the cosine of the two projected texts, and texts are cut at
64 and 360 tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import normalize

from codesearch.encoders.backbone import quiet_loading, ready
from codesearch.encoders.codet5p import CodeT5pEncoder, t5_config, with_token_tables
from codesearch.encoders.tokens import Tokens, load_tokenizer
from codesearch.encoders.torch_encoder import choose_device, length_sorted_batches, padded
from codesearch.encoders.weights import load_exactly, read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

MAX_QUERY_TOKENS = 64
MAX_CODE_TOKENS = 360
MATCHING_TOKEN = "[ENC]"


class CodeT5pMatching(CodeT5pEncoder):
    """The encoder with the matching decoder beside it."""

    def __init__(self, config: Any, dim: int) -> None:
        from transformers import T5ForConditionalGeneration

        super().__init__(config, dim)
        self.decoder = T5ForConditionalGeneration(config).decoder
        self.itm_head = nn.Linear(config.d_model, 2)

    def match(self, query_states: Tensor, ids: Tensor, mask: Tensor, last: Tensor) -> Tensor:
        """Match logits (rows,) of code ids (rows, length), read at positions ``last`` (rows,).

        ``query_states`` (1, length of the query, width) is one query's, without padding.
        """
        rows = len(ids)
        states = self.decoder(
            input_ids=ids,
            attention_mask=mask,
            encoder_hidden_states=query_states.expand(rows, -1, -1),
            encoder_attention_mask=torch.ones(rows, query_states.shape[1], dtype=mask.dtype, device=mask.device),
            use_cache=False,
        ).last_hidden_state
        logits: Tensor = self.itm_head(states[torch.arange(rows, device=ids.device), last])[:, 1]
        return logits


@dataclass(frozen=True, kw_only=True)
class CodeT5pMatcher:
    """Implements the ``Matcher`` protocol."""

    name: str
    model: CodeT5pMatching
    query_tokens: Tokens
    code_tokens: Tokens
    matching_id: int
    device: torch.device

    def score(self, query: str, codes: Sequence[str]) -> NDArray[np.float32]:
        """Match logit plus cosine of each function, shape ``(len(codes),)``."""
        scores = np.empty(len(codes), dtype=np.float32)
        if not codes:
            return scores
        rows = self.code_tokens.encode(codes)
        with torch.inference_mode():
            query_ids = torch.tensor(self.query_tokens.encode([query]), device=self.device)
            query_states = self.model.states(query_ids, torch.ones_like(query_ids))
            query_vector = normalize(self.model.project(query_states), dim=-1)
            for batch in length_sorted_batches([len(row) for row in rows]):
                ids, mask = padded([rows[i] for i in batch], self.code_tokens.pad_id, self.device)
                vectors = normalize(self.model(ids, mask), dim=-1)
                ids[:, 0] = self.matching_id
                # A text ends with its only </s>, also when it was cut.
                logits = self.model.match(query_states, ids, mask, mask.sum(dim=1) - 1)
                scores[batch] = (logits + vectors @ query_vector[0]).float().cpu().numpy()
        return scores


def load(checkpoint: Checkpoint, device: str | None = None) -> CodeT5pMatcher:
    """Load a 220M bimodal checkpoint as a matching head; raise ModelError where a part is missing."""
    place = choose_device(device)
    tokenizer = load_tokenizer(checkpoint)
    matching_id = tokenizer.convert_tokens_to_ids(MATCHING_TOKEN)
    if matching_id is None or matching_id == tokenizer.unk_token_id:
        raise ModelError(f"model {checkpoint.label}: its tokenizer lacks the token {MATCHING_TOKEN}")
    config = t5_config(checkpoint)
    with torch.device("meta"), quiet_loading():
        model = CodeT5pMatching(config, checkpoint.config["embed_dim"])
    load_exactly(model, with_token_tables(read_weights(checkpoint)), checkpoint.label)
    return CodeT5pMatcher(
        name=checkpoint.name(),
        model=ready(model, place),
        query_tokens=Tokens(tokenizer, MAX_QUERY_TOKENS),
        code_tokens=Tokens(tokenizer, MAX_CODE_TOKENS),
        matching_id=matching_id,
        device=place,
    )
