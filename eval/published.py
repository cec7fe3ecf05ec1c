"""Results from papers and repositories, kept as data with their sources (``published.json``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("published.json")


@dataclass(frozen=True, slots=True)
class Published:
    """One system's result as its source states it; shares, not per cent."""

    task: str
    split: str
    protocol: str
    measure: str
    setting: str
    """Zero-shot, trained on the task, or how the data differ from ours."""
    source: str
    system: str
    values: dict[str, float]
    """Language to value; ``mean`` is the overall number."""


def published(task: str) -> list[Published]:
    """Return what is published on a task."""
    tables = json.loads(FILE.read_text(encoding="utf-8"))
    return [
        Published(**{key: table[key] for key in table if key != "results"}, system=system, values=values)
        for table in tables
        if table["task"] == task
        for system, values in table["results"].items()
    ]
