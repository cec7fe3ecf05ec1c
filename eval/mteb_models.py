"""Our encoders and whole systems as models of the ``mteb`` package (2.x), whose harness then measures.

::

    import mteb
    from codesearch import load_encoder
    from eval.mteb_models import MtebEncoder

    mteb.evaluate(MtebEncoder(load_encoder("default")), mteb.get_benchmark("CoIR"))
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.progress import Track, silently
from eval.ranker import Ranker
from eval.retrieval import Document, Pool, Query, Retrieval
from eval.system import System
from eval.vector_cache import VectorCache, digest

if TYPE_CHECKING:
    from codesearch.encoders.protocol import Encoder

Batches = Iterable[Mapping[str, Any]]
"""What mteb's data loader yields: batches with a list of texts under ``text``."""


class MtebEncoder:
    """An encoder for any mteb task: documents are encoded as code, queries (and what is neither) as queries."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb files the results under."""
        return model_meta(self.encoder.name, "dense", self.encoder.dim, self.encoder.max_tokens)

    def encode(self, inputs: Batches, *, prompt_type: Any = None, **_: Any) -> NDArray[np.float32]:
        """Return unit rows ``(texts, dim)``; the other arguments of mteb's protocol do not matter here."""
        as_code = getattr(prompt_type, "value", prompt_type) == "document"
        encode = self.encoder.encode_code if as_code else self.encoder.encode_queries
        rows = [encode(texts(batch)) for batch in inputs]
        return np.concatenate(rows) if rows else np.empty((0, self.encoder.dim), dtype=np.float32)

    def similarity(self, a: Any, b: Any) -> NDArray[np.float32]:
        """Return cosines ``(len(a), len(b))``."""
        product: NDArray[np.float32] = np.asarray(a) @ np.asarray(b).T
        return product

    def similarity_pairwise(self, a: Any, b: Any) -> NDArray[np.float32]:
        """Return cosines ``(len(a),)`` of the rows side by side."""
        sums: NDArray[np.float32] = np.einsum("ij,ij->i", np.asarray(a), np.asarray(b))
        return sums


class MtebSystem:
    """A whole system (encoder, words, fusion, matching head) as one of mteb's search models, for retrieval tasks."""

    def __init__(self, system: System, cache: VectorCache, track: Track = silently) -> None:
        self.system = system
        self.cache = cache
        self.track = track
        self._documents: list[Document] = []

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb files the results under."""
        kinds = {(True, True): "hybrid", (True, False): "dense", (False, True): "sparse"}
        return model_meta(self.system.name, kinds[self.system.encoder is not None, self.system.bm25])

    def index(self, corpus: Iterable[Mapping[str, Any]], **_: Any) -> None:
        """Take the documents: rows with ``id``, ``text`` and perhaps ``title``."""
        self._documents = [Document(str(row["id"]), joined(row)) for row in corpus]

    def search(
        self,
        queries: Iterable[Mapping[str, Any]],
        *,
        top_k: int,
        top_ranked: Mapping[str, Sequence[str]] | None = None,
        **_: Any,
    ) -> dict[str, dict[str, float]]:
        """Return query to document to score for the best ``top_k``, out of ``top_ranked`` only where that is given.

        A query that nothing is found for has an empty mapping: mteb would leave it out of its means if it was missing.
        """
        asked = [Query(str(row["id"]), question(row)) for row in queries]
        found: dict[str, dict[str, float]] = {query.id: {} for query in asked}
        pools = () if top_ranked is None else candidate_pools(asked, self._documents, top_ranked)
        if not asked or not self._documents or (top_ranked is not None and not pools):
            return found
        retrieval = Retrieval("mteb", asked, self._documents, {query.id: {} for query in asked}, pools=pools)
        ranking = Ranker(self.system, self.cache, top_k, self.track).rank(retrieval)
        for query, row, scores in zip(asked, ranking.documents.tolist(), ranking.scores.tolist(), strict=True):
            hits = [(place, score) for place, score in zip(row, scores, strict=True) if place >= 0]
            found[query.id] = {self._documents[place].id: score for place, score in hits}
        return found


def candidate_pools(
    queries: Sequence[Query], documents: Sequence[Document], top_ranked: Mapping[str, Sequence[str]]
) -> tuple[Pool, ...]:
    """Return a pool for each query that has candidates, in the order of the documents, each once."""
    place_of = {document.id: place for place, document in enumerate(documents)}
    return tuple(
        Pool((row,), tuple(sorted({place_of[document] for document in top_ranked[query.id]})))
        for row, query in enumerate(queries)
        if top_ranked.get(query.id)
    )


def texts(batch: Mapping[str, Any]) -> list[str]:
    """Return the texts of one batch."""
    return [str(text) for text in batch["text"]]


def joined(row: Mapping[str, Any]) -> str:
    """Return title and text of a document as mteb joins them for encoders."""
    return f"{row.get('title') or ''} {row['text']}".strip()


def question(row: Mapping[str, Any]) -> str:
    """Return the text of a query as mteb joins it for encoders: the turns of a conversation, and an instruction."""
    text, instruction = row["text"], row.get("instruction")
    if isinstance(text, str):
        return text if instruction is None else f"{text} {instruction}"
    turns = "; ".join(turn if isinstance(turn, str) else f"{turn['role']}: {turn['content']}" for turn in text)
    return turns if instruction is None else f"{instruction} {turns}"


def model_meta(name: str, kind: str, dim: int | None = None, max_tokens: int | None = None) -> Any:
    """Return the ``ModelMeta`` mteb files results under: ``codesearch/NAME``, with the full name in its revision.

    mteb gives results of an equal name and revision from its cache, so the revision ends in a digest of the full name.
    """
    from mteb.models.model_meta import ModelMeta, ScoringFunction

    short = _one_word(name.split("@")[0].split(" ")[0]) or "model"
    return ModelMeta.create_empty(
        {
            "name": f"codesearch/{short}",
            "revision": path_name(name),
            "model_type": [kind],
            "embed_dim": dim,
            "max_tokens": max_tokens or None,
            "similarity_fn_name": ScoringFunction.COSINE if kind == "dense" else None,
        }
    )


def path_name(name: str) -> str:
    """Return a name as part of a path: what can stand there of its beginning, and a digest of all of it."""
    return f"{_one_word(name)[:80]}-{digest(name).hex()[:12]}"


def _one_word(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-")
