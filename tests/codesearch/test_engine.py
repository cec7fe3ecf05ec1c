"""The index as a Python library."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from written import write_files

from codesearch import CodeIndex, CodesearchError, load_encoder
from codesearch.hit import Hit
from codesearch.query import parse
from indexer.errors import IndexerError, StoreError
from indexer.mend import stamp
from indexer.store import Store


class Vowels:
    """An encoder whose vectors count vowels: small, quick, and different from the shipped one."""

    name = "vowels@1"
    dim = 6
    max_tokens = 512

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_queries(self, queries):
        return self._encode(queries)

    def encode_code(self, codes):
        self.encoded += codes
        return self._encode(codes)

    def _encode(self, texts):
        counts = np.array([[text.lower().count(vowel) for vowel in "aeiouy"] for text in texts], np.float32) + 0.1
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


class Prefers:
    """A matching head that likes code with a certain word."""

    name = "prefers@1"

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[str] = []

    def score(self, query, codes):
        self.asked += codes
        return np.array([float(self.word in code) for code in codes], np.float32)


class Stops:
    """Progress that is stopped by Ctrl-C when functions are encoded."""

    def stage(self, name, total):
        if "encod" in name:
            raise KeyboardInterrupt

    def advance(self, steps): ...


def test_another_encoder_counts_from_when_everything_is_encoded_with_it(project):
    CodeIndex.build(project).close()
    with pytest.raises(KeyboardInterrupt):
        CodeIndex.build(project, encoder="bimodal", progress=Stops())
    with CodeIndex.build(project) as index:
        assert index.encoder.name.startswith("static@")
        assert index.report.encoded == 0
    with CodeIndex.build(project, encoder="bimodal") as index:
        assert index.notes == ["searched with the encoder bimodal from now on; --encoder default goes back"]
    with CodeIndex.build(project) as index:
        assert index.encoder.name.startswith("bimodal@")
        assert index.notes == []


def test_build_and_search_give_hits(project):
    with CodeIndex.build(project) as index:
        hits = index.search("retry with exponential backoff", k=3)
    assert isinstance(hits[0], Hit)
    assert (hits[0].path, hits[0].name, hits[0].rank) == ("shop/retry.py", "retry_with_backoff", 1)
    assert [hit.rank for hit in hits] == [1, 2, 3]


def test_open_takes_the_index_as_it_is(project):
    CodeIndex.build(project).close()
    (project / "shop" / "dates.py").unlink()
    with CodeIndex.open(project) as index:
        assert index.search("parse a date", language="python")[0].path == "shop/dates.py"


class Breaks(Vowels):
    name = "breaks@1"

    def encode_code(self, codes):
        raise CodesearchError("broken")


@pytest.mark.parametrize("how", [CodeIndex.open, CodeIndex.build])
def test_an_index_that_cannot_be_built_or_opened_leaves_no_file_open(project, cache, how):
    CodeIndex.build(project).close()
    with pytest.raises(CodesearchError) as error:  # which would keep alive what is left
        how(project, encoder=Breaks())
    assert not [link for link in Path("/proc/self/fd").iterdir() if link.resolve().is_relative_to(cache)]
    del error


def test_open_without_an_index_says_what_to_do(project):
    with pytest.raises(StoreError, match="run `codesearch index` first"):
        CodeIndex.open(project)


def test_open_refuses_another_encoder(project):
    CodeIndex.build(project).close()
    with pytest.raises(CodesearchError, match=r"was made with the encoder static@.*, not vowels@1"):
        CodeIndex.open(project, encoder=Vowels())


def test_an_index_of_an_earlier_version_is_refused_by_open_and_renewed_by_build(project):
    with CodeIndex.build(project) as index:
        with index.store.transaction():  # schema 2 had no profiles
            index.store.connection.execute("DROP TABLE profiles")
            index.store.connection.execute("PRAGMA user_version = 2")
            index.store.set_meta("extraction", "2")
        stamp(index.store)
    with pytest.raises(StoreError, match=r"another version made the index .*: run `codesearch index` first"):
        CodeIndex.open(project)
    with CodeIndex.build(project) as index:
        assert index.search("parse a date", language="python")[0].path == "shop/dates.py"
        assert index.report.encoded == 0
        assert index.notes == ["another version made the index: every file is read again"]


def test_a_second_encoder_has_vectors_of_its_own_and_the_first_keeps_its(project):
    vowels = Vowels()
    CodeIndex.build(project, encoder=vowels).close()
    CodeIndex.build(project).close()
    vowels.encoded.clear()
    with CodeIndex.build(project, encoder=vowels) as index:
        assert index.search("parse a date")
    assert vowels.encoded == []


def test_an_unchanged_root_is_opened_without_a_run(project):
    CodeIndex.build(project).close()
    with CodeIndex.build(project) as index:
        assert index.report is None


def test_profiles_are_read_at_once_where_functions_are_few_however_high_their_ids_are(project):
    CodeIndex.build(project).close()
    with CodeIndex.build(project) as index:
        index.store.connection.execute("UPDATE sqlite_sequence SET seq = 60000 WHERE name = 'functions'")
        index.store.connection.commit()
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    with CodeIndex.build(project) as index:
        assert index.store.last_id() > 60000
        for query in ("parse", "retry"):
            index.candidates(parse(query), depth=1)
        statements = []
        index.store.connection.set_trace_callback(statements.append)
        index.candidates(parse("add to the cart"), depth=1)
    assert not any("profiles" in statement for statement in statements)


def test_only_what_is_new_is_encoded(project):
    vowels = Vowels()
    CodeIndex.build(project, encoder=vowels).close()
    vowels.encoded.clear()
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    (project / "shop" / "dates.py").rename(project / "shop" / "calendar.py")
    with CodeIndex.build(project, encoder=vowels) as index:
        assert index.report.read == 2
        assert index.report.deleted == 1
    assert [code.splitlines()[0] for code in vowels.encoded] == ["value_added_tax"]


def test_language_and_under_restrict_the_hits(project):
    with CodeIndex.build(project) as index:
        assert {hit.language for hit in index.search("date", language="python")} == {"python"}
        assert {hit.path for hit in index.search("date", under="tests")} == {"tests/test_dates.py"}
        assert index.search("date", under="nowhere") == []
        for same in ("tests/", "./tests", "tests/../tests"):
            assert index.search("date", under=same) == index.search("date", under="tests")
        assert index.search("date", under=".") == index.search("date")
        for outside in ("/tests", "../tests", ".."):
            with pytest.raises(CodesearchError, match="give a path relative to the root"):
                index.search("date", under=outside)


def test_filters_without_words_list_what_they_let_through(project):
    with CodeIndex.build(project) as index:
        hits = index.search("kind:method")
    assert [hit.qualified_name for hit in hits] == ["RetryPolicy.delay_before"]


@pytest.mark.parametrize("query", ["", "  "])
def test_a_query_without_words_and_filters_is_refused(project, query):
    with CodeIndex.build(project) as index, pytest.raises(CodesearchError, match="the query is empty"):
        index.search(query)


def test_asking_for_more_keeps_the_order_of_the_first(tmp_path, cache):
    for i in range(300):
        body = f"    return read_date({i})\n" * (1 + i % 7)
        (tmp_path / f"date_{i % 90}.py").open("a").write(f"def parse_{i}_date(text):\n{body}\n\n")
    with CodeIndex.build(tmp_path) as index:
        few, many = index.search("parse a date", k=20), index.search("parse a date", k=250)
    assert [hit.qualified_name for hit in many[:20]] == [hit.qualified_name for hit in few]
    assert len({(hit.path, hit.start_line) for hit in many}) == 250
    assert all(first.score >= second.score for first, second in pairwise(many))


def test_a_matching_head_orders_the_best(project):
    head = Prefers("attempts")
    with CodeIndex.build(project) as index:
        plain = index.search("read a date", k=5)
        again = index.search("read a date", k=5, rerank=head)
    assert any("parse_date" in code for code in head.asked)
    assert {hit.path for hit in again} & {hit.path for hit in plain}
    assert [hit.snippet for hit in again] != [hit.snippet for hit in plain]


def test_a_matching_head_is_not_asked_about_a_symbol(project):
    head = Prefers("attempts")
    with CodeIndex.build(project) as index:
        assert index.search("parse_date", rerank=head) == index.search("parse_date")
    assert head.asked == []


def test_similar_leaves_the_function_itself_out(project):
    with CodeIndex.build(project) as index:
        hits = index.similar("shop/retry.py", 6, k=3)
    assert len(hits) == 3
    assert "retry_with_backoff" not in [hit.name for hit in hits]


def test_similar_to_no_function_is_an_error(project):
    with (
        CodeIndex.build(project) as index,
        pytest.raises(CodesearchError, match=r"no indexed function at shop/none.py:1"),
    ):
        index.similar("shop/none.py", 1)


def test_a_file_alone_can_be_indexed(project):
    with CodeIndex.build(project / "shop" / "dates.py") as index:
        assert {hit.path for hit in index.search("date")} == {"dates.py"}


def test_a_search_beside_a_running_index_answers_and_says_how_much_is_covered(project):
    CodeIndex.build(project).close()
    (project / "shop" / "tax.py").write_text("def value_added_tax(net):\n    return net * 0.19\n")
    with CodeIndex.open(project) as index:
        folder = index.target.folder
    with FileLock(folder / "index.lock"), CodeIndex.build(project, wait=False) as index:
        assert index.search("parse a date")[0].path
        assert index.notes[0].startswith("another process is indexing: 5 of 5 files can be found so far")


def test_a_search_beside_a_first_run_says_to_try_again(project, tmp_path):
    from codesearch.target import resolve

    folder = resolve(project).folder
    folder.mkdir(parents=True)
    with FileLock(folder / "index.lock"), pytest.raises(CodesearchError, match="try again in a moment"):
        CodeIndex.build(project, wait=False)


def test_a_search_beside_a_first_run_that_has_stored_nothing_yet_is_no_empty_answer(project):
    from codesearch.target import resolve

    folder = resolve(project).folder
    Store.open(folder, create=True).close()
    with FileLock(folder / "index.lock"), pytest.raises(CodesearchError, match="try again in a moment"):
        CodeIndex.build(project, wait=False)


def test_a_language_and_a_filter_for_another_leave_nothing(project):
    with CodeIndex.build(project) as index:
        assert {hit.language for hit in index.search("date", language="python")} == {"python"}
        assert index.search("date lang:go", language="python") == []


def test_what_is_chosen_is_remembered_even_if_it_changes_nothing_yet(project):
    CodeIndex.build(project).close()
    CodeIndex.build(project, exclude=["gen/"], max_file_size=5000).close()
    write_files(project, {"gen/a.py": "def generated(): ...\n"})
    with CodeIndex.build(project) as index:
        assert not index.search("generated path:gen")
    with CodeIndex.build(project, exclude=[""]) as index:
        assert index.search("generated path:gen")


def test_a_search_beside_a_run_of_a_newer_version_tells_of_the_version(project):
    with CodeIndex.build(project) as index:
        index.store.connection.execute("PRAGMA user_version = 99")
    with (
        FileLock(index.target.folder / "index.lock"),
        pytest.raises(StoreError, match=r"schema 99, newer than .*: upgrade codesearch"),
    ):
        CodeIndex.build(project, wait=False)


def test_several_threads_may_search_at_once(project):
    with CodeIndex.build(project) as index:
        expected = [hit.path for hit in index.search("parse a date")]
        found: list[list[str]] = []
        threads = [
            threading.Thread(target=lambda: found.append([hit.path for hit in index.search("parse a date")]))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [expected] * 4


def test_an_empty_folder_has_an_index_without_answers(tmp_path, cache):
    (tmp_path / "empty").mkdir()
    with CodeIndex.build(tmp_path / "empty") as index:
        assert index.search("anything at all") == []
        assert index.search("anything at all", rerank=Prefers("anything")) == []


def test_an_encoder_may_be_given_by_name_or_as_an_object(project):
    with CodeIndex.build(project, encoder=load_encoder("static")) as by_object, CodeIndex.build(project) as by_name:
        assert by_object.encoder.name == by_name.encoder.name


def test_what_does_not_exist_is_an_error_of_one_line(tmp_path, cache):
    with pytest.raises(IndexerError) as caught:
        CodeIndex.build(tmp_path / "nowhere")
    assert "\n" not in str(caught.value)
