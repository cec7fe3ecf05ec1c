"""What the parts of several reports are called side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from eval.report import Report


def part_labels(reports: Sequence[Report]) -> dict[str, str]:
    """Return the label of each part by its name, in the order of the reports.

    A part is called by its language, and by its name where it has none or where it is not the only one of it.
    """
    names: defaultdict[str, set[str]] = defaultdict(set)
    for report in reports:
        for part in report.parts:
            names[part.language].add(part.name)
    return {
        part.name: part.language if part.language and len(names[part.language]) == 1 else part.name
        for report in reports
        for part in report.parts
    }


def parts_of(report: Report) -> frozenset[str]:
    """Return the names of the parts that a report covers."""
    return frozenset(part.name for part in report.parts)
