"""CodeSearchNet: every shape gives the same data, and MRR is what it must be."""

from __future__ import annotations

import math
import subprocess
import sys

import ir_measures
import numpy as np
import pytest
from stdlib_csn import write_cleaned, write_parquet, write_zip

from eval.errors import DataError
from eval.evaluation import Options, evaluate
from eval.measures import runs
from eval.ranker import Ranker
from eval.system import RandomEncoder, System
from eval.tasks import RETRIEVAL_TASKS, Source
from eval.trec import write_qrels, write_run

CSN = RETRIEVAL_TASKS["csn"]


def read(folder, **options):
    (retrieval,) = CSN.read(Source(folder, **options))
    return retrieval


def test_the_fixture_is_large_enough_to_mean_something(csn_rows):
    assert len(csn_rows) > 300
    assert len({row["url"] for row in csn_rows}) == len(csn_rows)


@pytest.mark.parametrize("text", ["tokens", "source"])
def test_all_shapes_give_the_same_queries_and_functions(csn_rows, csn_folder, tmp_path, text):
    original = read(csn_folder, text=text)
    for other in (
        write_zip(tmp_path / "zip", csn_rows),
        write_zip(tmp_path / "file", csn_rows) / "python.zip",
        write_parquet(tmp_path / "parquet", csn_rows),
        write_cleaned(tmp_path / "cleaned", csn_rows, []),
        tmp_path / "cleaned" / "python",
        csn_folder / "python",
    ):
        assert read(other, text=text).checksum() == original.checksum(), other
    assert read(csn_folder, text="tokens").checksum() != read(csn_folder, text="source").checksum()


def test_the_codebase_is_what_is_searched_in_the_full_protocol(csn_rows, tmp_path):
    full = read(write_cleaned(tmp_path, csn_rows[:50], csn_rows[50:200]))
    assert (len(full.queries), len(full.documents)) == (50, 200)


def test_the_docstring_is_not_in_the_function_it_is_searched_in(csn_folder, csn_rows):
    retrieval = read(csn_folder, text="source")
    by_id = {document.id: document.text for document in retrieval.documents}
    summaries = {}
    for row, query in zip(csn_rows, retrieval.queries, strict=True):
        assert query.text == row["docstring"]
        summary = query.text.splitlines()[0]
        if row["code"].count(summary) == 1:
            summaries[query.id] = summary
    assert len(summaries) > 0.9 * len(csn_rows)
    assert [id for id, summary in summaries.items() if summary in by_id[id]] == []


def test_mrr_equals_an_independent_computation_and_ir_measures(csn_folder, cache):
    retrieval = read(csn_folder)
    report = evaluate(CSN, Source(csn_folder), System(encoder=RandomEncoder()), cache)
    encoder = RandomEncoder()
    queries = encoder.encode_queries([query.text for query in retrieval.queries])
    codes = encoder.encode_code([document.text for document in retrieval.documents])
    place = {document.id: number for number, document in enumerate(retrieval.documents)}
    ids = [document.id for document in retrieval.documents]
    total = 0.0
    for query, vector in zip(retrieval.queries, queries, strict=True):
        scores = codes @ vector
        right = place[query.id]
        above = sum(
            s > scores[right] or (s == scores[right] and i > ids[right]) for s, i in zip(scores, ids, strict=True)
        )
        total += 1 / (1 + above)
    assert report.measures["RR"].mean == pytest.approx(total / len(queries), abs=1e-9)
    ranking = Ranker(System(encoder=encoder), cache).rank(retrieval)
    whole = {query: documents for part in runs(retrieval, ranking) for query, documents in part.items()}
    other = ir_measures.calc_aggregate([ir_measures.RR], retrieval.qrels, whole)[ir_measures.RR]
    assert report.measures["RR"].mean == pytest.approx(other, abs=1e-9)


def test_the_command_line_of_ir_measures_finds_the_same_numbers_in_the_files(csn_folder, cache, tmp_path):
    system = System(bm25=True)
    report = evaluate(CSN, Source(csn_folder), system, cache)
    retrieval = read(csn_folder)
    write_run(tmp_path / "a.run", runs(retrieval, Ranker(system, cache).rank(retrieval)), system.name)
    write_qrels(tmp_path / "a.qrels", retrieval.qrels)
    command = [sys.executable, "-m", "ir_measures", "a.qrels", "a.run", "RR", "nDCG@10", "AP", "-p", "12"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        measure, value = line.split("\t")
        assert report.measures[measure].mean == pytest.approx(float(value), abs=1e-9)


def test_the_1000_protocol_has_batches_of_1000_and_counts_what_is_left_out(csn_rows, tmp_path):
    many = [{**row, "url": f"{row['url']}?{copy}"} for copy in range(9) for row in csn_rows][:2345]
    retrieval = read(write_cleaned(tmp_path, many, []), protocol="1000")
    assert [len(pool.queries) for pool in retrieval.pools] == [1000, 1000]
    assert [len(pool.documents) for pool in retrieval.pools] == [1000, 1000]
    assert len(retrieval.queries) == 2000
    assert retrieval.counts["queries left out: last batch of less than 1000"] == 345


def test_the_batches_are_those_of_codesearchnet(csn_rows, tmp_path):
    many = [{**row, "url": f"{row['url']}?{copy}"} for copy in range(9) for row in csn_rows][:1500]
    retrieval = read(write_cleaned(tmp_path, many, []), protocol="1000")
    order = np.arange(1500)
    np.random.seed(0)
    np.random.shuffle(order)
    assert {retrieval.queries[q].id for q in retrieval.pools[0].queries} == {many[i]["url"] for i in order[:1000]}


def test_fewer_than_1000_queries_are_one_batch(csn_rows, tmp_path):
    retrieval = read(write_cleaned(tmp_path, csn_rows[:40], csn_rows[40:90]), protocol="1000")
    assert [len(pool.documents) for pool in retrieval.pools] == [40]


def test_a_random_encoder_gives_the_harmonic_mean_on_the_1000_protocol(csn_rows, tmp_path, cache):
    many = [{**row, "url": f"{row['url']}?{n}", "docstring_tokens": [str(n)], "code_tokens": ["def", str(n)]}
            for n, row in enumerate((csn_rows * 9)[:1000])]  # fmt: skip
    source = Source(write_cleaned(tmp_path, many, []), protocol="1000")
    report = evaluate(CSN, source, System(encoder=RandomEncoder(seed=7)), cache)
    ranks = np.arange(1, 1001)
    expected = np.mean(1 / ranks)
    error = math.sqrt(np.var(1 / ranks) / 1000)
    assert abs(report.measures["RR"].mean - expected) < 4 * error
    assert report.protocol == "1000"


def test_a_language_that_is_not_there_is_refused_by_name(csn_folder):
    with pytest.raises(DataError, match="no test split of ruby"):
        read(csn_folder, languages=("ruby",))


def test_a_sample_keeps_every_document_and_is_the_same_for_a_seed(csn_folder, cache):
    system = System(bm25=True)
    first, second, other = (
        evaluate(CSN, Source(csn_folder), system, cache, Options(limit=30, seed=seed)) for seed in (1, 1, 2)
    )
    assert first.parts[0].queries == 30
    assert first.parts[0].documents == len(read(csn_folder).documents)
    assert first.measures == second.measures
    assert first.parts[0].checksum != other.parts[0].checksum
