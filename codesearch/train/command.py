"""``codesearch train``: collect pairs, train the models, export them."""

from __future__ import annotations

import typer

from codesearch.train.bimodal_command import encoder, export, matcher, narrow
from codesearch.train.data.command import data
from codesearch.train.static_command import static

app = typer.Typer(no_args_is_help=True)
for command in (data, static, encoder, matcher, narrow, export):
    app.command()(command)
