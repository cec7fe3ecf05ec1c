"""The packed profile of a function."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.function import KINDS, Function
from indexer.profile import (
    MARK,
    MOST_WORDS_OF_A_NAME,
    NAME,
    OWNER,
    SOURCE,
    Profiler,
    heads,
    is_whole,
    mark,
    name_checksum,
    words,
)
from indexer.stems import Stems

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def function(name: str = "f", owner: str = "", docstring: str = "", text: str = "", lines: int = 1) -> Function:
    qualified_name = f"{owner}.{name}" if owner else name
    return Function("method", name, qualified_name, 11, 10 + lines, "", docstring, text)


def places(packed: bytes) -> dict[int, int]:
    """The flags of each mark."""
    numbers = np.frombuffer(words([packed])[0], np.uint32)
    return {int(number & MARK): int(number & ~np.uint32(MARK)) for number in numbers}


def test_a_word_has_a_flag_for_every_place_where_it_stands() -> None:
    found = places(Profiler().pack(function("parse_date", "DateParser", "Reads a date.", "def parse_date(text): ...")))
    assert found[mark("date")] == SOURCE | NAME | OWNER
    assert found[mark("pars")] == SOURCE | NAME
    assert found[mark("parser")] == OWNER
    assert found[mark("read")] == SOURCE
    assert mark("time") not in found


@given(text=TEXT, docstring=TEXT)
def test_the_words_of_the_source_are_those_of_the_word_index(text: str, docstring: str) -> None:
    found = places(Profiler().pack(function(text=text, docstring=docstring)))
    stems = Stems()
    expected = {mark(stem) for stem in (*stems.of(text), *stems.of(docstring))}
    assert {each for each, flags in found.items() if flags & SOURCE} == expected


def test_the_head_says_what_the_words_do_not() -> None:
    profiler = Profiler()
    packed = [profiler.pack(function("_sendAll", "net.Client", lines=40)), profiler.pack(function("send", lines=2))]
    found = heads(packed)
    assert [KINDS[kind] for kind in found["kind"]] == ["method", "method"]
    assert found["is_private"].tolist() == [1, 0]
    assert found["lines"].tolist() == [40, 2]
    assert found["name_words"].tolist() == [3, 1]  # send, all, sendall
    assert found["owner_words"].tolist() == [2, 0]
    assert found["name"].tolist() == [name_checksum("_SENDALL"), name_checksum("send")]


def test_of_a_long_name_the_last_words_count() -> None:
    [head] = heads([Profiler().pack(function(owner=".".join(f"part{i}x" for i in range(40))))])
    assert head["owner_words"] == MOST_WORDS_OF_A_NAME


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_flipped_byte_is_noticed(at: int, flip: int) -> None:
    packed = bytearray(Profiler().pack(function("parse", text="def parse(text): return text.strip()")))
    assert is_whole(bytes(packed))
    packed[at % len(packed)] ^= flip
    assert not is_whole(bytes(packed))


def test_what_is_cut_off_or_missing_is_not_whole() -> None:
    packed = Profiler().pack(function())
    assert not is_whole(packed[:-1])
    assert not is_whole(b"")
    assert not is_whole(None)
