"""Several reports side by side, with what is published on the same task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval import markdown
from eval.published import published
from eval.report import Report


@dataclass(frozen=True)
class Table:
    """All systems on one task, split and protocol, by the task's first measure."""

    title: str
    measure: str
    header: list[str]
    rows: list[list[str]]
    sources: list[str]
    """Numbered as the rows refer to them."""

    def to_markdown(self) -> str:
        """Return the table with its sources under it."""
        notes = "\n".join(f"[{number}] {source}  " for number, source in enumerate(self.sources, start=1))
        return f"## {self.title}, {self.measure}\n\n{markdown.table(self.header, self.rows)}\n\n{notes}".rstrip() + "\n"


def tables(reports: Sequence[Report]) -> list[Table]:
    """Group reports by task, split, protocol and form of text, and put published results under each group."""
    groups: dict[tuple[str, str, str, str], list[Report]] = {}
    for report in reports:
        groups.setdefault((report.task, report.split, report.protocol, report.text), []).append(report)
    return [_table(group) for group in groups.values()]


def _table(reports: list[Report]) -> Table:
    first = reports[0]
    measure = next(iter(first.measures))
    labels = list(dict.fromkeys(part.language or part.name for report in reports for part in report.parts))
    several = len(labels) > 1
    columns = [*labels, "mean"] if several else ["mean"]
    rows = []
    for report in sorted(reports, key=lambda report: -report.measures[measure].mean):
        cells = {part.language or part.name: str(part.measures[measure]) for part in report.parts}
        cells["mean"] = str(report.measures[measure])
        sample = f" ({report.limit} queries a part)" if report.limit else ""
        rows.append([report.system["name"] + sample, *[cells.get(column, "") for column in columns], _speed(report)])
    sources: list[str] = []
    for result in published(first.task):
        if (result.measure, result.protocol) != (measure, first.protocol):
            continue
        if result.source not in sources:
            sources.append(result.source)
        cells = {column: f"{value:.3f}" for column, value in result.values.items()}
        of_split = "" if result.split == first.split else f", {result.split} split"
        name = f"published: {result.system} ({result.setting}{of_split}) [{sources.index(result.source) + 1}]"
        rows.append([name, *[cells.get(column, "") for column in columns], ""])
    header = ["system", *columns, "functions/s"]
    return Table(f"{first.title}, texts as {first.text}", measure, header, rows, sources)


def _speed(report: Report) -> str:
    rate = report.speed.code_per_second
    return f"{rate:,.0f}" if rate else ""


def write_tables(reports: Sequence[Report], folder: Path) -> None:
    """Write ``table.md`` and, for each group of several systems, its pictures."""
    from eval.plots import language_bars, quality_against_speed, recall_curves

    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(table.to_markdown() for table in tables(reports))
    groups: dict[str, list[Report]] = {}
    for report in reports:
        groups.setdefault(f"{report.task}-{report.split}-{report.protocol}".replace(" ", "-"), []).append(report)
    for name, group in groups.items():
        quality_against_speed(group, folder / f"{name}-speed.png")
        text += f"\n![quality against speed]({name}-speed.png)\n"
        if all(part.recall_at for report in group for part in report.parts):
            recall_curves(group, folder / f"{name}-recall.png")
            text += f"![recall@k]({name}-recall.png)\n"
        if len(group[0].parts) > 1:
            language_bars(group, folder / f"{name}-parts.png")
            text += f"![each part]({name}-parts.png)\n"
    (folder / "table.md").write_text(text, encoding="utf-8")
