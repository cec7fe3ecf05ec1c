"""Queries that were written for functions of the listed repositories."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sample_pair import PAIR

from codesearch.errors import CodesearchError
from codesearch.train.data.queries import Queries, query_pairs, read_queries
from codesearch.train.data.sources import read_sources

if TYPE_CHECKING:
    from pathlib import Path


def test_a_query_comes_with_the_function_it_was_written_for() -> None:
    other = replace(PAIR, qualified_name="retry", code="def retry(): ...")
    line = Queries("one/one", "a.py", "Client.retry", "python try again on error", "where is a failed call repeated")
    pairs = list(query_pairs([other, PAIR], [line]))
    assert [pair.text for pair in pairs] == [line.web, line.ask]
    assert {(pair.code, pair.source) for pair in pairs} == {(PAIR.code, "query")}


def test_a_query_that_nobody_would_type_is_left_out() -> None:
    line = Queries("one/one", "a.py", "Client.retry", "", "where is a failed call repeated")
    assert [pair.text for pair in query_pairs([PAIR], [line])] == [line.ask]


def test_a_query_whose_function_is_gone_or_has_no_docstring_is_left_out() -> None:
    gone = Queries("one/one", "a.py", "Client.gone", "python try again on error", "")
    undocumented = replace(PAIR, source="comment", qualified_name="Client.gone")
    assert list(query_pairs([PAIR, undocumented], [gone])) == []


@pytest.mark.parametrize("text", ["repository\tpath\n", "repository\tpath\tname\tweb\task\na/b\tc.py\tf\tonly one\n"])
def test_a_malformed_list_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "queries.tsv.gz"
    path.write_bytes(gzip.compress(f"{text}a/b\tc.py\n".encode()))
    with pytest.raises(CodesearchError, match=r"queries.tsv.gz:2: expected 5 columns"):
        read_queries(path)


def test_a_list_that_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "queries.tsv.gz"
    with pytest.raises(CodesearchError, match=r"queries.tsv.gz is no list of .* that can be read \(.*No such file"):
        read_queries(path)
    whole = gzip.compress(b"repository\tpath\tname\tweb\task\n")
    for damaged in (b"repository\tpath", whole[:-9], whole[:12]):
        path.write_bytes(damaged)
        with pytest.raises(CodesearchError, match=r"queries.tsv.gz is no list of queries that can be read"):
            read_queries(path)


def test_the_committed_list_asks_for_functions_of_repositories_that_are_trained_on() -> None:
    trained_on = {source.repository for source in read_sources() if source.split == "train"}
    queries = read_queries()
    assert set(queries) <= trained_on
    lines = [line for of_repository in queries.values() for line in of_repository]
    assert max(Counter((line.repository, line.path, line.name) for line in lines).values()) == 1
    assert all(line.web or line.ask for line in lines)
    assert all(text == " ".join(text.split()) for line in lines for text in (line.web, line.ask))
