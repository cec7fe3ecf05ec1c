"""Whatever is done to a source file, its units keep their promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.extract import extract
from indexer.function import Function
from indexer.languages import LANGUAGES, Language, language_of

FOLDER = Path(__file__).parent.parent / "fixtures" / "languages"
SAMPLES = {path.name: path.read_text() for path in sorted(FOLDER.iterdir()) if path.suffix != ".units"}
MARKUP = {"begin", "end", "summary"}
"""Words that are markers of comments, which a docstring leaves out."""

LINE = re.compile(r"(.*?)(?:\r\n|\n|\r|\Z)", re.DOTALL)
SIGNS = "( ) { } [ ] < \" ' ` /* */ // # -- => @doc def class function end \\ \0 \ufeff é \ud800 \u2028".split(" ")  # noqa: SIM905
FRAGMENTS = st.sampled_from([*SIGNS, '"' * 3, "\n", "\r", "\r\n", "\t", " "])


def lines_of(source: str) -> list[str]:
    found = LINE.findall(source)
    return found if found[-1] else found[:-1]


def check(source: str, path: str, language: Language | None) -> None:
    units = extract(source, path, language)
    lines = lines_of(source)
    for unit in units:
        assert 1 <= unit.start_line <= unit.end_line <= len(lines)
        assert unit.name
        assert "\n" not in unit.signature
        if unit.kind in ("function", "method"):
            assert lines_of(unit.text) == lines[unit.start_line - 1 : unit.end_line]
    assert not unseen_lines(lines, units)


def unseen_lines(lines: list[str], units: list[Function]) -> list[str]:
    """Return the lines with words that are neither in a unit's range and text nor in its documentation."""
    seen = {line for unit in units for line in lines_of(unit.text)}
    ranges = [(unit.start_line, unit.end_line) for unit in units if unit.kind not in ("module", "window")]
    documented = {word for unit in units for word in re.findall(r"\w+", unit.docstring)} | MARKUP
    return [
        line
        for number, line in enumerate(lines, start=1)
        if re.search(r"\w", line)
        and not any(first <= number <= last for first, last in ranges)
        and line not in seen
        and not set(re.findall(r"\w+", line)) <= documented
    ]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """A sample in which runs of characters were cut, repeated or replaced."""
    name = draw(st.sampled_from(sorted(SAMPLES)))
    source = SAMPLES[name]
    for _ in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, len(source)))
        last = min(len(source), first + draw(st.integers(0, 60)))
        inserted = draw(st.one_of(FRAGMENTS, st.just(source[first:last] * 2), st.just("")))
        source = source[:first] + inserted + source[last:]
    return name, source


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_sources_keep_every_promise(sample: tuple[str, str]) -> None:
    name, source = sample
    check(source, name, language_of(name))


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300), st.sampled_from([*LANGUAGES.values(), None]))
@example("\r", LANGUAGES["python"])
@example("\ud800", LANGUAGES["python"])
@example("def f():\r  pass\r\rx = 1", LANGUAGES["python"])
def test_any_text_at_all_keeps_every_promise(source: str, language: Language | None) -> None:
    check(source, "file", language)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_line_of_a_sample_is_in_a_unit(name: str) -> None:
    check(SAMPLES[name], name, language_of(name))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_change_nothing_of_a_unit(name: str, line_end: str) -> None:
    language = language_of(name)
    assert extract(SAMPLES[name].replace("\n", line_end), name, language) == extract(SAMPLES[name], name, language)
