"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

IndexDir = Annotated[
    Path | None,
    typer.Option(
        "--index-dir",
        metavar="DIR",
        envvar="CODESEARCH_INDEX_DIR",
        help="Where indexes are kept, instead of the user's cache folder.",
    ),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        metavar="NAME",
        help="Encoder: a shipped name (see `codesearch models`), a folder, or a hub name. "
        "By default the one the index was made with.",
    ),
]
Ref = Annotated[str | None, typer.Option("--ref", metavar="REF", help="Branch, tag or commit of a git URL.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Skip files that match, in .gitignore syntax; can be repeated. Remembered until given anew; '' clears it.",
    ),
]
MaxFileSize = Annotated[
    int | None,
    typer.Option(
        "--max-file-size",
        metavar="BYTES",
        min=1,
        help="Skip files that are larger; 1,000,000 at first, then as before.",
    ),
]
NoRefresh = Annotated[
    bool, typer.Option("--no-refresh", help="Search the index as it is, without looking for changed files.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Count = Annotated[int, typer.Option("-k", "--count", metavar="N", min=1, help="Print at most N results.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text: with snippets; vimgrep: path:line:column:text, for editors; paths: each file once; json.",
    ),
]
Lines = Annotated[
    int, typer.Option("--lines", "-n", metavar="N", min=0, help="Lines of source to print of each result.")
]
