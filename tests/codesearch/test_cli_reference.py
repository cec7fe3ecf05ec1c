"""docs/cli.md says what `--help` says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_cli.py"

# How the types of values are written, and how lines are wrapped, differs from one release of typer to the next.
_TYPES = re.compile(r"<[^>]*>|\b(?:TEXT|PATH|FLOAT|INTEGER(?: RANGE)?)\b|[\[\]{}]")


def words(page: str) -> list[str]:
    return _TYPES.sub(" ", page).split()


def generator():
    spec = importlib.util.spec_from_file_location("generate_cli", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_reference_is_what_help_says():
    module = generator()
    assert words(module.PAGE.read_text("utf-8")) == words(module.reference()), "run `python docs/generate_cli.py`"


def test_the_command_reference_names_no_folder_of_this_machine():
    page = generator().reference()
    assert str(GENERATOR.parents[1]) not in page
    assert str(Path.home()) not in page


def test_every_command_and_every_option_has_help():
    page = generator().reference()
    for section in page.split("```text")[1:]:
        usage, _, rest = section.strip().partition("\n\n")
        assert usage.startswith("Usage: codesearch")
        assert rest.startswith("  ")
    wordless = re.findall(r"(?m)^  (-\S+(?: <?\S+)?)$\n(?!\s{6,}\S)", page)
    assert wordless == []
