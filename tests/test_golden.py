"""The ranking as it is: ranked answers of fixed queries on a fixed corpus, so that a change shows up as a diff."""

from __future__ import annotations

import shutil

import pytest
from golden.answers import CORPUS, ask, cases

from codesearch import CodeIndex

CASES = cases()


@pytest.fixture(scope="session")
def golden_index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    corpus = shutil.copytree(CORPUS, folder / "corpus")  # out of the reach of this project's git
    with CodeIndex.build(corpus, index_dir=folder / "index") as index:
        yield index


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file.stem)
def test_answers_are_the_golden_ones(golden_index, case):
    assert case.text(ask(golden_index, case)) == case.file.read_text("utf-8"), (
        "the ranking changed: run `python tests/golden/update.py` and judge the diff"
    )


def test_nearly_every_wanted_function_is_among_the_first_three(golden_index):
    missed = [case.query for case in CASES if (case.rank(ask(golden_index, case)) or 99) > 3]
    assert len(missed) <= len(CASES) // 10, missed


def test_every_symbol_lands_on_its_definition(golden_index):
    symbols = [case for case in CASES if " " not in case.query]
    assert {case.query: case.rank(ask(golden_index, case)) for case in symbols} == {case.query: 1 for case in symbols}
    assert len(symbols) >= 8


def test_the_corpus_is_read_as_it_was_meant(golden_index):
    skipped = {reason.value: count for reason, count in golden_index.report.skipped.counts.items()}
    assert skipped == {"generated": 1}
    languages = golden_index.store.connection.execute("SELECT count(DISTINCT language) FROM files").fetchone()[0]
    assert languages >= 11
