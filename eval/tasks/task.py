"""What a benchmark task declares about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from eval.records import Reader
from eval.retrieval import Retrieval


@dataclass(frozen=True)
class Source:
    """Where and how a task reads its data."""

    data: Path | None = None
    """A local file or folder; None downloads to the cache where the task can."""
    split: str | None = None
    """One of the task's splits; None is its first."""
    protocol: str | None = None
    """One of the task's protocols; None is its first."""
    languages: tuple[str, ...] = ()
    """Only these; empty is all that are there."""
    text: str | None = None
    """One of the task's forms of text; None is its first."""
    skip_damaged: bool = False
    """Leave damaged records out and count them; the default refuses them."""

    def reader(self) -> Reader:
        """Return a reader with a count of its own."""
        return Reader(skip_damaged=self.skip_damaged)


class Task(ABC):
    """A text-to-code benchmark. To add one: a file with a subclass, and a line in ``eval/tasks/__init__.py``."""

    name: ClassVar[str]
    meaning: ClassVar[str]
    """One sentence."""
    version: ClassVar[str]
    """Which release of the data; the checksum in a report says whether it is really that."""
    paper: ClassVar[str]
    layout: ClassVar[str]
    """How ``DATA`` must look."""
    splits: ClassVar[tuple[str, ...]] = ("test",)
    protocols: ClassVar[tuple[str, ...]] = ("full",)
    texts: ClassVar[tuple[str, ...]] = ("source",)
    """Which forms of the texts there are; the first is what papers feed their models."""
    by_language: ClassVar[bool] = False
    """Whether the languages are collections of their own, of which some can be chosen."""
    measures: ClassVar[tuple[str, ...]] = (
        "RR", "nDCG@10", "Success@1", "Success@5", "Success@10", "R@1", "R@10", "R@100", "AP",
    )  # fmt: skip
    """In the notation of ir_measures; the first is the one papers report."""

    @abstractmethod
    def read(self, source: Source) -> Iterator[Retrieval]:
        """Yield the collections of the task, one at a time: one per language where there are several.

        Raises :class:`eval.errors.DataError` for data that is missing or damaged.
        """
