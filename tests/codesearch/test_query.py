"""Reading what was typed: words, filters and symbols."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesearch.errors import CodesearchError
from codesearch.query import FILTERS, Filter, dotted, language_name, parse


def test_filters_are_taken_out_of_the_words():
    query = parse("parse dates lang:python  -path:tests/  quickly")
    assert query.text == "parse dates quickly"
    assert query.filters == (Filter("lang", "python"), Filter("path", "tests/", negated=True))


def test_a_quoted_value_holds_spaces():
    assert parse('sum path:"my files/"').filters == (Filter("path", "my files/"),)


def test_a_language_may_be_called_by_an_alias():
    assert parse("lang:JS").filters == (Filter("lang", "javascript"),)
    assert language_name("C++") == "cpp"


@pytest.mark.parametrize("symbol", ["path::join", "name::lookup", "kind::X", "lang::Item"])
def test_a_symbol_in_a_module_named_like_a_filter_is_a_symbol(symbol: str) -> None:
    assert parse(symbol).filters == ()
    assert parse(symbol).is_symbol


def test_a_colon_before_a_blank_filters_nothing() -> None:
    query = parse("ValueError: name: must be set")
    assert (query.text, query.filters) == ("ValueError: name: must be set", ())


@pytest.mark.parametrize("text", ["std::path", "http://host/path:x", "a lang :python", "xlang:python", "kinds:of"])
def test_what_only_resembles_a_filter_is_words(text):
    assert parse(text).filters == ()


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("ClientSession", "ClientSession"),
        ("parse_http_response", "parse_http_response"),
        ("parseHTTPResponse", "parseHTTPResponse"),
        ("Foo::bar", "Foo.bar"),
        ("pkg.func", "pkg.func"),
        ("Invoice#total", "Invoice.total"),
        ("App\\Models\\User", "App.Models.User"),
        ("node->next", "node.next"),
        ("main()", "main"),
        ("_private", "_private"),
        ("retry", "retry"),
        ("empty?()", "empty?"),
    ],
)
def test_a_query_of_one_name_is_a_symbol(typed, symbol):
    query = parse(typed)
    assert query.is_symbol
    assert query.symbols == (symbol,)


@pytest.mark.parametrize("typed", ["parse a date", "what does ClientSession do", "3.14", "", "a, b"])
def test_several_words_or_numbers_are_no_symbol(typed):
    assert not parse(typed).is_symbol


def test_symbols_within_a_sentence_are_looked_up_too():
    assert parse("where does ClientSession call parse_date or Foo::bar").symbols == (
        "ClientSession",
        "parse_date",
        "Foo.bar",
    )


def test_a_symbol_with_a_filter_is_still_a_symbol():
    assert parse("RetryPolicy lang:python").is_symbol


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("lang:", "the filter lang: needs a value, as in lang:python"),
        ('path:""', "the filter path: needs a value, as in path:src/"),
        ("kind:procedure", "unknown kind 'procedure': use one of function, method, class, module, window"),
        ("lang:klingon", "unknown language 'klingon': use one of bash, c, cpp"),
    ],
)
def test_a_filter_that_is_not_understood_says_what_would_be(typed, message):
    with pytest.raises(CodesearchError) as caught:
        parse(typed)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("src/", "lib/src/a.py", True),
        ("SRC", "lib/src/a.py", True),
        ("*.py", "lib/src/a.py", True),
        ("src/*.py", "lib/src/a.py", True),
        ("b*", "lib/src/a.py", False),
        ("test", "lib/src/a.py", False),
    ],
)
def test_a_path_matches_a_part_or_a_glob(pattern, value, matches):
    assert Filter("path", pattern).matches(value) == matches


def test_a_name_matches_a_glob_as_a_whole():
    assert Filter("name", "parse*").matches("parse_date")
    assert not Filter("name", "parse*").matches("reparse")


def test_dotted_is_how_qualified_names_are_stored():
    assert [dotted(name) for name in ("a::b", "a->b", "a#b", "a.b()", "/a/b/")] == ["a.b"] * 5


@given(st.text())
def test_any_text_is_read_or_refused_in_one_line(typed):
    try:
        query = parse(typed)
    except CodesearchError as error:
        assert any(f"{name}:" in typed for name in FILTERS)
        assert str(error)
    else:
        assert query.text == " ".join(query.text.split())
