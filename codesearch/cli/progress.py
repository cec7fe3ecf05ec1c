"""Progress of long work: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

_QUICK_SECONDS = 0.3


class TerminalProgress:
    """Shows each stage with its rate and the time left, once it has taken a moment."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._stage = ("", 0)
        self._done = 0
        self._stage_started = self._started

    def __enter__(self) -> TerminalProgress:
        """Begin; nothing is drawn yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()

    def stage(self, name: str, total: int) -> None:
        """A new stage of ``total`` steps begins."""
        self._stage, self._done, self._stage_started = (name, total), 0, time.monotonic()
        if self._bar is not None:
            self._bar.reset(self._task, total=total, description=name)

    def advance(self, steps: int) -> None:
        """Some steps are done."""
        self._done += steps
        if self._shown and self._bar is None and time.monotonic() - self._started > _QUICK_SECONDS:
            self._draw()
        if self._bar is not None:
            rate = self._done / max(time.monotonic() - self._stage_started, 1e-3)
            self._bar.update(self._task, completed=self._done, rate=f"{rate:,.0f}/s")

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self._stage[0], total=self._stage[1], rate="")
        self._bar.start()
