"""How much of a root an index can find: all of it, except while a run is under way or was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.store import Store


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run has done so far."""

    files: int
    pending: int
    """Files that are still to be read."""
    functions: int
    unencoded: int
    """Functions without a vector."""
    words: int | None
    """Functions in the word index; None while there is none."""

    @classmethod
    def of(cls, store: Store, encoder_id: int, words: int | None) -> Coverage:
        """Count what is stored and what the encoder has encoded."""
        with store.reading():
            return cls(
                files=store.count("files"),
                pending=int(store.meta("pending") or 0),
                functions=store.count("functions"),
                unencoded=store.count_unencoded(encoder_id),
                words=words,
            )

    @property
    def finds_something(self) -> bool:
        """Whether there is a function that words or vectors can find; at first a run has stored none."""
        return bool(self.words) or self.functions > self.unencoded

    def note(self, why: str) -> str:
        """A line for the user."""
        by = "only by their meaning" if self.words is None else f"{self.unencoded} functions only by their words"
        return f"{why}: {self.files} of {self.files + self.pending} files can be found so far, {by}"


def passes_over(store: Store, under: str) -> bool:
    """Whether an index is complete and has nothing of a folder or file below its root."""
    with store.reading():
        return bool(under) and not int(store.meta("pending") or 0) and not store.has_files_below(under)
