"""Reports, tables and comparisons on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as RichTable

from eval.compare import Comparison
from eval.report import Report

PIPE_WIDTH = 200
SHOWN_DIFFERENCES = 10


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Print one table; the first column is text, the others are numbers."""
    table = RichTable(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = _console()
    console.print(table)
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)


def print_report(report: Report) -> None:
    """Print one report: the measures of every part, then what stands behind them."""
    rows = [
        [measure, *[str(part.measures[measure]) for part in report.parts]]
        + ([str(report.measures[measure])] if len(report.parts) > 1 else [])
        + [str(values[measure]) for values in report.breakdown.values()]
        for measure in report.measures
    ]
    mean = [f"mean over {report.mean_over}"] if len(report.parts) > 1 else []
    header = ["measure", *[part.name for part in report.parts], *mean, *report.breakdown]
    if len(header) > 4:
        rows = [list(column) for column in zip(header, *rows, strict=True)]
        header, rows = rows[0], rows[1:]
    notes = [
        f"{report.title}, texts as {report.text}, system {report.system['name']}",
        f"{sum(part.queries for part in report.parts):,} queries, depth {report.depth}; {report.ties}; "
        "in brackets the 95 % bootstrap interval",
        *[f"{part.name}: {count:,} {what}" for part in report.parts for what, count in part.counts.items()],
    ]
    speed = [f"{value:,.1f} {name.replace('_', ' ')}" for name, value in vars(report.speed).items() if value]
    print_table(report.title, header, rows, [*notes, *(["speed: " + ", ".join(speed)] if speed else [])])


def print_comparison(comparison: Comparison, a: str, b: str) -> None:
    """Print the difference, its p value and the queries that decide it."""
    rows = [["A", a, str(comparison.a)], ["B", b, str(comparison.b)], ["B - A", "", str(comparison.difference)]]
    print_table(
        comparison.measure,
        ["run", "", comparison.measure],
        rows,
        [
            f"paired randomisation test: p = {comparison.p:.4f}; "
            f"B wins {len(comparison.wins)}, loses {len(comparison.losses)}, ties {comparison.ties}",
        ],
    )
    for title, differences in (("B wins", comparison.wins), ("B loses", comparison.losses)):
        if differences:
            shown = [[d.query, f"{d.a:.3f}", f"{d.b:.3f}"] for d in differences[:SHOWN_DIFFERENCES]]
            more = len(differences) - len(shown)
            print_table(title, ["query", "A", "B"], shown, [f"and {more} more: --json lists all"] if more else [])
