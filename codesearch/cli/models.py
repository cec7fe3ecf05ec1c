"""`codesearch models`."""

from __future__ import annotations

import typer

from codesearch.cli import options


def models(json: options.Json = False) -> None:
    """List the encoders and matching heads that load without a network.

    Others load by folder, or by hub name where there is a network: codesearch search --encoder owner/name ...

    Examples:
        codesearch models
    """
    from dataclasses import asdict

    from codesearch.cli.printable import one_line
    from codesearch.encoders.available import available_models

    found = available_models()
    if json:
        import json as encoder

        typer.echo(encoder.dumps({"models": [asdict(model) for model in found]}))
        return
    width = max((len(model.name) for model in found), default=0)
    for model in found:
        if model.same_as:
            typer.echo(one_line(f"{model.name:<{width}}  the same as {model.same_as}"))
            continue
        uses = " and ".join(use for use, can in (("encoder", model.encodes), ("matching head", model.matches)) if can)
        needs = f"; needs {model.needs}" if model.needs else ""
        size = f"{model.megabytes:.1f} MB"
        typer.echo(one_line(f"{model.name:<{width}}  {uses}, {model.family}, {size}, {model.source}{needs}"))
