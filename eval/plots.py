"""Pictures of reports, as PNG files. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eval.errors import EvalError
from eval.labels import part_labels, parts_of
from eval.report import RANK_BINS, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0b6e99", "#d9730d", "#4d7c3a", "#9a3b6a", "#6b5b95", "#8a6d1d", "#3f4b57", "#c0392b")
NAMED_PARTS = 3


def recall_curves(reports: Sequence[Report], path: Path) -> None:
    """Draw recall@k against k, one line a system; recall is the mean over the parts."""
    figure, axes = _axes("k (logarithmic)", "recall@k", (6.4, 4.2))
    ticks: set[int] = set()
    for report, name, colour in zip(reports, _names(reports), _colours(len(reports)), strict=True):
        # A small collection is not ranked as deep as a large one.
        depths = [k for k in report.parts[0].recall_at if all(k in part.recall_at for part in report.parts)]
        ticks.update(depths)
        means = [float(np.mean([part.recall_at[k] for part in report.parts])) for k in depths]
        axes.plot(depths, means, marker="o", markersize=4, color=colour, label=name)
        if len(reports) == 1:
            for k, mean in zip(depths, means, strict=True):
                axes.annotate(f"{mean:.2f}", (k, mean), textcoords="offset points", xytext=(0, 6), ha="center", size=8)
    axes.set_xscale("log")
    axes.set_xticks(sorted(ticks), [str(k) for k in sorted(ticks)])
    axes.minorticks_off()
    axes.set_ylim(0, 1.05)
    _save(figure, axes, reports[0].title, path)


def rank_bars(report: Report, path: Path) -> None:
    """Draw how many first right answers fall into each bin of ranks."""
    figure, axes = _axes("rank of the first right answer", "queries", (6.4, 3.6))
    counts = np.sum([part.ranks for part in report.parts], axis=0)
    labels = [str(low) if low == high else f"{low}-{high}" for low, high in RANK_BINS] + ["not found"]
    axes.tick_params(axis="x", labelsize=8)
    bars = axes.bar(labels, counts, color=[COLOURS[0]] * len(RANK_BINS) + [COLOURS[7]])
    axes.bar_label(bars, [f"{count:,} ({count / counts.sum():.0%})" for count in counts], size=8, padding=2)
    axes.margins(y=0.12)
    _save(figure, axes, f"{report.title}: {short_name(report)}", path)


def language_bars(reports: Sequence[Report], path: Path) -> None:
    """Draw the first measure of each part with its 95 % interval, one colour a system."""
    measure = next(iter(reports[0].measures))
    labels = part_labels(reports)
    place = {part: number for number, part in enumerate(labels)}
    figure, axes = _axes("", f"{measure} with 95 % interval", (max(6.4, 1.1 * len(labels) * len(reports) ** 0.5), 4))
    width = 0.8 / len(reports)
    for number, (report, name, colour) in enumerate(zip(reports, _names(reports), _colours(len(reports)), strict=True)):
        estimates = [part.measures[measure] for part in report.parts]
        places = np.array([place[part.name] for part in report.parts]) + (number - (len(reports) - 1) / 2) * width
        means = np.array([e.mean for e in estimates])
        spread = np.abs([[e.mean - e.low for e in estimates], [e.high - e.mean for e in estimates]])
        bars = axes.bar(places, means, width * 0.92, yerr=spread, capsize=3, color=colour, label=name)
        if len(reports) <= 3:
            axes.bar_label(bars, [f"{mean:.2f}" for mean in means], label_type="center", color="white", size=8)
    axes.set_xticks(range(len(labels)), [*labels.values()], rotation=20 if len(labels) > 6 else 0)
    axes.set_ylim(0, 1)
    _save(figure, axes, reports[0].title, path)


def quality_against_speed(reports: Sequence[Report], path: Path) -> None:
    """Draw the first measure against functions encoded a second, or against queries answered where nothing says that.

    A system without an encoder has nothing to encode and stands at the right edge.
    """
    measure = next(iter(reports[0].measures))
    rates = [report.speed.code_per_second for report in reports]
    label = "functions encoded a second (logarithmic)"
    if not any(rates):
        rates = [1000 / report.speed.latency_ms if report.speed.latency_ms else None for report in reports]
        label = "queries answered a second (logarithmic)"
    known = [rate for rate in rates if rate] or [1000.0]
    edge = max(known) * 10
    figure, axes = _axes(label, measure, (6.4, 4.2))
    for report, name, rate, colour in zip(reports, _names(reports), rates, _colours(len(reports)), strict=True):
        value = report.measures[measure]
        spread = [[value.mean - value.low], [value.high - value.mean]]
        axes.errorbar([rate or edge], [value.mean], spread, fmt="o", capsize=3, color=colour)
        note = name + ("" if rate else " (nothing to encode)")
        left = (rate or edge) > (min(known) * edge) ** 0.5
        place = {"xytext": (-7, 5), "ha": "right"} if left else {"xytext": (7, 5)}
        axes.annotate(note, (rate or edge, value.mean), textcoords="offset points", size=8, **place)
    axes.set_xscale("log")
    axes.set_xlim(min(known) / 3, edge * 3)
    axes.xaxis.set_minor_formatter("")
    axes.margins(y=0.15)
    _save(figure, axes, reports[0].title, path)


def short_name(report: Report) -> str:
    """Return a name that fits a legend: without what stands in brackets and without digests."""
    words = report.system["name"].replace("@", " ").split(" (")[0].split()
    head = " + matching head" if report.system.get("matching_head") else ""
    fused = " + bm25" if report.system.get("fusion") else ""
    return (words[0].rsplit("/", 1)[-1] if words else "?")[:40] + fused + head


def _names(reports: Sequence[Report]) -> list[str]:
    """Return short names; where the reports do not cover the same parts, each says of which its mean is."""
    names = [short_name(report) for report in reports]
    if len({parts_of(report) for report in reports}) == 1:
        return names
    labels = part_labels(reports)
    own = [[labels[part.name] for part in report.parts] for report in reports]
    return [
        f"{name}, {', '.join(parts) if len(parts) <= NAMED_PARTS else f'{len(parts)} parts'}"
        for name, parts in zip(names, own, strict=True)
    ]


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def _axes(x: str, y: str, size: tuple[float, float]) -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise EvalError("plots need matplotlib: pip install '.[eval]' in codesearch's source folder") from error
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(axis="y", color="#dde2e7", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, axes: Axes, title: str, path: Path) -> None:
    axes.set_title(title, loc="left", size=10)
    if len(axes.get_legend_handles_labels()[0]) > 1:
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)
