"""One result of a search."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.records import FunctionRow


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

    @classmethod
    def of(cls, row: FunctionRow, rank: int, score: float, repo: str) -> Hit:
        """A stored function as a result."""
        return cls(
            rank,
            round(score, 4),
            repo,
            row.path,
            row.start_line,
            row.end_line,
            row.language,
            row.kind,
            row.name,
            row.qualified_name,
            row.signature,
            row.text,
        )

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of this hit."""
        return asdict(self)
