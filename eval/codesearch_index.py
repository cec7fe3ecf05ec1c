"""The product itself as what is evaluated: ``codesearch.CodeIndex``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.download import data_cache
from eval.repo_search import Hit, K

if TYPE_CHECKING:
    from codesearch.encoders.protocol import Encoder
    from codesearch.matching.protocol import Matcher


@dataclass(frozen=True)
class SearchedIndex:
    """An index with the way it is searched."""

    index: Any
    matcher: Matcher | None

    @property
    def functions(self) -> int:
        """How many functions it holds."""
        return int(self.index.store.count("functions"))

    def search(self, query: str, k: int = K) -> Sequence[Hit]:
        """Return the best ``k`` hits, best first."""
        hits: Sequence[Hit] = self.index.search(query, k=k, rerank=self.matcher or False)
        return hits


def builder(encoder: Encoder, matcher: Matcher | None) -> Callable[[Path], SearchedIndex]:
    """Return what builds the index of a folder. Indexes are kept apart from those of the user."""
    from codesearch import CodeIndex

    def build(folder: Path) -> SearchedIndex:
        return SearchedIndex(CodeIndex.build(folder, encoder=encoder, index_dir=data_cache() / "indexes"), matcher)

    return build


def search_system(encoder: Encoder, matcher: Matcher | None) -> dict[str, Any]:
    """Return what the search depends on, for the report."""
    head = {"matching_head": matcher.name} if matcher else {}
    name = f"codesearch with {encoder.name}" + (f" > {matcher.name}" if matcher else "")
    return {"name": name, "encoder": encoder.name, "dimensions": encoder.dim, "max_tokens": encoder.max_tokens, **head}
