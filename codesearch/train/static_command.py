"""``codesearch train static``: from pairs to the shipped static encoder."""

from __future__ import annotations

import typer

from codesearch.train.bimodal_command import Change, Data, Only, Out, Start, changed, origins


def static(data: Data, start: Start, out: Out, change: Change = None, only: Only = None) -> None:
    """Train the static encoder and write it to OUT/model. A killed run goes on where it was."""
    from codesearch.encoders.load import load_encoder
    from codesearch.train.static import Settings
    from codesearch.train.static_recipe import make_static, plain_words, read_training_pairs

    settings = changed(Settings(), change or [])
    pairs = read_training_pairs(data, origins(only))
    typer.echo(f"{len(pairs):,} pairs of {len({pair.repo for pair in pairs})} repositories", err=True)
    make_static(pairs, load_encoder(str(start)), plain_words(start / "tokenizer.json"), out, settings)
    typer.echo(f"wrote {out / 'model'}")
