"""Reports as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from eval.report import Report


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [list(header), ["---", *["---:"] * (len(header) - 1)], *map(list, rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def report_page(report: Report, plots: dict[str, str], worst: str | None) -> str:
    """Return ``report.md``; ``plots`` maps files to their captions, ``worst`` is the page of the worst queries."""
    measures = list(report.measures)
    rows = [
        [part.name, f"{part.queries:,}", f"{part.documents:,}", *[str(part.measures[m]) for m in measures]]
        for part in report.parts
    ]
    if len(report.parts) > 1:
        rows.append([f"mean over {report.mean_over}", "", "", *[str(report.measures[m]) for m in measures]])
    rows += [[group, "", "", *[str(values[m]) for m in measures]] for group, values in report.breakdown.items()]
    sections = [
        f"# {report.title}: {report.system['name']}",
        report.meaning,
        table(["part", "queries", "functions", *measures], rows),
        _how_measured(report),
        "\n".join(
            [*(f"![{caption}]({file})" for file, caption in plots.items())]
            + ([f"\n[The worst queries]({worst})"] if worst else [])
        ),
        "## System",
        _facts({key: value for key, value in report.system.items() if value is not None}),
        "## Speed",
        _facts({_words(key): f"{value:,.2f}" for key, value in vars(report.speed).items() if value is not None}),
        "## Data",
        table(
            ["part", "checksum (SHA-256)", "left out or merged"],
            [
                [part.name, part.checksum[:16], "; ".join(f"{v:,} {k}" for k, v in part.counts.items()) or "nothing"]
                for part in report.parts
            ],
        ),
        table(
            ["part", "texts", "mean characters", "longest", "reads", "cut off"],
            [
                [
                    f"{part.name} {side}",
                    f"{lengths.texts:,}",
                    f"{lengths.mean_characters:,.0f}",
                    f"{lengths.longest_characters:,}",
                    lengths.limit,
                    "not counted" if lengths.truncated is None else f"{lengths.truncated:,}",
                ]
                for part in report.parts
                for side, lengths in part.lengths.items()
            ],
        ),
        "## Made by",
        _facts(
            {
                "task version": report.version,
                "paper": report.paper,
                "date": report.date,
                "machine": report.machine,
                "command": f"`{report.command}`" if report.command else "Python",
                "software": ", ".join(f"{name} {version}" for name, version in report.software.items()),
            }
        ),
    ]
    return "\n\n".join(sections) + "\n"


def _how_measured(report: Report) -> str:
    sample = f"A sample of at most {report.limit} queries a part, seed {report.seed}. " if report.limit else ""
    return (
        f"Protocol {report.protocol}, texts as {report.text}. Means with 95 % bootstrap intervals over queries. "
        f"Depth {report.depth}: what lies deeper counts as not found. Ties: {report.ties}. {sample}{report.remake}"
    )


def _facts(facts: dict[str, object]) -> str:
    return "\n".join(f"- {_words(key)}: {value}" for key, value in facts.items())


def _words(name: str) -> str:
    return name.replace("_", " ")
