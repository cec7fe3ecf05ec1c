"""Two folders that ``--output`` wrote are compared by the numbers of their reports."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from reports import csn

from eval.compare import compare
from eval.errors import DataError, EvalError
from eval.trec import write_qrels, write_run

SIZES = {"python": 9, "ruby": 3}
FIRST = {"a": {"python": 3, "ruby": 3}, "b": {"python": 8, "ruby": 0}}
"""Of how many queries the right answer comes first; of the others it comes second, which is an RR of a half."""


@pytest.fixture
def folders(tmp_path):
    for name, first in FIRST.items():
        (tmp_path / name).mkdir()
        for language, queries in SIZES.items():
            run = {
                f"q{number}": {"right": 1.0, "wrong": 0.0 if number < first[language] else 2.0}
                for number in range(queries)
            }
            write_run(tmp_path / name / f"csn-{language}-test.run", [run], name)
            write_qrels(tmp_path / name / f"csn-{language}-test.qrels", {query: {"right": 1} for query in run})
    return tmp_path / "a", tmp_path / "b"


def test_parts_count_alike_as_they_do_in_the_report(folders):
    found = compare(*folders, None, "RR")
    assert found.a.mean == pytest.approx((6 / 9 + 1) / 2)
    assert found.b.mean == pytest.approx((8.5 / 9 + 1 / 2) / 2)
    assert found.difference.mean == pytest.approx(found.b.mean - found.a.mean)
    assert found.difference.mean < 0, "over all queries together B would be the better"
    assert (len(found.wins), len(found.losses), found.ties) == (5, 3, 4)
    assert {one.query.split("/")[0] for one in found.losses} == {"csn-ruby-test"}


def test_the_test_is_of_the_mean_of_the_parts(folders):
    differences = np.array([0.5 / 9] * 5 + [-0.5 / 3] * 3)
    sums = np.array(list(itertools.product([1, -1], repeat=len(differences)))) @ differences
    exact = np.mean(np.abs(sums) >= abs(differences.sum()) - 1e-12)
    assert compare(*folders, None, "RR").p == pytest.approx(exact, abs=0.015)


def test_a_report_over_all_queries_is_compared_over_all_queries(folders):
    for folder in folders:
        report = replace(csn(folder.name, python=0.5, ruby=0.5), mean_over="queries")
        (folder / "report.json").write_text(report.to_json())
    found = compare(*folders, None, "RR")
    assert found.a.mean == pytest.approx(9 / 12)
    assert found.b.mean == pytest.approx(10 / 12)


def test_runs_that_are_judged_differently_are_refused_with_a_query(folders):
    qrels = folders[1] / "csn-ruby-test.qrels"
    qrels.write_text(qrels.read_text().replace("q1 0 right 1", "q1 0 wrong 1"))
    with pytest.raises(EvalError, match="do not judge csn-ruby-test/q1 alike") as caught:
        compare(*folders, None, "RR")
    assert "\n" not in str(caught.value)


def test_a_folder_with_a_part_less_is_refused(folders):
    (folders[1] / "csn-ruby-test.run").unlink()
    with pytest.raises(DataError, match="do not rank the same queries"):
        compare(*folders, None, "RR")


def test_runs_that_the_report_does_not_name_are_passed_over(folders):
    for folder in folders:
        (folder / "report.json").write_text(csn(folder.name, python=0.5).to_json())
    (folders[1] / "csn-ruby-test.run").unlink()  # of an evaluation that was stopped
    found = compare(*folders, None, "RR")
    assert found.a.mean == pytest.approx(6 / 9)
    (folders[1] / "csn-python-test.run").unlink()
    (folders[1] / "mine.run").write_text("")
    with pytest.raises(DataError, match=r"csn-python-test.run cannot be read"):
        compare(*folders, None, "RR")


def test_a_folder_of_several_systems_names_theirs(folders):
    for folder in folders:
        (folder / "report.json").write_text(csn(folder.name, python=0.5, ruby=0.5).to_json())
    with pytest.raises(DataError, match=r"has no run file; give one of the folders in it: a, b, or a .run file"):
        compare(folders[0].parent, folders[1], None, "RR")


@pytest.mark.parametrize("measure", ["ERR@10", "INST", "Accuracy"])
def test_a_measure_that_cannot_be_computed_is_one_line(folders, measure, capfd):
    with pytest.raises(EvalError, match=rf"--measure: {measure}") as caught:
        compare(*folders, None, measure)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_one_qrels_for_several_parts_is_refused(folders):
    with pytest.raises(EvalError, match=r"--qrels is for one run, and .*a has 2"):
        compare(*folders, folders[0] / "csn-ruby-test.qrels", "RR")


def test_empty_judgements_are_refused_by_name(folders):
    (folders[0] / "csn-ruby-test.qrels").write_text("")
    with pytest.raises(DataError, match=r"csn-ruby-test\.qrels judges no query"):
        compare(*folders, None, "RR")
