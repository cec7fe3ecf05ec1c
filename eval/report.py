"""What one evaluation found and all that is needed to judge it or make it again."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from eval.errors import DataError
from eval.intervals import Estimate
from eval.machine import machine
from eval.ranker import Speed
from eval.ranking import TIES

RANK_BINS = ((1, 1), (2, 3), (4, 10), (11, 30), (31, 100), (101, 300), (301, 1000))
"""Bins of the rank histogram, both ends inclusive; what is not in the ranking has a bin of its own."""


@dataclass(frozen=True)
class Lengths:
    """How long the texts are, and how much of them was read."""

    texts: int
    mean_characters: float
    longest_characters: int
    limit: str
    """What the system reads at most, in words."""
    truncated: int | None
    """How many texts are longer than that; None when the encoder cannot count its tokens."""


@dataclass(frozen=True)
class PartResult:
    """The result on one collection (one language, one repository)."""

    name: str
    language: str
    queries: int
    documents: int
    depth: int
    """Documents kept for each query; what lies deeper counts as not found."""
    checksum: str
    counts: dict[str, int]
    measures: dict[str, Estimate]
    recall_at: dict[int, float]
    ranks: list[int]
    """How many first right answers fall into each of ``RANK_BINS``, and last how many were not found."""
    lengths: dict[str, Lengths]


@dataclass(frozen=True)
class Report:
    """One task, one system."""

    task: str
    meaning: str
    version: str
    paper: str
    protocol: str
    split: str
    text: str
    """``source`` or ``tokens``: the form of the texts."""
    system: dict[str, Any]
    measures: dict[str, Estimate]
    """Means with 95 % bootstrap intervals."""
    parts: list[PartResult]
    speed: Speed
    limit: int | None
    seed: int
    ties: str = TIES
    date: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))
    machine: str = field(default_factory=machine)
    command: str = ""
    software: dict[str, str] = field(default_factory=lambda: software())
    mean_over: str = "parts"
    """What ``measures`` is the mean over: the parts' means, or all ``queries``."""
    breakdown: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    """Measures of other groups of queries, where the task has any: a language, a category."""

    remake: str = "Every number can be made again from the run files: `ir_measures PART.qrels PART.run RR nDCG@10`."
    """How the numbers are made again from the files beside the report."""

    @property
    def depth(self) -> str:
        """Documents kept for each query, of all parts in words."""
        return ", ".join(f"{depth:,}" for depth in sorted({part.depth for part in self.parts}))

    @property
    def title(self) -> str:
        """Task, split and protocol on one line."""
        return f"{self.task} {self.split}, protocol {self.protocol}"

    def to_json(self) -> str:
        """Return the report as JSON with stable field names."""
        return json.dumps(asdict(self), indent=1)


def report_folders(output: Path) -> list[Path]:
    """Return where the reports of an ``--output`` are: one folder for each system, where several were evaluated."""
    if not output.is_dir() or (output / "report.json").exists():
        return [output]
    return sorted(path.parent for path in output.glob("*/report.json")) or [output]


def read_report(folder: Path) -> Report:
    """Read ``report.json`` of a folder that ``--output`` wrote."""
    path = folder / "report.json" if folder.is_dir() else folder
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        parts = [
            PartResult(
                **{
                    **part,
                    "measures": _estimates(part["measures"]),
                    "recall_at": {int(k): v for k, v in part["recall_at"].items()},
                    "lengths": {side: Lengths(**lengths) for side, lengths in part["lengths"].items()},
                }
            )
            for part in value["parts"]
        ]
        speed = Speed(**value["speed"])
        breakdown = {group: _estimates(measures) for group, measures in value["breakdown"].items()}
        measures = _estimates(value["measures"])
        return Report(**{**value, "parts": parts, "measures": measures, "speed": speed, "breakdown": breakdown})
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); give a folder that --output wrote") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a report of this version ({error}); run the evaluation again") from error


def _estimates(value: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    return {measure: Estimate(**numbers) for measure, numbers in value.items()}


def rank_histogram(ranks: Sequence[int | None]) -> list[int]:
    """Return how many ranks fall into each of ``RANK_BINS``; the last number is of those not found."""
    bins: Counter[int] = Counter()
    for rank in ranks:
        place = next((i for i, (low, high) in enumerate(RANK_BINS) if rank and low <= rank <= high), len(RANK_BINS))
        bins[place] += 1
    return [bins[place] for place in range(len(RANK_BINS) + 1)]


def software() -> dict[str, str]:
    """Return the versions that numbers can depend on."""
    from importlib import metadata

    packages = ("codesearch", "ir_measures", "pytrec-eval-terrier", "faiss-cpu", "numpy", "torch", "onnxruntime")
    found = {package: one.version for package in packages for one in metadata.Distribution.discover(name=package)}
    return {"python": platform.python_version(), **found}
