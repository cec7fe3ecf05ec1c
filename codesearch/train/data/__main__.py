"""``python -m codesearch.train.data``."""

import typer

from codesearch.train.data.command import data

if __name__ == "__main__":
    typer.run(data)
