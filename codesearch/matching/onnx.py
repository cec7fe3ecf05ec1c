"""The shipped matching head on ONNX Runtime: query and functions are encoded, then read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.encoders import onnx
from codesearch.encoders.onnx import ENCODER, MATCHING, OnnxEncoder, identity, on_every_core, open_session
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from codesearch.encoders.checkpoint import Checkpoint

CODE_TOKENS = 64
"""Of a function that are read: the head was trained on its first ones, and each takes its time."""

LOGIT_SCALE = 0.01
"""Logits are about 20 times a cosine. At a fifth of that they add to the cosine what the head knows beyond it;
docs/models/bimodal.md has the numbers."""

COSINE_SHARE = 0.5
"""Of the transformer's cosine: enough to order functions by these scores alone, and not too much where a reranker adds
the cosine of an encoder that has this transformer in it."""


@dataclass(frozen=True, kw_only=True)
class OnnxMatcher:
    """An exported matching head; implements the ``Matcher`` protocol."""

    name: str
    encoder: OnnxEncoder
    session: Any

    def score(self, query: str, codes: Sequence[str]) -> NDArray[np.float32]:
        """A share of the cosine of query and function plus the scaled logit of the head, shape ``(len(codes),)``."""
        scores = np.empty(len(codes), np.float32)
        asked = np.array(self.encoder.token_ids([query]), np.int64)
        query_vector, query_states = self.encoder.run(asked, ["vectors", "states"])
        rows = [row[:CODE_TOKENS] for row in self.encoder.token_ids(codes)]

        def score_one(i: int, ids: NDArray[np.int64]) -> None:
            vectors, states = self.encoder.run(ids, ["vectors", "states"])
            cosine = vectors @ query_vector[0]
            given = {"query": query_states, "code": states, "cosine": cosine}
            scores[i] = COSINE_SHARE * cosine[0] + LOGIT_SCALE * self.session.run(["scores"], given)[0][0]

        on_every_core(score_one, rows)
        return scores


def load(checkpoint: Checkpoint, device: str | None = None) -> OnnxMatcher:
    """Load an exported matching head; it runs on the CPU whatever the device.

    Raises:
        ModelError: the folder holds no matching head, or a file is missing or damaged.
    """
    if not checkpoint.has(MATCHING):
        raise ModelError(
            f"model {checkpoint.label} has no matching head yet ({MATCHING} is missing in {checkpoint.folder}): "
            "name another one, or train it with: codesearch train matcher"
        )
    return OnnxMatcher(
        name=identity(checkpoint, ENCODER, MATCHING),
        encoder=onnx.load(checkpoint, device),
        session=open_session(checkpoint, MATCHING),
    )
