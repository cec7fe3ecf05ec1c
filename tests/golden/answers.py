"""Golden answers: what the search says about a fixed corpus, one text file a query.

A file begins with two lines that people write, ``query`` and ``wanted`` (the path and the name of the function that
answers it). Below them ``update.py`` writes ``rank`` (of the wanted function) and the ranked answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codesearch import CodeIndex, Hit

FOLDER = Path(__file__).parent
CORPUS = FOLDER / "corpus"
ANSWERS = FOLDER / "answers"
DEPTH = 10
"""How far down the wanted function is looked for."""
SHOWN = 5
"""How many answers a file holds: the further ones of so small a corpus are chance."""


@dataclass(frozen=True)
class Case:
    """One query and the function that should be found first."""

    file: Path
    query: str
    wanted: str
    """Path and qualified name, with a space between them."""

    @classmethod
    def read(cls, file: Path) -> Case:
        query, wanted = file.read_text("utf-8").splitlines()[:2]
        return cls(file, query.removeprefix("query: "), wanted.removeprefix("wanted: "))

    def rank(self, hits: Sequence[Hit]) -> int | None:
        """The rank of the wanted function, None if it is not among the hits."""
        return next((hit.rank for hit in hits if f"{hit.path} {hit.qualified_name}" == self.wanted), None)

    def text(self, hits: Sequence[Hit]) -> str:
        """What the file is to hold."""
        head = f"query: {self.query}\nwanted: {self.wanted}\nrank: {self.rank(hits) or 'none'}\n\n"
        return head + "".join(
            f"{hit.rank:>2} {hit.path}:{hit.start_line} {hit.kind} {hit.qualified_name}\n" for hit in hits[:SHOWN]
        )


def cases() -> list[Case]:
    """Every query, by the name of its file."""
    return [Case.read(file) for file in sorted(ANSWERS.glob("*.txt"))]


def ask(index: CodeIndex, case: Case) -> list[Hit]:
    """The hits of one query."""
    return index.search(case.query, k=DEPTH)
