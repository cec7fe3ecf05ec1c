"""One result of a search."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hit:
    """A function that answers a query; the fields and their order are the ones of ``search --json``."""

    rank: int
    """From 1."""
    score: float
    """Higher is better; comparable within one search only."""
    repo: str
    path: str
    """Relative to the searched root, with ``/``."""
    start_line: int
    """1-based and inclusive, like ``end_line``."""
    end_line: int
    language: str
    kind: str
    name: str
    qualified_name: str
    signature: str
    snippet: str

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of this hit."""
        return asdict(self)
