"""Run the searches that README.md shows and write what they print: ``python docs/generate_readme.py``.

Shown are the commands with ``-k``: those of the first block are run in this repository, the others in the folder of the
standard library of the Python that runs this.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"(?s)(?<=```console\n).*?(?=```)")
_COMMAND = re.compile(r"codesearch (search .* -k .*)")


def main() -> None:
    """Write README.md anew."""
    text = README.read_text("utf-8")
    first = _BLOCK.search(text)
    assert first is not None
    folder = {first.start(): README.parent}

    # An index that was brought up to date many times weighs words a little differently from a reader's new one.
    cache = tempfile.TemporaryDirectory(prefix="readme-")

    def rerun(block: re.Match[str]) -> str:
        where = folder.get(block.start(), Path(os.__file__).parent)
        commands = [line for line in block.group().splitlines() if line.startswith("$ ")]
        if not any(_COMMAND.search(command) for command in commands):
            return block.group()
        return "".join(f"{command}\n{_output(command, where, cache.name)}" for command in commands)

    with cache:
        README.write_text(_BLOCK.sub(rerun, text), "utf-8")


def _output(command: str, where: Path, cache: str) -> str:
    found = _COMMAND.search(command)
    assert found is not None, f"{command}: a block shows the output of all its commands or of none"
    arguments = [sys.executable, "-m", "codesearch", *shlex.split(found.group(1))]
    environment = {**os.environ, "PYTHONPATH": str(README.parent), "CODESEARCH_CACHE": cache}
    printed = subprocess.run(
        arguments, cwd=where, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


if __name__ == "__main__":
    main()
