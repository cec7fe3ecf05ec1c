"""What is evaluated: candidates from an encoder, from words or from both, and perhaps a matching head on top."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.bm25 import BM25
from eval.errors import EvalError

if TYPE_CHECKING:
    from codesearch.encoders.protocol import Encoder
    from codesearch.matching.protocol import Matcher

CUT_WORDS = 256


@dataclass(frozen=True)
class System:
    """A way to rank functions. At least one of ``encoder`` and ``bm25`` gives the candidates."""

    encoder: Encoder | None = None
    bm25: bool = False
    bm25_words: int | None = CUT_WORDS
    """How many words of a function BM25 reads; None is all. Beside an encoder they are stems."""
    matcher: Matcher | None = None
    rerank_depth: int = 32
    """How many of the best candidates the matching head scores again."""

    def __post_init__(self) -> None:
        """Refuse a system that cannot rank."""
        if self.encoder is None and not self.bm25:
            raise EvalError("nothing gives candidates; name an encoder with --encoder, or bm25")
        if self.rerank_depth < 1:
            raise EvalError(f"--rerank-depth must be at least 1, not {self.rerank_depth}")

    @property
    def name(self) -> str:
        """Everything the ranking depends on, in words."""
        parts = [self.encoder.name] if self.encoder else []
        if self.bm25:
            parts.append(BM25.name(self.bm25_words, stemmed=self.encoder is not None))
        name = " + ".join(parts)
        return f"{name} > {self.matcher.name} on the top {self.rerank_depth}" if self.matcher else name


class RandomEncoder:
    """Vectors that say nothing: what a measure gives by chance. Equal texts get equal vectors."""

    def __init__(self, seed: int = 0, dim: int = 64) -> None:
        self._seed = seed
        self.dim = dim
        self.max_tokens = 0
        self.name = f"random ({dim} dimensions, seed {seed})"

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows ``(len(queries), dim)``."""
        return self._encode("query", queries)

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows ``(len(codes), dim)``."""
        return self._encode("code", codes)

    def _encode(self, side: str, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            key = hashlib.sha256(f"{self._seed} {side} {text}".encode("utf-8", "surrogatepass")).digest()
            rows[row] = np.random.default_rng(int.from_bytes(key[:8], "big")).standard_normal(self.dim)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def load_system(
    encoder: str,
    fuse: str | None = None,
    rerank: str | None = None,
    rerank_depth: int = 32,
    bm25_words: int = CUT_WORDS,
) -> System:
    """Load what the command line names.

    ``encoder`` is ``bm25``, ``random`` or what :func:`codesearch.load_encoder` takes; ``fuse`` is None or ``bm25``;
    ``rerank`` is what :func:`codesearch.load_matcher` takes.
    """
    if fuse not in (None, "bm25"):
        raise EvalError(f"--fuse knows bm25 only, not {fuse!r}")
    if encoder == "bm25" and fuse:
        raise EvalError("--fuse bm25 adds words to an encoder; with --encoder bm25 there is nothing to fuse")
    return System(
        encoder=None if encoder == "bm25" else RandomEncoder() if encoder == "random" else _encoder(encoder),
        bm25=encoder == "bm25" or fuse == "bm25",
        bm25_words=bm25_words or None,
        matcher=_matcher(rerank) if rerank else None,
        rerank_depth=rerank_depth,
    )


def _encoder(name: str) -> Encoder:
    from codesearch import load_encoder

    return load_encoder(name)


def _matcher(name: str) -> Matcher:
    from codesearch import load_matcher

    return load_matcher(name)
