"""The shipped transformer on ONNX Runtime: no torch, int8 weights, a text on every core."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.errors import ModelError
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from codesearch.encoders.checkpoint import Checkpoint

MODEL_TYPE = "codesearch-bimodal"
CONFIG, TOKENIZER, ENCODER, MATCHING = "config.json", "tokenizer.json", "encoder.onnx", "matching.onnx"


@dataclass(frozen=True, kw_only=True)
class OnnxEncoder:
    """An exported bimodal transformer; implements the ``Encoder`` protocol."""

    name: str
    dim: int
    max_tokens: int
    """How many tokens of a text are read, special tokens included."""
    tokenizer: Tokenizer
    session: Any

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries to unit rows, shape ``(len(queries), dim)``."""
        return self._encode(queries)

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions to unit rows, shape ``(len(codes), dim)``."""
        return self._encode(codes)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cut at ``max_tokens``."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """How many of the texts are cut at ``max_tokens``, queries and code alike."""
        return sum(bool(encoding.overflowing) for encoding in self.tokenizer.encode_batch_fast(list(texts)))

    def run(self, ids: NDArray[np.int64], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Run the graph on ids (rows, length): ``vectors`` (rows, dim), ``states`` (rows, length, dim)."""
        results: list[NDArray[np.float32]] = self.session.run(list(outputs), {"ids": ids})
        return results

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dim), np.float32)

        def encode_one(i: int, ids: NDArray[np.int64]) -> None:
            vectors[i] = self.run(ids, ["vectors"])[0][0]

        on_every_core(encode_one, self.token_ids(texts))
        return vectors


def load(checkpoint: Checkpoint, device: str | None = None) -> OnnxEncoder:
    """Load an exported encoder; it runs on the CPU whatever the device.

    Raises:
        ModelError: a file is missing or damaged.
    """
    dim, max_tokens = checkpoint.require("dim", "max_tokens")
    tokenizer = load_tokenizer(checkpoint)
    tokenizer.enable_truncation(max_tokens)
    return OnnxEncoder(
        name=identity(checkpoint, ENCODER),
        dim=dim,
        max_tokens=max_tokens,
        tokenizer=tokenizer,
        session=open_session(checkpoint, ENCODER),
    )


def open_session(checkpoint: Checkpoint, file: str) -> Any:
    """A session of ONNX Runtime on one graph of the folder; raise ModelError where it does not load."""
    # From 1.29 on it reports to its maker, and keeps a number of the machine in the user's cache, unless told not to
    # before it is imported. What is searched is nobody's business.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    path = existing(checkpoint, file)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # see on_every_core
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a class of its own for each kind of damage
        raise ModelError(
            f"model {checkpoint.label}: {path} is damaged ({first_line(error)}): install codesearch anew"
        ) from error


def load_tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    """The folder's tokenizer, without padding; raise ModelError where it is missing or damaged."""
    from tokenizers import Tokenizer

    path = existing(checkpoint, TOKENIZER)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more particular
        raise ModelError(f"model {checkpoint.label}: {path} is damaged ({error}): install codesearch anew") from error
    tokenizer.no_padding()
    return tokenizer


def existing(checkpoint: Checkpoint, file: str) -> Path:
    """The path of a file of the folder; raise ModelError where it is missing."""
    if not checkpoint.has(file):
        raise ModelError(f"model {checkpoint.label}: {file} is missing in {checkpoint.folder}")
    return checkpoint.folder / file


def identity(checkpoint: Checkpoint, *graphs: str) -> str:
    """The label, ``@`` and a digest of everything that decides the numbers."""
    digest = hashlib.blake2b(digest_size=6)
    for file in (CONFIG, TOKENIZER, *graphs):
        digest.update(existing(checkpoint, file).read_bytes())
    return f"{checkpoint.label}@{digest.hexdigest()}"


def on_every_core(work: Callable[[int, NDArray[np.int64]], None], rows: Sequence[Sequence[int]]) -> None:
    """Call ``work`` with the index and the ids, shape (1, length), of each row of tokens, one on a core at a time.

    Each row by itself: int8 activations are scaled by the batch, so that a vector would depend on what else is in it,
    and batches are no quicker. A core that has work of its own never waits for the others, as those that share it do
    after each operator.
    """
    longest_first = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
    cores = min(os.cpu_count() or 1, len(rows))

    def work_on(i: int) -> None:
        work(i, np.array([rows[i]], np.int64))

    if cores < 2:
        for i in longest_first:
            work_on(i)
        return
    with ThreadPoolExecutor(cores) as pool:
        for _ in pool.map(work_on, longest_first):
            pass
