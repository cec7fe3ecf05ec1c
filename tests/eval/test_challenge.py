"""The CodeSearchNet Challenge, scored as its own script does."""

from __future__ import annotations

import csv
import math
import pickle

import pytest
from stdlib_csn import write_original

from eval.challenge import coverage, read_annotations, read_predictions, score, write_predictions
from eval.challenge_run import OVER_ALL, WITHIN, LanguageRanking, challenge_report, load_plain_pickle, rank_language
from eval.command import app
from eval.errors import DataError
from eval.ranker import DEPTH, Ranker, Speed
from eval.records import Reader
from eval.system import System

ROWS = [
    ("Python", "Sort list", "u1", "3"), ("Python", "Sort list", "u1", "2"), ("Python", "sort list", "u2", "0"),
    ("Python", "sort list", "u3", "1"), ("Python", "read csv", "u4", "0"), ("Go", "read csv", "u5", "2"),
]  # fmt: skip


@pytest.fixture
def annotations(tmp_path):
    path = tmp_path / "annotationStore.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["Language", "Query", "GitHubUrl", "Relevance", "Notes"], *[[*r, ""] for r in ROWS]]
        )
    return path


def test_judgements_of_several_people_are_averaged_and_case_does_not_matter(annotations):
    assert read_annotations(annotations) == {
        "python": {"sort list": {"u1": 2.5, "u2": 0.0, "u3": 1.0}, "read csv": {"u4": 0.0}},
        "go": {"read csv": {"u5": 2.0}},
    }


def test_ndcg_is_worked_out_by_hand(annotations):
    relevance = read_annotations(annotations)["python"]
    (found,) = score({"sort list": ["x", "u3", "y", "u1"]}, relevance)
    ideal = (2**2.5 - 1) / math.log2(2) + (2**1 - 1) / math.log2(3) + 0
    assert found.within == pytest.approx(((2**1 - 1) / math.log2(2) + (2**2.5 - 1) / math.log2(3)) / ideal)
    assert found.over_all == pytest.approx(((2**1 - 1) / math.log2(3) + (2**2.5 - 1) / math.log2(5)) / ideal)
    assert coverage({"sort list": ["x", "u3", "y", "u1"]}, relevance) == 2 / 4


def test_only_300_predictions_are_read(tmp_path, annotations):
    write_predictions(tmp_path / "p.csv", {"python": {"Sort List": [f"x{n}" for n in range(300)] + ["u1"]}})
    predictions = read_predictions(tmp_path / "p.csv")
    assert len(predictions["python"]["sort list"]) == 300
    assert score(predictions["python"], read_annotations(annotations)["python"])[0].within == 0


def test_functions_of_all_splits_and_of_the_pickle_are_ranked(csn_rows, tmp_path, cache, annotations):
    for start, split in enumerate(("train", "valid", "test")):
        write_original(tmp_path, csn_rows[start * 20 : start * 20 + 20], split)
    more = [{**row, "function_tokens": row["code_tokens"]} for row in csn_rows[60:80]]
    (tmp_path / "python_dedupe_definitions_v2.pkl").write_bytes(pickle.dumps(more))
    found = rank_language(
        "python", tmp_path, ["sort list", "read csv"], Ranker(System(bm25=True), cache, DEPTH), Reader()
    )
    assert found.documents == 80
    report = challenge_report({"python": found}, read_annotations(annotations), {"name": "bm25"}, Speed())
    assert report.parts[0].queries == 1
    assert report.measures[WITHIN].mean == report.measures[OVER_ALL].mean == 0
    assert report.parts[0].counts["queries left out: no function above relevance 0"] == 1


def test_half_of_a_surrogate_pair_in_a_url_is_replaced(tmp_path):
    write_predictions(tmp_path / "p.csv", {"python": {"sort list": ["u\ud800"]}})
    assert read_predictions(tmp_path / "p.csv") == {"python": {"sort list": ["u?"]}}


def test_a_language_without_a_function_is_refused(tmp_path, cache):
    write_original(tmp_path, [])
    with pytest.raises(DataError, match=r"the files of python in .* hold no function"):
        rank_language("python", tmp_path, ["sort list"], Ranker(System(bm25=True), cache, DEPTH), Reader())


def test_a_pickle_that_would_run_something_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    (tmp_path / "evil.pkl").write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(DataError, match=r"the pickle wants builtins.print"):
        load_plain_pickle(tmp_path / "evil.pkl")


def test_a_damaged_pickle_is_one_clear_line(csn_rows, tmp_path):
    path = tmp_path / "damaged.pkl"
    data = pickle.dumps(csn_rows[:3])
    attribute, large = b"\x80\x04K\x01}b.", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f"
    flipped = [data[:place] + bytes([data[place] ^ 0x14]) + data[place + 1 :] for place in range(0, len(data), 7)]
    for content in (attribute, large, b"", b"(d.", *flipped):
        path.write_bytes(content)
        try:
            load_plain_pickle(path)
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert content in flipped  # a flipped letter of a text is a text


def test_predictions_in_a_language_without_annotations_are_refused(tmp_path, annotations):
    with pytest.raises(DataError, match="predictions for cobol"):
        challenge_report({"cobol": LanguageRanking({}, 0, "", {})}, read_annotations(annotations), {}, Speed())


def test_a_language_in_which_nothing_is_relevant_is_refused(annotations):
    annotations.write_text(annotations.read_text().replace("u5,2", "u5,0"))
    with pytest.raises(DataError, match="no function in go has a relevance above 0"):
        challenge_report({"go": LanguageRanking({}, 0, "", {})}, read_annotations(annotations), {}, Speed())


def test_a_language_without_predictions_is_named_with_those_that_have_some(tmp_path, annotations, capsys):
    predictions = tmp_path / "p.csv"
    write_predictions(predictions, {"python": {"sort list": ["u1"]}})
    asked = ["challenge", str(annotations.parent), "--predictions", str(predictions), "--language"]
    assert app([*asked, "go"], standalone_mode=False) == 2
    assert capsys.readouterr().err.endswith("p.csv has no rows in go; it has python\n")
    assert not app([*asked, "python"], standalone_mode=False)


def test_damaged_tables_are_refused_with_file_and_line(annotations):
    text = annotations.read_text()
    for relevance in ("two", "nan", "inf", "-1", "2000"):
        annotations.write_text(text.replace("u5,2", f"u5,{relevance}"))
        with pytest.raises(DataError, match=rf"annotationStore.csv:7 has the relevance '{relevance}', not a number"):
            read_annotations(annotations)
    annotations.write_text(text.replace("u5", "u" * 140_000))
    with pytest.raises(DataError, match=r"annotationStore.csv:7 is damaged \(field larger than field limit"):
        read_annotations(annotations)
    annotations.write_bytes(text.encode().replace(b"u5", b"u\xff"))
    with pytest.raises(DataError, match=r"annotationStore.csv:7 is not UTF-8"):
        read_annotations(annotations)
    annotations.write_text("Language,Query\nGo,x\n")
    with pytest.raises(DataError, match="has no column GitHubUrl, Relevance"):
        read_annotations(annotations)
