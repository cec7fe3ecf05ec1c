"""The options that several commands share: each is declared once, with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EncoderNames = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        help="A shipped name, a folder or a hub name; or bm25, or random. Several give a table. [default: default]",
    ),
]
RepoEncoderNames = Annotated[
    list[str] | None,
    typer.Option("--encoder", help="A shipped name, a folder or a hub name. Several give a table. [default: default]"),
]
Data = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DATA]", help="Where the task's data lie; csn can download without it.", show_default=False
    ),
]
Split = Annotated[str | None, typer.Option(help="The split of the data, for instance test or dev.")]
Protocol = Annotated[str | None, typer.Option(help="csn: full (all candidates) or 1000 (999 distractors).")]
Text = Annotated[
    str | None, typer.Option(help="csn, advtest: tokens (as papers feed them) or source (as it was written).")
]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", help="csn, challenge: only this language; can be given several times."),
]
Rerank = Annotated[bool, typer.Option("--rerank", help="Let the matching head score the best candidates again.")]
Matcher = Annotated[str | None, typer.Option(metavar="NAME", help="The matching head to rerank with.")]
RerankDepth = Annotated[int, typer.Option(help="How many candidates the matching head scores.")]
Fuse = Annotated[str | None, typer.Option(help="bm25: fuse the encoder's candidates with those of words.")]
MaxWords = Annotated[int, typer.Option(help="How many words of a function BM25 reads; 0 is all.", min=0)]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", help="Instead of the task's: in the notation of ir_measures, e.g. nDCG@10."),
]
Depth = Annotated[
    int | None,
    typer.Option(
        help="Documents kept for each query; what lies deeper counts as not found. "
        "[default: all of a small collection, else 1000]",
        min=1,
    ),
]
Limit = Annotated[int | None, typer.Option(help="Only so many queries of each part, drawn with --seed.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of --limit.")]
SkipDamaged = Annotated[
    bool, typer.Option("--skip-damaged", help="Leave damaged records out and count them instead of refusing.")
]
Output = Annotated[Path | None, typer.Option(help="Folder for run files, qrels, report.md, report.json and plots.")]
ChallengeOutput = Annotated[
    Path | None,
    typer.Option("--output", help="Folder for model_predictions.csv, report.md, report.json and plots."),
]
TableOutput = Annotated[Path | None, typer.Option("--output", help="Folder for table.md and its pictures.")]
MtebOutput = Annotated[
    Path | None,
    typer.Option("--output", help="Folder for mteb's own TASK.json of each task; several encoders get one each."),
]
PrintJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Cache = Annotated[Path | None, typer.Option(help="File of cached vectors. [default: in the user's cache folder]")]
