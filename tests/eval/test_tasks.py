"""The other tasks read what is published, and any task goes out and comes back as a folder."""

from __future__ import annotations

import json

import pytest

from eval.errors import DataError, EvalError
from eval.export import export
from eval.tasks import RETRIEVAL_TASKS, Source
from eval.trec import read_qrels, read_run


def read(task, folder, **options):
    (retrieval,) = RETRIEVAL_TASKS[task].read(Source(folder, **options))
    return retrieval


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def cosqa(tmp_path):
    codes = {f"def f{number}(): return {number}": number for number in range(5)}
    rows = [{"idx": f"cosqa-{n}", "doc": f"query {n}", "code": "", "label": 1, "retrieval_idx": n} for n in (4, 2)]
    (tmp_path / "code_idx_map.txt").write_text(json.dumps(codes))
    (tmp_path / "cosqa-retrieval-dev-500.json").write_text(json.dumps(rows))
    return tmp_path


def test_cosqa_searches_all_functions_of_its_map(cosqa):
    retrieval = read("cosqa", cosqa)
    assert [query.text for query in retrieval.queries] == ["query 4", "query 2"]
    assert len(retrieval.documents) == 5
    assert retrieval.qrels == {"cosqa-4": {"4": 1}, "cosqa-2": {"2": 1}}


def test_cosqa_without_its_test_split_says_which_file_is_missing(cosqa):
    with pytest.raises(DataError, match=r"cosqa-retrieval-test-500.json cannot be read"):
        read("cosqa", cosqa, split="test")


@pytest.mark.parametrize("codes", [[], None, "text", {"def f(): 1": "1"}, {"def f(): 1": None}, {"def f(): 1": True}])
def test_a_map_of_cosqa_that_is_none_is_refused(cosqa, codes):
    (cosqa / "code_idx_map.txt").write_text(json.dumps(codes))
    with pytest.raises(DataError, match=r"code_idx_map.txt is not a JSON object of functions and their whole numbers"):
        read("cosqa", cosqa)


def test_advtest_searches_normalised_functions_under_their_own_numbers(tmp_path):
    rows = [
        {"url": f"u{n}", "idx": n, "docstring_tokens": ["does", str(n)], "docstring": "Does.",
         "function_tokens": ["def", "Func", "(", "arg_0", ")"], "function": f"def Func(arg_0):\n  return {n}"}
        for n in range(3)
    ]  # fmt: skip
    write_lines(tmp_path / "test.jsonl", rows)
    retrieval = read("advtest", tmp_path)
    assert retrieval.documents[1].text == "def Func ( arg_0 )"
    assert retrieval.qrels == {"u0": {"0": 1}, "u1": {"1": 1}, "u2": {"2": 1}}
    assert read("advtest", tmp_path, text="source").documents[1].text == "def Func(arg_0):\n  return 1"


def test_webquery_merges_equal_queries_and_functions_and_keeps_what_was_judged_right(tmp_path):
    rows = [("w1", "open file", "def a(): 1"), ("w2", "open file", "def b(): 2"), ("w3", "close", "def a(): 1")]
    (tmp_path / "test_webquery.json").write_text(
        json.dumps([dict(zip(("idx", "doc", "code"), r, strict=True)) for r in rows])
    )
    with pytest.raises(DataError, match=r"record 1 has no label and there is no webquery_answers.txt"):
        read("webquery", tmp_path)
    (tmp_path / "webquery_answers.txt").write_text("w1\t0\nw2\t1\nw3\t1\n")
    retrieval = read("webquery", tmp_path)
    assert retrieval.qrels == {"w1": {"w2": 1}, "w3": {"w1": 1}}
    assert len(retrieval.documents) == 2
    (tmp_path / "webquery_answers.txt").write_text("w1\t0\n\nw1\tyes\n")
    with pytest.raises(DataError, match=r"webquery_answers.txt:3 is not 'idx<tab>0'"):
        read("webquery", tmp_path)
    (tmp_path / "webquery_answers.txt").write_bytes(b"w1\t0\nw\xff\t1\n")
    with pytest.raises(DataError, match=r"webquery_answers.txt:2 is not UTF-8"):
        read("webquery", tmp_path)


def test_an_exported_task_comes_back_the_same(cosqa, tmp_path):
    original = read("cosqa", cosqa)
    (folder,) = export([original], tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["corpus.jsonl", "qrels", "queries.jsonl"]
    assert read("folder", folder).checksum() == original.checksum()


def test_pools_cannot_be_exported(csn_rows, tmp_path):
    from stdlib_csn import write_cleaned

    many = [{**row, "url": f"{row['url']}?{n}"} for n in range(9) for row in csn_rows][:2000]
    retrieval = read("csn", write_cleaned(tmp_path / "csn", many, []), protocol="1000")
    with pytest.raises(EvalError, match="one pool of documents"):
        export([retrieval], tmp_path / "out")


@pytest.fixture
def folder(tmp_path):
    write_lines(tmp_path / "corpus.jsonl", [{"_id": "d 1", "title": "T", "text": "x"}, {"_id": 2, "text": "y"}])
    write_lines(tmp_path / "queries.jsonl", [{"_id": "a", "text": "find x"}, {"_id": "b", "text": "other"}])
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\na\td 1\t2\na\tgone\t1\n")
    return tmp_path


def test_a_folder_of_ones_own_is_read_and_what_is_left_out_is_counted(folder):
    retrieval = read("folder", folder)
    assert [document.text for document in retrieval.documents] == ["T\nx", "y"]
    assert retrieval.qrels == {"a": {"d%201": 2}}
    assert retrieval.counts == {
        "queries left out: not in the qrels of this split": 1,
        "judgements of documents that are not in the collection": 1,
    }


def test_damaged_qrels_are_refused_with_their_line(folder):
    (folder / "qrels.tsv").write_text("a\td 1\t2\na\td 1\n")
    with pytest.raises(DataError, match=r"qrels.tsv:2 is not 'query-id<tab>corpus-id<tab>whole number'"):
        read("folder", folder)
    for relevance in ("nan", "0.9", "many"):
        (folder / "qrels.tsv").write_text(f"a\td 1\t2\na\td 1\t{relevance}\n")
        with pytest.raises(DataError, match=rf"qrels.tsv:2 has the relevance '{relevance}', not a whole number"):
            read("folder", folder)
    (folder / "qrels.tsv").write_bytes(b"a\td 1\t2\na\td\xff\t1\n")
    with pytest.raises(DataError, match=r"qrels.tsv:2 is not UTF-8"):
        read("folder", folder)


def test_damaged_run_files_are_refused_with_their_line(tmp_path):
    path = tmp_path / "file"
    for relevance, message in (
        ("nan", "'nan', not a whole"),
        ("0.9", "'0.9', not a whole"),
        (10**30, "beyond 1,000,000"),
    ):
        path.write_text(f"q 0 d 1\nq 0 e {relevance}\n")
        with pytest.raises(DataError, match=f"file:2 has (the|a) relevance {message}"):
            read_qrels(path)
    path.write_text("q Q0 d 1 0.5 tag\nq Q0 e 2 nan tag\n")
    with pytest.raises(DataError, match="file:2 has the score 'nan'"):
        read_run(path)
    path.write_bytes(b"q Q0 d 1 0.5 tag\nq Q0 \xff 2 0.4 tag\n")
    with pytest.raises(DataError, match="file:2 is not UTF-8"):
        read_run(path)


@pytest.mark.parametrize("task", [task for task in RETRIEVAL_TASKS if task != "csn"])
def test_a_task_without_data_says_what_it_needs(task):
    with pytest.raises(DataError, match=f"{task} needs DATA: a folder with"):
        read(task, None)
