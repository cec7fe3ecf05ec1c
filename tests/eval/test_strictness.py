"""Bad data is refused with file and line, or counted; it is never passed over in silence."""

from __future__ import annotations

import gzip
import json

import pytest
from stdlib_csn import write_cleaned, write_original, write_parquet, write_zip

from eval.errors import DataError
from eval.tasks import RETRIEVAL_TASKS, Source

CSN = RETRIEVAL_TASKS["csn"]


@pytest.fixture
def lists(csn_rows, tmp_path):
    folder = write_cleaned(tmp_path, csn_rows[:20], csn_rows[20:30])
    return folder, folder / "python" / "test.jsonl", folder / "python" / "codebase.jsonl"


def change(path, number, new):
    lines = path.read_text().splitlines()
    lines[number - 1] = new(json.loads(lines[number - 1]))
    path.write_text("\n".join(lines) + "\n")


def read(folder, **options):
    (retrieval,) = CSN.read(Source(folder, **options))
    return retrieval


def without(name):
    return lambda row: json.dumps({key: value for key, value in row.items() if key != name})


@pytest.mark.parametrize(
    ("new", "message", "count"),
    [
        (lambda row: json.dumps(row)[:40], r"test.jsonl:3 is not JSON", "damaged lines left out"),
        (lambda row: "[1, 2]", r"test.jsonl:3 is not a JSON object", "damaged lines left out"),
        (without("url"), r"test.jsonl:3 has no field 'url'", "records left out: no field 'url'"),
        (
            without("docstring_tokens"),
            "test.jsonl:3 has no field 'docstring_tokens'",
            "records left out: no field 'docstring_tokens'",
        ),
        (
            lambda row: json.dumps({**row, "code_tokens": 7, "docstring_tokens": "a text"}),
            "test.jsonl:3 has a int as 'code_tokens' where a list is expected",
            "records left out: 'code_tokens' is not a list",
        ),
    ],
)
def test_a_damaged_record_is_refused_with_its_line_or_counted(lists, new, message, count):
    folder, queries, _ = lists
    change(queries, 3, new)
    with pytest.raises(DataError, match=message):
        read(folder)
    retrieval = read(folder, skip_damaged=True)
    assert len(retrieval.queries) == 19
    assert retrieval.counts[count] == 1


def test_an_id_with_two_texts_is_refused_with_both_places_or_counted(lists):
    folder, _, codebase = lists
    change(codebase, 5, lambda row: json.dumps({**row, "url": json.loads(codebase.read_text().splitlines()[1])["url"]}))
    with pytest.raises(DataError, match=r"codebase.jsonl:5: the document id .* was given before .*codebase.jsonl:2"):
        read(folder)
    counts = read(folder, skip_damaged=True).counts
    assert counts["document ids given twice with different texts, the first kept"] == 1
    assert counts["queries left out: no relevant document in the collection"] == 1


def test_the_same_record_twice_is_merged_and_counted(lists):
    folder, _, codebase = lists
    codebase.write_text(codebase.read_text() + codebase.read_text().splitlines()[0] + "\n")
    retrieval = read(folder)
    assert len(retrieval.documents) == 30
    assert retrieval.counts["document ids given twice with the same text, merged"] == 1


def test_a_query_without_its_answer_is_left_out_and_counted(lists):
    folder, _, codebase = lists
    codebase.write_text("\n".join(codebase.read_text().splitlines()[2:]) + "\n")
    retrieval = read(folder)
    assert len(retrieval.queries) == 18
    assert retrieval.counts["queries left out: no relevant document in the collection"] == 2


def test_an_empty_split_is_refused(lists):
    folder, queries, codebase = lists
    text = queries.read_text()
    queries.write_text("")
    with pytest.raises(DataError, match="no query has an answer"):
        read(folder)
    queries.write_text(text)
    codebase.write_text("")
    with pytest.raises(DataError, match="there are no documents"):
        read(folder)


def test_empty_texts_are_counted(lists):
    folder, queries, codebase = lists
    change(queries, 1, lambda row: json.dumps({**row, "docstring_tokens": []}))
    change(codebase, 30, lambda row: json.dumps({**row, "code_tokens": []}))
    counts = read(folder).counts
    assert counts["queries left out: empty text"] == 1
    assert counts["documents with empty text"] == 1


def test_a_file_cut_short_is_refused(csn_rows, tmp_path):
    gz = tmp_path / "gz" / "python" / "test"
    gz.mkdir(parents=True)
    data = gzip.compress("".join(json.dumps(row) + "\n" for row in csn_rows[:50]).encode())
    (gz / "python_test_0.jsonl.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"python_test_0.jsonl.gz is damaged or cut short"):
        read(tmp_path / "gz")
    archive = write_zip(tmp_path / "zip", csn_rows[:50]) / "python.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"python.zip is not a whole zip file"):
        read(tmp_path / "zip")
    parquet = write_parquet(tmp_path / "parquet", csn_rows[:50]) / "python" / "test-00000-of-00001.parquet"
    parquet.write_bytes(parquet.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"parquet is damaged or cut short"):
        read(tmp_path / "parquet")


@pytest.mark.parametrize("skip_damaged", [False, True])
def test_flipped_bytes_in_a_packed_file_are_refused(csn_rows, tmp_path, skip_damaged):
    gz = write_original(tmp_path / "gz", csn_rows[:50]) / "python/final/jsonl/test/python_test_0.jsonl.gz"
    gz.write_bytes(gzip.compress(gzip.decompress(gz.read_bytes())))  # a header without a name, of 10 bytes
    archive = write_zip(tmp_path / "zip", csn_rows[:50]) / "python.zip"
    for path, folder in ((gz, tmp_path / "gz"), (archive, tmp_path / "zip")):
        data = bytearray(path.read_bytes())
        data[data.index(b"\x1f\x8b") + 10] = 0b111  # a kind of block that there is not
        path.write_bytes(data)
        with pytest.raises(DataError, match=rf"{path.name}.* is damaged or cut short \(.*invalid block type\)"):
            read(folder, skip_damaged=skip_damaged)


def test_text_that_is_not_utf8_is_refused_with_its_line(lists):
    folder, queries, _ = lists
    lines = queries.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"python", b"\xff\xfe", 1)
    queries.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"test.jsonl:3 is not UTF-8"):
        read(folder)


def test_json_too_deep_to_read_is_refused_or_counted(lists, tmp_path):
    folder, queries, _ = lists
    change(queries, 3, lambda row: "[" * 100_000)
    with pytest.raises(DataError, match=r"test.jsonl:3 is not JSON"):
        read(folder)
    assert read(folder, skip_damaged=True).counts["damaged lines left out"] == 1
    (tmp_path / "code_idx_map.txt").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"code_idx_map.txt is not JSON"):
        list(RETRIEVAL_TASKS["cosqa"].read(Source(tmp_path)))


def test_a_json_file_with_a_key_twice_is_refused(tmp_path):
    (tmp_path / "code_idx_map.txt").write_text('{"def f(): pass": 0, "def f(): pass": 1}')
    (tmp_path / "cosqa-retrieval-dev-500.json").write_text("[]")
    with pytest.raises(DataError, match=r"code_idx_map.txt holds the key 'def f\(\): pass' twice"):
        list(RETRIEVAL_TASKS["cosqa"].read(Source(tmp_path)))


def test_halves_of_surrogate_pairs_are_replaced_and_counted(tmp_path):
    # In a file they can be told of in JSON only; trec_eval ends the process when it meets one in an id.
    half = "\\ud800"
    documents = [f'{{"_id": "d{half}", "text": "read {half} json"}}', '{"_id": "e", "text": "other"}']
    (tmp_path / "corpus.jsonl").write_text("\n".join(documents))
    (tmp_path / "queries.jsonl").write_text(f'{{"_id": "q", "text": "json {half}"}}')
    (tmp_path / "qrels.tsv").write_text("q\te\t1\nq\td?\t1\n")
    (retrieval,) = RETRIEVAL_TASKS["folder"].read(Source(tmp_path))
    assert [document.id for document in retrieval.documents] == ["d?", "e"]
    assert retrieval.qrels == {"q": {"e": 1, "d?": 1}}
    assert retrieval.counts["document ids or texts with half of a surrogate pair, replaced"] == 1
    assert retrieval.counts["query ids or texts with half of a surrogate pair, replaced"] == 1
    for item in (*retrieval.documents, *retrieval.queries):
        assert f"{item.id} {item.text}".isascii()


def test_text_in_parquet_that_is_not_utf8_is_refused(csn_rows, tmp_path):
    import pyarrow
    from pyarrow import parquet

    folder = write_parquet(tmp_path, csn_rows[:5]) / "python"
    path = folder / "test-00000-of-00001.parquet"
    table = parquet.read_table(path)
    broken = pyarrow.array([b"\xff"] * 5).view(pyarrow.string())
    place = table.schema.get_field_index("func_documentation_string")
    parquet.write_table(table.set_column(place, "func_documentation_string", broken), path)
    with pytest.raises(DataError, match=r"parquet is damaged or cut short \(.*utf-8"):
        read(tmp_path)
