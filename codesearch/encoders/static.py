"""Static encoders: a text is the weighted sum of its tokens' vectors. No network runs: encoding is a table look-up.

Two formats load: the one of this project (a word vocabulary made from code, int8 rows, token weights that differ for
queries and code, weights of places in code) and model2vec's (a ``tokenizers`` file and a float table;
https://github.com/MinishLab/model2vec).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from codesearch.encoders.mapped import mapped_tensors
from codesearch.encoders.vocabulary import Vocabulary
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MODEL_TYPE = "codesearch-static"
MAX_TOKENS = 512
_ROWS_AT_ONCE = 512
_EPSILON = 1e-9


class _Tokenizer(Protocol):
    def token_ids(self, texts: Sequence[str]) -> list[list[int]]: ...


class StaticEncoder:
    """A table of token vectors; a text's vector is their weighted sum, scaled to unit length."""

    def __init__(
        self,
        name: str,
        tokenizer: _Tokenizer,
        table: NDArray[np.int8] | NDArray[np.float32],
        query_weights: NDArray[np.float32],
        code_weights: NDArray[np.float32],
        place_weights: NDArray[np.float32] | None = None,
    ) -> None:
        """Take what a model is made of.

        Args:
            name: identity of the weights.
            tokenizer: gives the tokens' ids.
            table: one row a token, shape ``(tokens, dim)``.
            query_weights: one a token: how much it counts in a query.
            code_weights: one a token: how much it counts in code.
            place_weights: ``MAX_TOKENS`` factors: how much the tokens at the start of code count, and those after.
                With them a token that is repeated in a text is damped; without, each occurrence counts in full.
        """
        self.name = name
        self.reload: Callable[[], StaticEncoder] | None = None
        """Loads this encoder again, for worker processes; None if it was not loaded from a folder."""
        self.dim = int(table.shape[1])
        self.max_tokens = MAX_TOKENS
        self._tokenizer = tokenizer
        self._table = table
        self._query_weights = query_weights
        self._code_weights = code_weights
        self._place_weights = place_weights
        self._damped = place_weights is not None

    @classmethod
    def load(cls, folder: Path) -> StaticEncoder:
        """Read a folder of either format.

        Raises:
            ModelError: a file is missing or does not fit the others.
        """
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            tensors = mapped_tensors(folder / "model.safetensors")
            is_ours = config.get("model_type") == MODEL_TYPE
            # Reading all bytes for their digest would take as long as all the rest.
            name = f"{folder.name}@{config['digest'] if is_ours else digest_of(folder)}"
            encoder = (cls._from_words if is_ours else cls._from_model2vec)(name, folder, tensors)
            encoder.reload = partial(cls.load, folder)
            return encoder
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder} is not a whole static encoder: {error}") from error

    @classmethod
    def _from_words(cls, name: str, folder: Path, tensors: dict[str, NDArray[np.generic]]) -> StaticEncoder:
        vocabulary = Vocabulary((folder / "vocabulary.txt").read_bytes().decode().splitlines())
        rows = tensors["embeddings"]
        if len(vocabulary.tokens) != len(rows):
            raise ValueError(f"{len(vocabulary.tokens)} tokens in vocabulary.txt for {len(rows)} embeddings")
        return cls(
            name,
            vocabulary,
            rows.astype(np.int8, copy=False),
            tensors["query_weights"].astype(np.float32),
            tensors["code_weights"].astype(np.float32),
            tensors["place_weights"].astype(np.float32),
        )

    @classmethod
    def _from_model2vec(cls, name: str, folder: Path, tensors: dict[str, NDArray[np.generic]]) -> StaticEncoder:
        table = tensors["embeddings"].astype(np.float32)
        if "mapping" in tensors:  # tokens that share a row
            table = table[tensors["mapping"].astype(np.int64)]
        weights = tensors.get("weights")
        flat = np.ones(len(table), np.float32) if weights is None else weights.astype(np.float32)
        return cls(name, _SubwordTokenizer(folder / "tokenizer.json", len(table)), table, flat, flat)

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Encode queries to unit rows, shape ``(len(queries), dim)``."""
        return self._encode(queries, self._query_weights, None)

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Encode functions to unit rows, shape ``(len(codes), dim)``."""
        return self._encode(codes, self._code_weights, self._place_weights)

    def count_truncated(self, texts: Sequence[str], *, are_queries: bool) -> int:
        """None: every token counts, though those after the first ``MAX_TOKENS`` of code all count the same."""
        return 0

    def _encode(
        self, texts: Sequence[str], weights: NDArray[np.float32], places: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Unit rows; ``places`` are the factors of a token's place, None where each place counts the same."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), _ROWS_AT_ONCE):
            rows = self._tokenizer.token_ids(texts[start : start + _ROWS_AT_ONCE])
            lengths = np.array([len(ids) for ids in rows])
            owner = np.repeat(np.arange(len(rows)), lengths)
            ids = np.fromiter(chain.from_iterable(rows), np.int64, len(owner))
            if self._damped:
                merged = merge_repeats(ids, owner)
                counts = merged.counts
                if places is not None:
                    place = np.arange(len(ids)) - (np.cumsum(lengths) - lengths)[owner]
                    counts = np.bincount(merged.index, places[np.minimum(place, len(places) - 1)])
                ids, owner, weight = merged.ids, merged.owner, weights[merged.ids] * merged.damping * counts
            else:
                weight = weights[ids]
            bounds = np.searchsorted(owner, np.arange(len(rows) + 1))
            for row, (first, end) in enumerate(pairwise(bounds), start):
                vectors[row] = weight[first:end] @ self._table[ids[first:end]].astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _EPSILON)
        return vectors


@dataclass(frozen=True)
class MergedTokens:
    """Each token of a text once, for many texts one after the other."""

    ids: NDArray[np.int64]
    owner: NDArray[np.int64]
    """Which text each is of, rising."""
    index: NDArray[np.int64]
    """Where each occurrence went."""
    counts: NDArray[np.int64]

    @property
    def damping(self) -> NDArray[np.float32]:
        """What each occurrence counts, so that ``n`` of them together count as ``log2(1 + n)``."""
        factors: NDArray[np.float32] = (np.log2(1 + self.counts) / self.counts).astype(np.float32)
        return factors


def merge_repeats(ids: NDArray[np.int64], owner: NDArray[np.int64]) -> MergedTokens:
    """Merge the repeated tokens of each text; ``owner`` says which text each of ``ids`` is of."""
    span = int(ids.max(initial=0)) + 1
    keys, index, counts = np.unique(owner * span + ids, return_inverse=True, return_counts=True)
    return MergedTokens(keys % span, keys // span, index, counts)


class _SubwordTokenizer:
    """A ``tokenizers`` file, as model2vec uses it: no special tokens, unknown tokens left out."""

    def __init__(self, path: Path, rows: int) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises nothing more particular
            raise ValueError(f"tokenizer.json cannot be read ({error})") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        size = self._tokenizer.get_vocab_size()
        if size != rows:
            raise ValueError(f"{size} tokens in tokenizer.json for {rows} embeddings")
        model = json.loads(path.read_text("utf-8"))["model"]
        unknown = model.get("unk_token")
        self._unknown = self._tokenizer.token_to_id(unknown) if unknown else None

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[i for i in encoding.ids if i != self._unknown] for encoding in encodings]


def digest_of(folder: Path) -> str:
    """What tells the weights in a folder from all others: 12 hexadecimal digits of BLAKE2b over its files."""
    digest = hashlib.blake2b(digest_size=6)
    for name in ("vocabulary.txt", "tokenizer.json", "model.safetensors"):
        path = folder / name
        if path.exists():
            digest.update(path.read_bytes())
    return digest.hexdigest()
