"""Pairs made from docstring pairs."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_pair import PAIR

from codesearch.train.data.made import made_pairs, misspelled, partial
from codesearch.train.data.pair import Pair
from codesearch.train.data.rename import without_names
from indexer.languages import LANGUAGES

PYTHON = """def retry(call, attempts=3, delay=1.0):
    for attempt in range(attempts):
        try:
            return call()
        except OSError as error:
            self.log.warning("attempt %d", attempt)
            time.sleep(delay * 2 ** attempt)
    raise error
"""
RETRIED = replace(PAIR, code=PYTHON, text="Call a function again after failures and wait longer each time.")


def distinct(count: int) -> list[Pair]:
    return [replace(RETRIED, code=f"{PYTHON}    # {number}\n") for number in range(count)]


def test_variables_and_the_functions_own_name_are_renamed_and_what_it_uses_stays() -> None:
    code = without_names(PYTHON, "retry", LANGUAGES["python"])
    assert code is not None
    assert code.startswith("def func(var0, var1=3, var2=1.0):")
    for gone in ("retry", "attempts", "delay", "error)"):
        assert gone not in code.replace('"attempt %d"', "")
    for kept in ("range(var1)", "OSError", "self.log.warning", '"attempt %d"', ".sleep("):
        assert kept in code


@pytest.mark.parametrize(
    ("language", "code", "renamed"),
    [
        ("go", "func Sum(a int, b int) int {\n\treturn a + b\n}", "func func(var0 int, var1 int) int {"),
        ("java", "int sum(int left, int right) { return left + right; }", "int func(int var0, int var1)"),
        ("javascript", "function sum(left, right) { return left + right; }", "function func(var0, var1) {"),
        ("ruby", "def sum(left, right)\n  left + right\nend", "def func(var0, var1)"),
        ("rust", "fn sum(left: i32, right: i32) -> i32 { left + right }", "fn func(var0: i32, var1: i32)"),
    ],
)
def test_names_are_renamed_in_other_languages_too(language: str, code: str, renamed: str) -> None:
    found = without_names(code, "Sum" if language == "go" else "sum", LANGUAGES[language])
    assert found is not None
    assert renamed in found


def test_code_without_variables_is_left_out() -> None:
    assert without_names("def nothing():\n    pass\n", "nothing", LANGUAGES["python"]) is None


def test_every_kind_is_made_and_the_same_pairs_always_give_the_same() -> None:
    made = list(made_pairs(distinct(80), 1000))
    assert {pair.source for pair in made} == {"renamed", "misspelled", "partial", "snippet"}
    assert made == list(made_pairs(distinct(80), 1000))
    assert len(list(made_pairs(distinct(80), 5))) == 5
    for pair in made:
        if pair.source == "renamed":
            assert pair.qualified_name == "func"
            assert "attempts" not in pair.code
            assert pair.text == RETRIED.text
        else:
            assert pair.code.startswith("def retry(")
            assert pair.text != RETRIED.text


def test_nothing_is_made_of_held_out_pairs_and_of_texts_that_are_no_docstrings() -> None:
    held_out = [replace(pair, split="valid") for pair in distinct(20)]
    subjects = [replace(pair, source="commit") for pair in distinct(20)]
    assert list(made_pairs([*held_out, *subjects], 1000)) == []


@given(st.text(max_size=80), st.integers(0, 1000))
def test_a_misspelled_text_keeps_its_words_but_two_and_about_its_length(text: str, seed: int) -> None:
    found = misspelled(text, random.Random(seed))
    assert abs(len(found) - len(text)) <= 2
    assert found == text or len(text.split()) == len(found.split())


@given(st.lists(st.sampled_from(["read", "the", "lines", "of", "files", "quickly"]), max_size=9), st.integers(0, 1000))
def test_a_partial_text_is_some_telling_words_in_their_order(words: list[str], seed: int) -> None:
    telling = [word for word in words if word not in ("the", "of")]
    found = partial(" ".join(words), random.Random(seed)).split()
    assert len(found) < max(1, len(telling))
    rest = iter(telling)
    assert all(word in rest for word in found)
