"""Intervals, the paired test, and wins and losses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from eval.compare import compare, randomisation_test
from eval.errors import DataError
from eval.intervals import estimate
from eval.trec import read_run, write_qrels, write_run


def test_the_interval_is_the_normal_one_for_many_queries():
    values = np.random.default_rng(1).random((4000, 1))
    (found,) = estimate([values])
    error = values.std() / np.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=error / 5)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=error / 5)


def test_parts_count_alike_whatever_their_size():
    (found,) = estimate([np.ones((10, 1)), np.zeros((1000, 1))])
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_intervals_are_the_same_every_time():
    values = np.random.default_rng(1).random((50, 3))
    assert estimate([values]) == estimate([values])


def test_the_randomisation_test_agrees_with_all_sign_changes():
    differences = np.array([0.3, -0.1, 0.2, 0.05, 0.4, -0.02, 0.1, 0.2])
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    exact = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12)
    assert randomisation_test(differences) == pytest.approx(exact, abs=0.01)
    assert randomisation_test(np.zeros(5)) == 1


@pytest.fixture
def two_runs(tmp_path):
    queries = [f"q{number}" for number in range(40)]
    write_qrels(tmp_path / "a.qrels", {query: {"right": 1} for query in queries})
    ranks = {"a": [2] * 30 + [1] * 10, "b": [1] * 25 + [2] * 15}
    for name, places in ranks.items():
        run = {
            q: {"right" if r == p else f"x{r}": 9.0 - r for r in (1, 2, 3)}
            for q, p in zip(queries, places, strict=True)
        }
        write_run(tmp_path / f"{name}.run", [run], name)
    return tmp_path


def test_two_runs_are_compared_query_by_query(two_runs):
    found = compare(two_runs / "a.run", two_runs / "b.run", two_runs / "a.qrels", "RR")
    assert (found.a.mean, found.b.mean) == (0.625, 0.8125)
    assert (len(found.wins), len(found.losses), found.ties) == (25, 10, 5)
    assert found.wins[0].query == "q0"
    assert found.difference.low < 0.1875 < found.difference.high
    assert 0.005 < found.p < 0.05


def test_runs_over_different_queries_are_refused(two_runs):
    write_qrels(two_runs / "b.qrels", {"other": {"right": 1}})
    with pytest.raises(DataError, match="do not rank the same queries"):
        compare(two_runs / "a.run", two_runs / "b.run", None, "RR")


def test_a_query_without_results_counts_as_zero(two_runs):
    lines = (two_runs / "b.run").read_text().splitlines(keepends=True)
    (two_runs / "b.run").write_text("".join(line for line in lines if not line.startswith("q0 ")))
    assert compare(two_runs / "a.run", two_runs / "b.run", two_runs / "a.qrels", "RR").losses[0].b == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [("q Q0 d 1", "bad.run:1 has 4 fields"), ("q Q0 d 1 high x", "bad.run:1 has 'high' where a number is due")],
)
def test_a_damaged_run_file_is_refused_with_its_line(tmp_path, line, message):
    (tmp_path / "bad.run").write_text(line + "\n")
    with pytest.raises(DataError, match=message):
        read_run(tmp_path / "bad.run")
