"""Reports as an evaluation would write them, with numbers to choose."""

from __future__ import annotations

from eval.intervals import Estimate
from eval.ranker import Speed
from eval.report import PartResult, Report


def part(name, value, language="", measures=("RR",), recall_at=(1, 10)):
    return PartResult(
        name=name,
        language=language,
        queries=10,
        documents=100,
        depth=100,
        checksum="0" * 64,
        counts={},
        measures={measure: Estimate(value, value, value) for measure in measures},
        recall_at=dict.fromkeys(recall_at, value),
        ranks=[],
        lengths={},
    )


def report(system, *parts, task="csn", protocol="full", text="tokens"):
    """A report over these parts; its overall numbers are the means of theirs."""
    means = {m: sum(part.measures[m].mean for part in parts) / len(parts) for m in parts[0].measures}
    return Report(
        task=task,
        meaning="",
        version="",
        paper="",
        protocol=protocol,
        split="test",
        text=text,
        system={"name": system},
        measures={measure: Estimate(mean, mean, mean) for measure, mean in means.items()},
        parts=list(parts),
        speed=Speed(),
        limit=None,
        seed=0,
    )


def csn(system, measures=("RR",), text="tokens", **values):
    """A report of CodeSearchNet with one value a language."""
    parts = [part(f"csn-{language}-test", value, language, measures) for language, value in values.items()]
    return report(system, *parts, text=text)
