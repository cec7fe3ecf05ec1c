"""Make the tables of ``docs/benchmarks.md`` anew, each between the marks that name it.

    python benchmarks/tables.py BENCH REPOSITORIES [--only NAME...] [--set PAIRS=... SEMBLE=... MODEL=... ROOTS=...]

BENCH holds ``repo-search`` and ``cosqa``; REPOSITORIES the clones of the repositories that it and ``questions`` name. A
table whose command needs a place that was not ``--set`` is left as it is, and named: PAIRS is what ``codesearch train
data`` wrote, SEMBLE and MODEL are semble's command and its model, and ROOTS a smaller and a larger folder of source.
What a command prints, or the first table of the report that it writes, replaces what stands between
``<!-- table: NAME -->`` and ``<!-- end -->``, with the command above it.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template

from machine import machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
SCRIPTS = Path(__file__).parent


@dataclass(frozen=True)
class Table:
    """One table: a command with ``$PLACES``, and the report from which it is taken instead of what is printed."""

    command: str
    report: str = ""


TABLES = {
    "repos": Table("codesearch eval repos $BENCH/repo-search --repositories $REPOSITORIES --output $OUT", "report.md"),
    "ranking": Table("python benchmarks/fit_ranking.py $BENCH/repo-search $REPOSITORIES"),
    "questions": Table(
        "codesearch eval repos benchmarks/questions --by-lines --repositories $REPOSITORIES --output $OUT", "report.md"
    ),
    "questions-reranked": Table(
        "codesearch eval repos benchmarks/questions --by-lines --rerank --repositories $REPOSITORIES --output $OUT",
        "report.md",
    ),
    "peer-quality": Table("python benchmarks/peer_quality.py $BENCH $REPOSITORIES --semble $SEMBLE --model $MODEL"),
    "cosqa": Table(
        "codesearch eval cosqa $BENCH/cosqa --encoder default --encoder bimodal --encoder bm25 --output $OUT",
        "table.md",
    ),
    "cosqa-fused": Table("codesearch eval cosqa $BENCH/cosqa --fuse bm25 --output $OUT", "report.md"),
    "cosqa-reranked": Table("codesearch eval cosqa $BENCH/cosqa --encoder bimodal --rerank --output $OUT", "report.md"),
    "cosqa-reader": Table("python benchmarks/cosqa_reader.py --cosqa $BENCH/cosqa"),
    "retrieval": Table(
        "python benchmarks/retrieval.py static bimodal --cosqa $BENCH/cosqa --pairs $PAIRS --functions 1000"
    ),
    "exact-search": Table("python benchmarks/exact_search.py"),
    "peers": Table("python benchmarks/peers.py $ROOTS --semble $SEMBLE --model $MODEL --output $OUT/peers.json"),
    "scale": Table("python benchmarks/scale.py $ROOTS --functions 10000 1000000"),
    "word-index": Table("python benchmarks/word_index.py $ROOTS --functions 10000 200000"),
    "faults": Table("python benchmarks/faults.py --kills 100"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), metavar="NAME")
    parser.add_argument("--set", nargs="+", default=[], metavar="PLACE=PATH")
    arguments = parser.parse_args()
    places = {"BENCH": str(arguments.bench), "REPOSITORIES": str(arguments.repositories)}
    places |= dict(pair.split("=", 1) for pair in arguments.set)
    for name in arguments.only:
        with tempfile.TemporaryDirectory(prefix="tables-") as out:
            try:
                lines = made(TABLES[name], {**places, "OUT": out})
            except KeyError as missing:
                print(f"{name}: left as it is, as {missing.args[0]} is not set", file=sys.stderr)
                continue
        PAGE.write_text(replaced(PAGE.read_text("utf-8"), name, lines), "utf-8")
        print(f"{name}: made", file=sys.stderr)


def made(table: Table, places: dict[str, str]) -> str:
    """Run the command of a table and return what stands on the page."""
    command = shlex.split(Template(table.command).substitute(places))
    runs = [sys.executable, "-m", *command] if command[0] == "codesearch" else [sys.executable, *command[1:]]
    done = subprocess.run(runs, cwd=SCRIPTS.parent, stdout=subprocess.PIPE, text=True, check=True)
    text = first_table((Path(places["OUT"]) / table.report).read_text("utf-8")) if table.report else done.stdout.strip()
    shown = table.command.replace("$", "").removesuffix(" --output OUT")
    if "| --" not in text:
        text = f"```text\n{text}\n```"
    about = "" if machine() in text else f"{machine()}\n\n"
    return f"    {shown}\n\n{about}{text}"


def first_table(report: str) -> str:
    """The first table of a page, without the rows of single languages."""
    rows = re.search(r"(?:^\|.*\n)+", report, re.MULTILINE)
    assert rows, "the report has no table"
    return "".join(row for row in rows[0].splitlines(keepends=True) if not row.startswith("| language ")).strip()


def replaced(page: str, name: str, text: str) -> str:
    """The page with a new table of this name."""
    marks = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marks.search(page):
        raise SystemExit(f"{PAGE} has no table {name}")
    return marks.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)


if __name__ == "__main__":
    main()
