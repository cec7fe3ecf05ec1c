"""`codesearch eval` as a user types it."""

from __future__ import annotations

import json
import re

import pytest
from stdlib_csn import write_cleaned
from typer.main import get_command
from typer.testing import CliRunner

from eval.command import TASK_HELP, app
from eval.published import FILE, published
from eval.report import read_report
from eval.tasks import RETRIEVAL_TASKS


@pytest.fixture(scope="module")
def csn(csn_rows, tmp_path_factory):
    return write_cleaned(tmp_path_factory.mktemp("lists"), csn_rows[:60], csn_rows[60:120])


@pytest.fixture
def run(tmp_path):
    def invoke(*arguments, status=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == status, result.output + result.stderr
        return result

    return invoke


def test_a_task_prints_a_table_with_intervals_and_what_stands_behind_it(run, csn, tmp_path):
    output = run("csn", csn, "--encoder", "bm25", "--cache", tmp_path / "v").stdout
    assert re.search(r"RR\s+│ 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]", output)
    assert "csn test, protocol full, texts as tokens, system bm25 (k1=1.5, b=0.75" in output
    assert "60 queries, depth 120; equal scores are ordered by document id" in output


def test_json_is_one_object_and_nothing_else(run, csn, tmp_path):
    result = run("csn", csn, "--encoder", "random", "--protocol", "1000", "--json", "--cache", tmp_path / "v")
    report = json.loads(result.stdout)
    assert report["protocol"] == "1000"
    assert report["system"]["encoder"].startswith("random")
    assert set(report["measures"]["RR"]) == {"mean", "low", "high"}
    assert len(report["parts"][0]["checksum"]) == 64
    assert result.stderr == ""


@pytest.fixture
def two_folders(run, csn, tmp_path):
    output = tmp_path / "out"
    run("csn", csn, "--encoder", "bm25", "--encoder", "random", "--output", output, "--cache", tmp_path / "v")
    return sorted(path for path in output.iterdir() if path.is_dir()), output


def test_the_output_folder_holds_all_that_a_person_looks_at(two_folders):
    (bm25, _), output = two_folders
    assert {path.name for path in bm25.iterdir()} == {
        "csn-python-test.run", "csn-python-test.qrels", "report.json", "report.md", "recall.png", "ranks.png",
        "worst.html",
    }  # fmt: skip
    report = read_report(bm25)
    page = (bm25 / "report.md").read_text()
    for needed in (report.parts[0].checksum[:16], report.machine, report.date, "recall.png", "SHA-256", "cut off"):
        assert needed in page
    html = (bm25 / "worst.html").read_text()
    assert html.count("<h2>") > 0
    assert "http://" not in re.sub(r"(?s)<pre>.*?</pre>", "", html)
    assert (output / "table.md").exists()
    assert (output / "csn-test-full-speed.png").stat().st_size > 1000
    assert json.loads(read_report(bm25).to_json()) == json.loads((bm25 / "report.json").read_text())


def test_texts_cannot_break_out_of_the_page(run, csn_rows, tmp_path):
    evil = [{**row, "docstring_tokens": ["<script>alert(1)</script>", str(n)]} for n, row in enumerate(csn_rows[:5])]
    run("csn", write_cleaned(tmp_path / "d", evil, []), "--encoder", "random", "--output", tmp_path / "o",
        "--cache", tmp_path / "v")  # fmt: skip
    assert "<script" not in (tmp_path / "o" / "worst.html").read_text()


def test_a_table_puts_runs_beside_published_results_with_their_sources(run, two_folders):
    folders, _ = two_folders
    rows = json.loads(run("table", *folders, "--json").stdout)[0]
    names = [row[0] for row in rows["rows"]]
    assert names[0].startswith("bm25")
    assert any("CodeT5+ 110M embedding (zero-shot)" in name for name in names)
    assert "CodeT5+ 220M matching" in run("table", *folders).stdout
    assert any("salesforce/CodeT5" in source for source in rows["sources"])


def test_a_table_takes_the_folders_of_all_systems_from_one(run, two_folders):
    folders, output = two_folders
    assert run("table", output, "--json").stdout == run("table", *folders, "--json").stdout


def test_two_runs_are_compared(run, two_folders):
    (bm25, random), _ = two_folders
    found = json.loads(run("compare", random, bm25, "--json").stdout)
    assert found["difference"]["mean"] > 0.2
    assert found["p"] < 0.01
    assert len(found["wins"]) > len(found["losses"])
    printed = run("compare", random / "csn-python-test.run", bm25 / "csn-python-test.run").stdout
    assert "paired randomisation test: p = 0.0000" in printed


def test_a_task_is_exported_and_evaluated_from_the_folder_to_the_same_number(run, csn, tmp_path):
    folder = run("export", "csn", csn, "--output", tmp_path / "beir").stdout.strip()
    one, two = (
        json.loads(run(task, data, "--encoder", "bm25", "--json", "--cache", tmp_path / "v").stdout)
        for task, data in (("csn", csn), ("folder", folder))
    )
    assert one["measures"]["RR"] == two["measures"]["RR"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["csn", "gone", "--encoder", "bm25"], "gone does not exist"),
        (["csn", "--protocol", "10", "--encoder", "bm25"], "csn has no --protocol '10'; take one of full, 1000"),
        (["cosqa", "--encoder", "bm25"], "cosqa needs DATA"),
        *(([task, "--language", "go"], f"{task} has no --language") for task in TASK_HELP if task != "csn"),
        (["export", "folder", "--language", "go", "--output", "x"], "folder has no --language"),
        (["export", "nothing", "--output", "x"], "there is no task 'nothing'"),
        (["table", "gone"], "gone cannot be read"),
        (["compare", "gone", "gone"], "cannot be read"),
        (["challenge", "gone"], "annotationStore.csv cannot be read"),
        (["repos", "gone"], "repos.tsv cannot be read"),
        (["cosqa", "gone", "--encoder", "no/such/folder/at/all"], "no/such/folder"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(run, arguments, message):
    result = run(*arguments, status=2)
    assert message in result.stderr
    assert result.stderr.startswith("codesearch eval: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_measure_has_one_value_by_whatever_name_it_is_called(run, csn, tmp_path):
    named = ("RR", "MRR", "Recall@10", "R@10")
    options = [option for name in named for option in ("--measure", name)]
    run("csn", csn, "--encoder", "bm25", *options, "--cache", tmp_path / "v", "--output", tmp_path / "out")
    measures = json.loads((tmp_path / "out" / "report.json").read_text())["measures"]
    assert measures["RR"] == measures["MRR"]
    assert measures["Recall@10"] == measures["R@10"]
    assert measures["R@10"]["mean"] > 0


@pytest.mark.parametrize(
    "measure",
    [
        "P@0", "RBP", "alpha_nDCG@10", "Accuracy", "BPM", "INST", "SDCG@10", "AP(rel=0)", "ERR@10",
        "nDCG(dcg='exp-log2')@10",
    ],
)  # fmt: skip
def test_a_measure_that_cannot_be_computed_is_refused_before_anything_is_ranked(run, csn, tmp_path, measure):
    result = run("csn", csn, "--encoder", "bm25", "--measure", measure, "--cache", tmp_path / "v", status=2)
    assert "--measure: " in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--encoder", "random", "--encoder", "no/such/folder/at/all"], "no/such/folder"),
        (["--encoder", "random", "--encoder", "bm25", "--fuse", "bm25"], "there is nothing to fuse"),
    ],
)
@pytest.mark.parametrize("command", ["csn", "challenge"])
def test_all_systems_are_loaded_before_the_first_is_evaluated(run, csn, tmp_path, command, arguments, message):
    (tmp_path / "annotationStore.csv").write_text("Language,Query,GitHubUrl,Relevance\nPython,a,u,3\n")
    (tmp_path / "queries.csv").write_text("query\na\n")
    data = [tmp_path, "--functions", csn] if command == "challenge" else [csn]
    result = run(command, *data, *arguments, "--cache", tmp_path / "v", "--output", tmp_path / "out", status=2)
    assert message in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "v").exists()
    assert not (tmp_path / "out").exists()


def test_what_is_finished_is_shown_where_a_later_system_fails(run, csn, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "random-64-dimensions-seed-0").write_text("in the way")
    options = ["--encoder", "bm25", "--encoder", "random", "--cache", tmp_path / "v", "--output", out]
    result = run("csn", csn, *options, status=2)
    assert "RR" in result.stdout
    assert "random-64-dimensions-seed-0 cannot be written (File exists)" in result.stderr
    assert json.loads(run("csn", csn, *options, "--json", status=2).stdout)["system"]["encoder"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "csn", "CSN", "--output", "FILE"],
        ["csn", "CSN", "--encoder", "bm25", "--output", "FILE"],
        ["csn", "CSN", "--encoder", "bm25", "--output", "FOLDER"],
        ["table", "REPORTS", "--output", "FILE"],
    ],
)
def test_where_nothing_can_be_written_is_one_line(run, csn, tmp_path, two_folders, arguments):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "report.json").mkdir(parents=True)
    places = {"CSN": csn, "FILE": tmp_path / "file", "FOLDER": tmp_path / "folder", "REPORTS": two_folders[1]}
    result = run(*[places.get(one, one) for one in arguments], status=2)
    assert "cannot be written (" in result.stderr
    assert result.stderr.count("\n") == 1


def test_texts_the_default_encoder_knows_nothing_of_are_evaluated_and_counted(run, tmp_path):
    documents = {"a": "def read_json(path): ...", "b": "{ }", "c": ""}
    lines = [json.dumps({"_id": name, "text": text}) for name, text in documents.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines))
    queries = {"q1": "read json", "q2": "\u5982\u4f55\u6392\u5e8f"}
    lines = [json.dumps({"_id": name, "text": text}) for name, text in queries.items()]
    (tmp_path / "queries.jsonl").write_text("\n".join(lines))
    (tmp_path / "qrels.tsv").write_text("q1\ta\t1\nq2\tb\t1\n")
    report = json.loads(run("folder", tmp_path, "--cache", tmp_path / "v", "--json").stdout)
    assert report["measures"]["RR"]["mean"] == (1 + 1 / 2) / 2
    assert report["parts"][0]["counts"] == {
        "documents with empty text": 1,
        "queries of which the encoder knows nothing": 1,
        "functions of which the encoder knows nothing": 2,
    }


def test_an_output_folder_keeps_files_of_others_and_drops_runs_of_the_evaluation_before(run, csn, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "baseline.run").write_text("mine")
    run("csn", tmp_path / "nowhere", "--encoder", "bm25", "--output", out, status=2)
    assert (out / "baseline.run").read_text() == "mine"
    run("csn", csn, "--encoder", "random", "--limit", "5", "--cache", tmp_path / "v", "--output", out)
    (before,) = out.glob("csn-*.run")
    report = json.loads((out / "report.json").read_text())
    report["parts"][0]["name"] = "earlier"
    (out / "report.json").write_text(json.dumps(report))
    before.rename(out / "earlier.run")
    run("csn", csn, "--encoder", "random", "--limit", "5", "--cache", tmp_path / "v", "--output", out)
    assert sorted(path.name for path in out.glob("*.run")) == sorted(["baseline.run", before.name])


def test_what_an_evaluation_before_left_is_gone_when_the_next_is_stopped(run, csn, csn_rows, tmp_path):
    out, data = tmp_path / "out", tmp_path / "data"
    run("csn", csn, "--encoder", "random", "--cache", tmp_path / "v", "--output", out)
    (out / "mine.txt").write_text("mine")
    write_cleaned(data, csn_rows[:20], [])
    (data / "ruby").mkdir()
    (data / "ruby" / "test.jsonl").write_text("no JSON")
    run("csn", data, "--encoder", "bm25", "--cache", tmp_path / "v", "--output", out, status=2)
    assert {path.name for path in out.iterdir()} == {"csn-python-test.run", "csn-python-test.qrels", "mine.txt"}
    assert "bm25" in (out / "csn-python-test.run").read_text()


def test_predictions_of_an_evaluation_before_are_gone_and_those_that_are_judged_stay(run, csn, csn_rows, tmp_path):
    url = csn_rows[0]["url"]
    (tmp_path / "annotationStore.csv").write_text(f"Language,Query,GitHubUrl,Relevance\nPython,a,{url},3\n")
    (tmp_path / "queries.csv").write_text("query\na\n")
    out, options = tmp_path / "out", ["--cache", tmp_path / "v", "--output", tmp_path / "out"]
    found = out / "model_predictions.csv"
    run("challenge", tmp_path, "--functions", csn, "--encoder", "random", *options)
    run("challenge", tmp_path, "--predictions", found, *options)
    assert found.exists()
    run("csn", csn, "--encoder", "bm25", *options)
    assert found.exists(), "by then it is one that was given"
    run("challenge", tmp_path, "--functions", csn, "--encoder", "random", *options)
    run("csn", csn, "--encoder", "bm25", *options)
    assert not found.exists()


def test_fewer_than_no_words_are_refused(run):
    assert "--max-words" in run("csn", "gone", "--max-words", "-5", status=2).stderr


@pytest.mark.parametrize(
    ("command", "option", "right", "wrong"),
    [
        ("csn", "--encoder", "bm25", "mteb"),
        ("repos", "--encoder", "hub name", "bm25"),
        ("table", "--output", "table.md", "qrels"),
        ("mteb", "--output", "TASK.json", "qrels"),
        ("challenge", "--output", "model_predictions.csv", "qrels"),
    ],
)
def test_the_help_of_an_option_is_that_of_its_command(command, option, right, wrong):
    parameters = get_command(app).commands[command].params
    (text,) = (parameter.help for parameter in parameters if option in parameter.opts)
    assert right in text
    assert wrong not in text


def test_a_measure_that_does_not_exist_is_refused(run, csn, tmp_path):
    result = run("csn", csn, "--encoder", "bm25", "--measure", "Best@1", "--cache", tmp_path / "v", status=2)
    assert "nDCG@10" in result.stderr


def test_every_task_has_a_command_and_a_declaration():
    assert set(TASK_HELP) == set(RETRIEVAL_TASKS)
    for task in RETRIEVAL_TASKS.values():
        assert task.meaning and task.version and task.paper and task.layout
        assert task.measures[0] == "RR"


def test_published_results_are_shares_with_a_source():
    for task in {table["task"] for table in json.loads(FILE.read_text())}:
        assert task in {*RETRIEVAL_TASKS, "repos"}, "nothing reads it"
        found = published(task)
        assert found
        for one in found:
            assert len(one.source) > 20
            assert all(0 < value < 1 for value in one.values.values())
            languages = [value for column, value in one.values.items() if column != "mean"]
            if len(languages) > 1:
                assert one.values["mean"] == pytest.approx(sum(languages) / len(languages), abs=0.0011)
