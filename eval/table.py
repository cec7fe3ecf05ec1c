"""Several reports side by side, with what is published on the same task."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval import markdown
from eval.errors import writing_to
from eval.labels import part_labels, parts_of
from eval.published import Published, published
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
    """Put reports that can be compared side by side, with published results under each group."""
    groups = _groups(reports)
    return [_table(group, number) for group, number in zip(groups, _numbers(groups), strict=True)]


def _groups(reports: Sequence[Report]) -> list[list[Report]]:
    """Group reports by task, split, protocol, form of text and first measure, and apart where their data differ."""
    groups: list[list[Report]] = []
    for report in reports:
        alike = (group for group in groups if _key(group[0]) == _key(report))
        fitting = next((group for group in alike if all(_same_data(report, other) for other in group)), None)
        if fitting is None:
            groups.append([report])
        else:
            fitting.append(report)
    return groups


def _key(report: Report) -> tuple[str, ...]:
    return (report.task, report.split, report.protocol, report.text, _measure(report))


def _same_data(a: Report, b: Report) -> bool:
    """Whether no part of both has two checksums; each sample has its own, and a ranking that was given has none."""
    if a.limit != b.limit or (a.limit and a.seed != b.seed):
        return True
    checksums = {part.name: part.checksum for part in b.parts}
    pairs = ((part.checksum, checksums.get(part.name)) for part in a.parts)
    return all(one == other for one, other in pairs if one and other)


def _numbers(groups: Sequence[Sequence[Report]]) -> list[int]:
    """Return what tells each group from others that differ in their data only, from 1 on; 0 where there are none."""
    keys = [_key(group[0]) for group in groups]
    return [keys[:place].count(key) + 1 if keys.count(key) > 1 else 0 for place, key in enumerate(keys)]


def _measure(report: Report) -> str:
    return next(iter(report.measures))


def _table(reports: list[Report], number: int) -> Table:
    first = reports[0]
    measure = _measure(first)
    labels = part_labels(reports)
    compared = _compared(reports)
    # The one collection of cosqa is cosqa-test: the title has said that.
    in_title = [*labels] == [f"{first.task}-{first.split}"]
    columns = [] if in_title else [*labels]
    with_mean = in_title or len(compared) > 1
    rows = []
    for report in _sorted(reports, measure, [*labels], compared):
        cells = {part.name: str(part.measures[measure]) for part in report.parts}
        mean = str(report.measures[measure]) if cells.keys() == compared else ""
        sample = f" ({report.limit} queries a part)" if report.limit else ""
        name = report.system["name"] + sample
        rows.append([name, *[cells.get(part, "") for part in columns], *[mean] * with_mean, _speed(report)])
    sources: list[str] = []
    for result in published(first.task):
        if (result.measure, result.protocol) != (measure, first.protocol):
            continue
        values = [result.values.get(labels[part]) for part in columns]
        values += [_published_mean(result, {labels[part] for part in compared})] * with_mean
        if all(value is None for value in values):
            continue
        if result.source not in sources:
            sources.append(result.source)
        of_split = "" if result.split == first.split else f", {result.split} split"
        name = f"published: {result.system} ({result.setting}{of_split}) [{sources.index(result.source) + 1}]"
        rows.append([name, *["" if value is None else f"{value:.3f}" for value in values], ""])
    header = ["system", *[labels[part] for part in columns], *["mean"] * with_mean, "functions/s"]
    data = f", data {number}" if number else ""
    return Table(f"{first.title}, texts as {first.text}{data}", measure, header, rows, sources)


def _compared(reports: Sequence[Report]) -> frozenset[str]:
    """Return the parts whose mean is shown: the most that a report covers, of equally many those of most reports."""
    covered = Counter(parts_of(report) for report in reports)
    return max(covered, key=lambda parts: (len(parts), covered[parts]))


def _sorted(reports: Sequence[Report], measure: str, columns: Sequence[str], compared: frozenset[str]) -> list[Report]:
    """Return the reports that have a mean, then the others by what they cover; of equal parts the best first."""

    def order(report: Report) -> tuple[bool, int, list[int], float]:
        parts = parts_of(report)
        places = sorted(columns.index(part) for part in parts)
        return parts != compared, -len(parts), places, -report.measures[measure].mean

    return sorted(reports, key=order)


def _published_mean(result: Published, labels: set[str]) -> float | None:
    """Return the mean if it is of the same parts; one that names none says in its setting what it is of."""
    own = result.values.keys() - {"mean"}
    return result.values.get("mean") if not own or own == labels else None


def _speed(report: Report) -> str:
    rate = report.speed.code_per_second
    return f"{rate:,.0f}" if rate else ""


def write_tables(reports: Sequence[Report], folder: Path) -> None:
    """Write ``table.md`` and the pictures of each group."""
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join(table.to_markdown() for table in tables(reports))
        groups = _groups(reports)
        for name, group in zip(_picture_names(groups), groups, strict=True):
            text += _pictures(name, group, folder)
        (folder / "table.md").write_text(text, encoding="utf-8")


def _pictures(name: str, group: Sequence[Report], folder: Path) -> str:
    """Draw the pictures of a group and return the lines that show them."""
    from eval.plots import language_bars, quality_against_speed, recall_curves

    quality_against_speed(group, folder / f"{name}-speed.png")
    text = f"\n![quality against speed]({name}-speed.png)\n"
    if all(part.recall_at for report in group for part in report.parts):
        recall_curves(group, folder / f"{name}-recall.png")
        text += f"![recall@k]({name}-recall.png)\n"
    if len(part_labels(group)) > 1:
        language_bars(group, folder / f"{name}-parts.png")
        text += f"![each part]({name}-parts.png)\n"
    return text


def _picture_names(groups: Sequence[Sequence[Report]]) -> list[str]:
    """Name each group by task, split and protocol, and where these are not enough by texts, measure and number."""
    short = [f"{group[0].task}-{group[0].split}-{group[0].protocol}" for group in groups]
    names = [
        name
        if short.count(name) == 1
        else f"{name}-{group[0].text}-{_measure(group[0])}" + (f"-{number}" if number else "")
        for name, group, number in zip(short, groups, _numbers(groups), strict=True)
    ]
    # A bracket in a name would end its link in Markdown.
    return [re.sub(r"[\s()/]+", "-", name) for name in names]
