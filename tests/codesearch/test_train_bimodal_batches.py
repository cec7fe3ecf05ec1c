from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sample_pair import PAIR
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from codesearch.errors import CodesearchError
from codesearch.train.batches import Batches, Pairs, Rows, drawn_codes, epoch, tokenised
from codesearch.train.data.pair import ORIGINS, write_pairs

if TYPE_CHECKING:
    from pathlib import Path

ADD = replace(PAIR, qualified_name="add", text="add two numbers", code="def add(a, b):\n    return a + b")
WORDS = ["[UNK]", "add", "two", "numbers", "def", "return", "a", "b", "fix", "sum", '"""']


def word_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


def numbered(languages: list[int], repositories: list[int], wrote: list[bool]) -> Pairs:
    number = np.arange(len(languages))
    rows = Rows.of([[i] for i in number])
    return Pairs(
        texts=rows,
        codes=rows,
        documented=Rows.of([[] for _ in number]),
        same_text=number,
        same_code=number,
        repositories=np.array(repositories),
        files=np.array(repositories),
        languages=np.array(languages),
        sources=np.where(wrote, ORIGINS.index("comment"), ORIGINS.index("docstring")),
    )


def test_files_are_tokenised_once(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [ADD])
    first = tokenised([file], word_tokenizer(), tmp_path / "shards")
    shards = {shard: shard.stat().st_mtime_ns for shard in (tmp_path / "shards").iterdir()}
    again = tokenised([file], word_tokenizer(), tmp_path / "shards")
    assert len(shards) == 1
    assert {shard: shard.stat().st_mtime_ns for shard in (tmp_path / "shards").iterdir()} == shards
    assert first.texts[0].tolist() == again.texts[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("kept", [0, 100, -30])
def test_a_damaged_shard_is_tokenised_anew(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [ADD])
    tokenised([file], word_tokenizer(), tmp_path / "shards")
    (shard,) = (tmp_path / "shards").iterdir()
    whole = shard.read_bytes()
    shard.write_bytes(whole[:kept])
    assert tokenised([file], word_tokenizer(), tmp_path / "shards").texts[0].tolist() == [1, 2, 3]
    assert len(shard.read_bytes()) == len(whole)


def test_a_vocabulary_that_is_too_large_is_one_clear_line() -> None:
    assert Rows.of([[65_535]])[0].tolist() == [65_535]
    with pytest.raises(CodesearchError, match=r"a token has the number 65536: .* tokens go up to 65535"):
        Rows.of([[1], [2, 65_536]])


def test_another_tokenizer_or_another_file_is_tokenised_anew(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [ADD])
    tokenised([file], word_tokenizer(), tmp_path / "shards")
    other = word_tokenizer()
    other.add_tokens(["two numbers"])
    assert tokenised([file], other, tmp_path / "shards").texts[0].tolist() == [1, len(WORDS)]
    write_pairs(file, [replace(ADD, text="fix sum")])
    assert tokenised([file], word_tokenizer(), tmp_path / "shards").texts[0].tolist() == [8, 9]


def test_held_out_pairs_are_not_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [replace(ADD, split="valid"), replace(ADD, text="fix sum")])
    pairs = tokenised([file], word_tokenizer(), tmp_path / "shards")
    assert [pairs.texts[i].tolist() for i in range(len(pairs))] == [[8, 9]]
    write_pairs(file, [replace(ADD, split="valid")])
    with pytest.raises(CodesearchError, match="no pairs of the split 'train'"):
        tokenised([file], word_tokenizer(), tmp_path / "shards")


def test_only_pairs_of_the_wanted_sources_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [ADD, replace(ADD, text="sum", source="query"), replace(ADD, text="fix", source="commit")])
    pairs = tokenised([file], word_tokenizer(), tmp_path / "shards", only=["query"])
    assert len(pairs) == 1
    assert pairs.texts[0].tolist() == [WORDS.index("sum")]
    assert pairs.documented[0].tolist()[:4] == [WORDS.index(word) for word in ("add", "add", "two", "numbers")]
    with pytest.raises(CodesearchError, match="no pairs of the split 'train' from test"):
        tokenised([file], word_tokenizer(), tmp_path / "shards", only=["test"])


def test_code_has_its_docstring_only_where_that_is_not_the_text(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    subject = replace(ADD, text="fix sum", source="commit")
    write_pairs(file, [ADD, subject, replace(subject, qualified_name="other")])
    pairs = tokenised([file], word_tokenizer(), tmp_path / "shards")
    assert [len(pairs.documented[i]) > 0 for i in range(3)] == [False, True, False]
    assert set(pairs.texts[0].tolist()) < set(pairs.documented[1].tolist())
    everything = drawn_codes(pairs, np.arange(3), 1.0, 100, [0])
    assert [len(row) for row in everything] == [len(pairs.codes[0]), len(pairs.documented[1]), len(pairs.codes[2])]
    nothing = drawn_codes(pairs, np.arange(3), 0.0, 4, [0])
    assert [row.tolist() for row in nothing] == [pairs.codes[i][:4].tolist() for i in range(3)]


def test_code_comes_with_its_name_as_it_does_in_an_index(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [replace(ADD, qualified_name="sum.add")])
    pairs = tokenised([file], word_tokenizer(), tmp_path / "shards")
    assert pairs.codes[0].tolist()[:4] == [WORDS.index("sum"), 0, WORDS.index("add"), WORDS.index("def")]


def test_texts_that_differ_in_case_and_white_space_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl.gz"
    write_pairs(file, [ADD, replace(ADD, text="Add  two numbers"), replace(ADD, text="add numbers")])
    same = tokenised([file], word_tokenizer(), tmp_path / "shards").same_text
    assert same[0] == same[1] != same[2]


def test_a_batch_is_of_one_language_and_no_pair_comes_twice_in_a_pass() -> None:
    pairs = numbered([0] * 100 + [1] * 100 + [2] * 90, list(range(290)), [True, False] * 145)
    batches = epoch(pairs, 8, 4, 0.0, 0.5, (0, 0))
    assert all(len(set(pairs.languages[batch].tolist())) == 1 for batch in batches)
    assert len(np.unique(batches)) == batches.size > 200


def test_a_batch_has_pairs_of_one_repository_next_to_each_other() -> None:
    pairs = numbered([0] * 120, [i % 3 for i in range(120)], [True, False] * 60)
    batches = epoch(pairs, 12, 4, 0.0, 0.5, (0, 0))
    runs = pairs.repositories[batches].reshape(-1, 4)
    assert (runs == runs[:, :1]).all()


def test_no_language_has_more_than_a_third_of_the_batches() -> None:
    pairs = numbered([0] * 800 + [1] * 80 + [2] * 80, list(range(960)), [True, False] * 480)
    languages = pairs.languages[epoch(pairs, 8, 1, 0.0, 0.5, (0, 0))[:, 0]]
    assert np.bincount(languages).tolist() == [10, 10, 10]


def test_texts_that_are_no_docstrings_have_their_share() -> None:
    pairs = numbered([0] * 400, list(range(400)), [True] * 100 + [False] * 300)
    batches = epoch(pairs, 10, 1, 0.0, 0.5, (0, 0))
    assert batches.size == 200
    assert pairs.wrote[batches].sum() == 100


@pytest.mark.parametrize(("wrote", "other"), [(False, "wrote=0"), (True, "wrote=1")])
def test_pairs_without_one_kind_of_text_are_trained_on_when_that_is_said(wrote: bool, other: str) -> None:
    pairs = numbered([0] * 40, list(range(40)), [wrote] * 40)
    with pytest.raises(CodesearchError, match=other):
        epoch(pairs, 8, 4, 0.5, 0.5, (0, 0))
    assert epoch(pairs, 8, 4, 0.5, float(wrote), (0, 0)).size == 40


def test_a_batch_that_no_language_fills_is_refused() -> None:
    pairs = numbered([i % 6 for i in range(60)], list(range(60)), [i % 2 == 0 for i in range(60)])
    with pytest.raises(CodesearchError, match="no language has the 16 pairs of a batch"):
        Batches(pairs, 16, 4, 0.5, 0.5, 0)[0]


def test_a_seed_repeats_a_pass_and_passes_differ() -> None:
    pairs = numbered([0] * 100, list(range(100)), [True, False] * 50)
    first, again, other = (epoch(pairs, 10, 2, 0.0, 0.5, seed) for seed in ((3, 0), (3, 0), (3, 1)))
    assert (first == again).all()
    assert (first != other).any()


def test_runs_of_one_file_bring_functions_of_the_same_file_together() -> None:
    pairs = numbered([0] * 400, [0] * 400, [True, False] * 200)
    pairs = replace(pairs, files=np.arange(400) // 8)

    def neighbours(same_file: float) -> float:
        batches = epoch(pairs, 8, 4, same_file, 0.5, (0, 0))
        return float(np.mean([np.unique(pairs.files[batch]).size for batch in batches]))

    assert neighbours(1.0) < neighbours(0.5) < neighbours(0.0)
