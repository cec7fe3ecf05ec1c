"""One small source file per language with the units it must give, pinned beside it as text.

``REGENERATE_UNITS=1 python -m pytest tests/indexer/test_extract_fixtures.py`` writes the ``.units`` files anew; read
their difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.extract import extract
from indexer.function import Function
from indexer.languages import LANGUAGES, language_of

FOLDER = Path(__file__).parent.parent / "fixtures" / "languages"
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".units")


def summary(units: list[Function]) -> str:
    """Return one line per unit, and the text of classes and modules, which are not the source as it stands."""
    lines = []
    for unit in units:
        place = f"{unit.kind} {unit.start_line}-{unit.end_line} {unit.qualified_name}"
        details = [unit.signature, unit.docstring.split("\n")[0]]
        lines.append(" | ".join([place, *details]).rstrip(" |"))
        if unit.kind in ("class", "module"):
            lines += [f"    {line}".rstrip() for line in unit.text.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", SAMPLES, ids=[path.name for path in SAMPLES])
def test_a_sample_of_each_language_gives_the_units_pinned_beside_it(path: Path) -> None:
    units = extract(path.read_text(), path.name, language_of(path.name))
    pinned = path.with_name(path.name + ".units")
    if os.environ.get("REGENERATE_UNITS"):
        pinned.write_text(summary(units))
    assert summary(units) == pinned.read_text()


def test_every_language_has_a_sample() -> None:
    assert {language_of(path.name) for path in SAMPLES} == set(LANGUAGES.values())


@pytest.mark.parametrize("path", SAMPLES, ids=[path.name for path in SAMPLES])
def test_every_sample_parses_without_falling_back_to_windows(path: Path) -> None:
    assert "window" not in {unit.kind for unit in extract(path.read_text(), path.name, language_of(path.name))}
