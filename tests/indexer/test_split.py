"""Identifiers in parts and as a whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import split
from indexer.split import WordSplitter, split_identifier

WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("parseHTTPResponse", ["parse", "http", "response"]),
        ("parse_http_response", ["parse", "http", "response"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("__init__", ["init"]),
        ("SCREAMING_CASE", ["screaming", "case"]),
        ("utf8Decoder", ["utf", "8", "decoder"]),
        ("größeÄndern", ["gr", "öß", "e", "ä", "ndern"]),
        ("_", []),
    ],
)
def test_an_identifier_is_split_at_case_changes_digits_and_underscores(identifier: str, parts: list[str]) -> None:
    assert split_identifier(identifier) == parts


@given(st.lists(WORD, min_size=1, max_size=5))
def test_every_spelling_of_the_same_words_is_split_into_them(words: list[str]) -> None:
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    for spelling in ("_".join(words), "_".join(words).upper(), camel, camel[0].upper() + camel[1:]):
        assert split_identifier(spelling) == words


@given(st.text())
def test_splitting_loses_only_underscores_and_what_is_no_identifier(text: str) -> None:
    kept = "".join("".join(split_identifier(text)).split())
    assert set(kept) <= set(text.lower()) | set("".join(character.lower() for character in text))


def test_a_compound_identifier_is_found_by_its_parts_and_as_a_whole() -> None:
    assert WordSplitter().words("x = parseHTTPResponse(y)") == "x parse http response parsehttpresponse y"


def test_memory_of_the_splitter_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "_CACHE_LIMIT", 100)
    splitter = WordSplitter()
    for number in range(50):
        splitter.words(" ".join(f"name{number}x{i}" for i in range(20)))
    assert len(splitter._split) <= 120
