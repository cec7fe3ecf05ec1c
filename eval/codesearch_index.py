"""The product itself as what is evaluated: ``codesearch.CodeIndex``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.repo_search import Hit, K


@dataclass(frozen=True)
class SearchedIndex:
    """An index with the way it is searched."""

    index: Any
    rerank: bool

    def search(self, query: str, k: int = K) -> Sequence[Hit]:
        """Return the best ``k`` hits, best first."""
        hits: Sequence[Hit] = self.index.search(query, k=k, rerank=self.rerank)
        return hits


def builder(encoder: str, rerank: bool) -> Callable[[Path], SearchedIndex]:
    """Return what builds the index of a folder."""
    from codesearch import CodeIndex

    def build(folder: Path) -> SearchedIndex:
        return SearchedIndex(CodeIndex.build(folder, encoder=encoder), rerank)

    return build


def search_system(encoder: str, rerank: bool) -> dict[str, Any]:
    """Return what the search depends on, for the report."""
    from codesearch import load_encoder

    loaded = load_encoder(encoder)
    head = {"matching_head": "default"} if rerank else {}
    name = f"codesearch with {loaded.name}" + (" > matching head" if rerank else "")
    return {"name": name, "encoder": loaded.name, "dimensions": loaded.dim, "max_tokens": loaded.max_tokens, **head}
