"""An encoder that runs a torch model: batches sorted by length, padded to the longest of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from codesearch.encoders.tokens import Tokens

MAX_ROWS = 64
MAX_BATCH_TOKENS = 8192


class Embedder(Protocol):
    """A torch module that turns token ids into one vector a row."""

    dim: int

    def __call__(self, ids: Tensor, mask: Tensor, prompt_tokens: int) -> Tensor:
        """Embed ``ids`` (rows, length) under ``mask`` (1 for tokens, 0 for padding) to (rows, dim).

        The first ``prompt_tokens`` ids of every row are the prompt, for models that leave it out of pooling.
        """


@dataclass(frozen=True, kw_only=True)
class TorchEncoder:
    """A published model as an encoder; implements the ``Encoder`` protocol."""

    name: str
    embedder: Embedder
    tokens: Tokens
    device: torch.device
    query_prompt: str = ""
    code_prompt: str = ""

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.embedder.dim

    @property
    def max_tokens(self) -> int:
        """How many tokens of one input are read, special tokens and the prompt included."""
        return self.tokens.limit

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries, each after the model's query prompt, to unit rows (n, dim)."""
        return self._encode(queries, self.query_prompt)

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions, each after the model's code prompt, to unit rows (n, dim)."""
        return self._encode(codes, self.code_prompt)

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """How many of the texts are cut at ``max_tokens``, their prompt included."""
        prompt = self.query_prompt if are_queries else self.code_prompt
        return self.tokens.count_truncated([prompt + text for text in texts])

    def _encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        rows = self.tokens.encode([prompt + text for text in texts])
        prompt_tokens = self.tokens.prompt_length(prompt) if prompt else 0
        vectors = np.empty((len(rows), self.dim), dtype=np.float32)
        with torch.inference_mode():
            for batch in length_sorted_batches([len(row) for row in rows]):
                ids, mask = padded([rows[i] for i in batch], self.tokens.pad_id, self.device)
                embedded = self.embedder(ids, mask, prompt_tokens)
                vectors[batch] = normalize(embedded.float(), dim=-1).cpu().numpy()
        return vectors


def length_sorted_batches(
    lengths: Sequence[int], most_rows: int = MAX_ROWS, most_tokens: int = MAX_BATCH_TOKENS
) -> Iterator[list[int]]:
    """Indices of inputs in batches of similar length, the longest first so that too little memory shows at once.

    A batch has up to ``most_rows`` inputs, and ``most_tokens`` when they are padded unless one alone has more.
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[batch[0]] if batch else lengths[i]
        if batch and (len(batch) == most_rows or (len(batch) + 1) * longest > most_tokens):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def padded(
    rows: Sequence[Sequence[int] | NDArray[np.uint16]], pad_id: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Token ids padded on the right to the longest row, and their mask, both (rows, longest)."""
    ids = np.full((len(rows), max(map(len, rows))), pad_id, np.int64)
    mask = np.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


def choose_device(device: str | None) -> torch.device:
    """The device asked for; else CUDA where there is one, else the CPU."""
    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
