"""What an encoder reads of a function, and how a long text is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.text import content_digest, encoder_text, parts


@given(st.text(), st.integers(1, 50))
def test_parts_cover_the_text_in_order_and_none_is_empty_or_too_long(text: str, limit: int) -> None:
    cut = parts(text, limit)
    assert "".join(cut) == text
    assert all(len(part) <= limit for part in cut)
    assert all(cut) or text == ""


@given(st.lists(st.text("abc ", max_size=10), min_size=2, max_size=40))
def test_parts_end_at_line_ends_where_lines_are_short(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    assert all(part.endswith("\n") for part in parts(text, 50))


def test_a_docstring_inside_of_the_source_is_not_read_twice() -> None:
    source = 'def f():\n    """Add one."""\n'
    assert encoder_text("f", "Add one.", source).count("Add one.") == 1
    assert encoder_text("f", "Subtract one.", source).count("Subtract one.") == 1


@given(st.text(), st.text())
def test_texts_share_a_digest_only_if_they_are_equal(first: str, second: str) -> None:
    assert (content_digest(first) == content_digest(second)) == (first == second)
    assert len(content_digest(first)) == 16
