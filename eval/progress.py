"""A bar with rate and time left on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Goes through items and shows how far it is."""

    def __call__(self, items: Sequence[T], label: str, weights: Sequence[int] | None = None) -> Iterator[T]:
        """Yield the items; ``weights`` counts each as several."""


def silently(items: Sequence[T], label: str, weights: Sequence[int] | None = None) -> Iterator[T]:
    """Yield the items and show nothing."""
    yield from items


def with_bar(items: Sequence[T], label: str, weights: Sequence[int] | None = None) -> Iterator[T]:
    """Yield the items and show a bar on standard error, when that is a terminal and there is anything to do."""
    if not items or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=sum(weights) if weights else len(items), rate="")
        for item, weight in zip(items, weights or [1] * len(items), strict=True):
            yield item
            progress.advance(task, weight)
            speed = progress.tasks[task].speed
            progress.update(task, rate=f"{speed:,.1f}/s" if speed else "")
