from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from indexer.windows import CHARACTERS, LINES, OVERLAP, windows


def test_a_short_text_is_one_window() -> None:
    (window,) = windows(["", "a", "", "b", ""])
    assert (window.first, window.last, window.text) == (1, 3, "a\n\nb")


def test_a_text_of_blanks_has_no_window() -> None:
    assert windows(["", "  ", "\t"]) == []


def test_a_window_ends_at_a_blank_line_where_there_is_one() -> None:
    paragraph = ["word"] * 29 + [""]
    assert [(window.first, window.last) for window in windows(paragraph * 3)] == [(0, 28), (30, 58), (60, 88)]


def test_windows_cut_in_the_middle_of_something_overlap() -> None:
    first, second = windows(["word"] * 50)
    assert first.last - first.first + 1 == LINES
    assert first.last - second.first + 1 == OVERLAP


def test_a_heading_is_a_better_place_to_cut_than_a_blank_line() -> None:
    lines = ["# One", *["word"] * 25, "# Two", *["word"] * 5, "", *["word"] * 20]
    assert windows(lines, re.compile("# "))[1].text.startswith("# Two")


def test_a_line_longer_than_a_window_is_cut() -> None:
    pieces = windows(["a", "b" * (CHARACTERS * 2 + 1), "c"])
    assert [len(window.text) for window in pieces] == [1, CHARACTERS, CHARACTERS, 1, 1]


@given(st.lists(st.one_of(st.just(""), st.text("ab #", max_size=300), st.just("x" * 5_000)), max_size=200))
def test_every_line_with_words_is_in_a_window_of_bounded_size(lines: list[str]) -> None:
    found = windows(lines, re.compile("#"))
    covered = {number for window in found for number in range(window.first, window.last + 1)}
    assert {number for number, line in enumerate(lines) if line.strip()} <= covered
    assert all(len(window.text) <= CHARACTERS for window in found)
    assert all(window.last - window.first < LINES for window in found)
