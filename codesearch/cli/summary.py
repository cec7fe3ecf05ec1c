"""What an index run did, in a line or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from indexer.paths import display_path

if TYPE_CHECKING:
    from codesearch.engine import CodeIndex
    from indexer.skip import Skipped


def print_summary(path: str, index: CodeIndex, verbose: bool) -> None:
    """Print what was read and encoded, and with ``verbose`` what was skipped."""
    functions = index.store.count("functions")
    report = index.report
    if report is None:
        typer.echo(f"{path}: up to date, {functions:,} functions")
    else:
        typer.echo(
            f"{path}: {functions:,} functions in {index.store.count_indexed_files():,} files; "
            f"read {report.read:,} files, encoded {report.encoded:,} functions in {report.seconds:.1f} s"
        )
    if verbose:
        print_skipped(index.skipped)


def print_skipped(skipped: Skipped) -> None:
    """Print what was skipped by reason, with examples."""
    for reason, count in sorted(skipped.counts.items(), key=lambda pair: -pair[1]):
        examples = ", ".join(map(display_path, skipped.examples.get(reason, [])[:3]))
        typer.echo(f"  skipped {count:,} {reason.value}: {examples}{', ...' if count > 3 else ''}")
