"""``python -m eval``: the same as ``codesearch eval``."""

from eval.command import app

app(prog_name="python -m eval")
