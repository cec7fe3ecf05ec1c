from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from sample_pair import PAIR

from codesearch.encoders.static import StaticEncoder
from codesearch.encoders.vocabulary import Vocabulary
from codesearch.errors import CodesearchError
from codesearch.train.bags import TrainingPairs, tokenize_pairs
from codesearch.train.data.pair import Pair, write_pairs
from codesearch.train.distill import principal_axes, project, rarity_weights
from codesearch.train.run import Run
from codesearch.train.static import Settings, StaticModel, Tokens, buckets, compose, draw, learn_texts, train
from codesearch.train.static_recipe import make_static, read_training_pairs, save_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WHOLE = Settings(
    batch=100, word_dropout=0, name_queries=0, keep_name=1, keep_text=0, documented=0, say_language=0, say_how_to=0
)
QUICK = replace(WHOLE, steps=40, rate=0.05, weight_rate=0.05, word_dropout=0.1, keep_name=0)


def a_pair(text: str, code: str, name: str = "f", repo: str = "a/b") -> Pair:
    return replace(PAIR, repo=repo, name=name, qualified_name=name, text=text, code=code)


def a_word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}")


def hundred_pairs() -> list[Pair]:
    """Texts and code that share no word, so that only training can bring them together."""
    return [a_pair(f"{a_word(i)} {a_word(500 + i // 2)}", f"{a_word(1000 + i)} {a_word(2000)}") for i in range(100)]


def vocabulary_of(pairs: list[Pair]) -> Vocabulary:
    return Vocabulary(sorted({word for pair in pairs for word in f"{pair.text} {pair.code} {pair.name}".split()}))


def a_model(vocabulary: Vocabulary) -> StaticModel:
    table = np.random.default_rng(0).standard_normal((len(vocabulary.tokens), 32)).astype(np.float32)
    return StaticModel(table, np.ones(len(table), np.float32), temperature=0.1)


def trained(folder: Path, settings: Settings = QUICK) -> StaticModel:
    pairs = hundred_pairs()
    model = a_model(vocabulary_of(pairs))
    train(model, tokenize_pairs(pairs, vocabulary_of(pairs)), settings, folder)
    return model


def reciprocal_rank(encoder: StaticEncoder, pairs: list[Pair]) -> float:
    queries = encoder.encode_queries([pair.text for pair in pairs])
    scores = queries @ encoder.encode_code([pair.code for pair in pairs]).T
    return float((1 / (1 + (scores > np.diag(scores)[:, None]).sum(axis=1))).mean())


def test_a_hundred_pairs_are_learned_by_heart(tmp_path: Path) -> None:
    pairs = hundred_pairs()
    tokens = vocabulary_of(pairs).tokens
    save_model(tmp_path / "before", tokens, a_model(vocabulary_of(pairs)))
    save_model(tmp_path / "after", tokens, trained(tmp_path))
    assert reciprocal_rank(StaticEncoder.load(tmp_path / "before"), pairs) < 0.2
    assert reciprocal_rank(StaticEncoder.load(tmp_path / "after"), pairs) > 0.95


def test_a_seed_makes_a_run_repeatable(tmp_path: Path) -> None:
    first, second = trained(tmp_path / "1"), trained(tmp_path / "2")
    other = trained(tmp_path / "3", replace(QUICK, seed=1))
    torch.testing.assert_close(first.table, second.table, rtol=0, atol=0)
    assert not torch.equal(first.table, other.table)


def test_a_killed_run_ends_as_if_it_had_not_been_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "whole")
    save = Run._save
    monkeypatch.setattr("codesearch.train.run._SAVE_SECONDS", 0.0)

    def save_and_die(run: Run, losses: list[float]) -> None:
        save(run, losses)
        if len(losses) == 15:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", save_and_die)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "killed")
    monkeypatch.setattr(Run, "_save", save)
    resumed = trained(tmp_path / "killed")
    torch.testing.assert_close(resumed.table, whole.table, rtol=0, atol=0)


def test_a_run_with_other_settings_is_not_continued(tmp_path: Path) -> None:
    trained(tmp_path, replace(QUICK, steps=2))
    with pytest.raises(CodesearchError, match="another seed"):
        trained(tmp_path, replace(QUICK, steps=2, seed=5))


def test_a_run_with_other_pairs_or_other_words_is_not_continued(tmp_path: Path) -> None:
    settings = replace(QUICK, steps=2, start_steps=2)
    pairs = hundred_pairs()
    make_static(pairs, Spelling(), [], tmp_path, settings)
    make_static(pairs, Spelling(), [], tmp_path, settings)
    model = (tmp_path / "model" / "model.safetensors").read_bytes()
    words = [replace(pair, text=pair.text.replace("a", "z"), code=pair.code.replace("a", "z")) for pair in pairs]
    for others, differing in ((pairs[::-1], "set of pairs"), (words, "vocabulary")):
        with pytest.raises(CodesearchError, match=f"is of a run with another .*{differing}: give another folder"):
            make_static(others, Spelling(), [], tmp_path, settings)
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == model


@pytest.mark.parametrize("kept", [0, 100, -30])
def test_damaged_vectors_of_the_teacher_are_made_again(tmp_path: Path, kept: int) -> None:
    settings = replace(QUICK, steps=2, start_steps=2)
    make_static(hundred_pairs(), Spelling(), [], tmp_path, settings)
    model, file = (tmp_path / "model" / "model.safetensors").read_bytes(), tmp_path / "words.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:kept])
    make_static(hundred_pairs(), Spelling(), [], tmp_path, settings)
    assert len(file.read_bytes()) == len(whole)
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == model


def test_training_and_the_runtime_give_the_same_vectors(tmp_path: Path) -> None:
    vocabulary = Vocabulary(["read", "file", "write", "line"])
    model = a_model(vocabulary)
    with torch.no_grad():
        model.code_weights.copy_(torch.tensor([0.1, -0.5, 0.3, 0.0]))
    texts = ["read file file write", "line " * 40 + "read file", "write"]
    save_model(tmp_path, vocabulary.tokens, model)
    rows = vocabulary.token_ids(texts)
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    tokens = Tokens.of(np.concatenate(rows), owner, len(rows))
    encoder = StaticEncoder.load(tmp_path)
    np.testing.assert_allclose(encoder.encode_code(texts), model.codes(tokens).detach(), atol=0.02)
    np.testing.assert_allclose(encoder.encode_queries(texts), model.queries(tokens).detach(), atol=0.02)


def named_pair() -> tuple[TrainingPairs, Vocabulary]:
    pair = a_pair("opens the door", "def open_it(door): turn(handle)", name="open_it")
    vocabulary = Vocabulary(["opens", "the", "door", "def", "open", "it", "turn", "handle", "python", "how", "to"])
    return tokenize_pairs([pair], vocabulary), vocabulary


def words(tokens: Tokens, vocabulary: Vocabulary) -> set[str]:
    return {vocabulary.tokens[i] for i in tokens.ids.tolist()}


def composed(settings: Settings) -> tuple[set[str], set[str]]:
    pairs, vocabulary = named_pair()
    batch = compose(pairs, np.array([0]), settings, np.random.default_rng(0))
    return words(batch.queries, vocabulary), words(batch.codes, vocabulary)


def test_a_text_asks_for_the_code_without_that_text() -> None:
    queries, code = composed(WHOLE)
    assert queries == {"opens", "the", "door"}
    assert code == {"def", "open", "it", "door", "turn", "handle"}


def test_a_name_asks_for_the_code_without_that_name() -> None:
    queries, code = composed(replace(WHOLE, name_queries=1))
    assert queries == {"open", "it"}
    assert code == {"def", "door", "turn", "handle"}


def test_the_text_can_stay_with_the_code() -> None:
    assert composed(replace(WHOLE, keep_text=1, text_words=1))[1] > {"opens", "the"}
    assert composed(replace(WHOLE, name_queries=1, documented=1))[1] > {"opens", "the"}


def test_a_text_can_name_the_language_and_ask_how_to() -> None:
    queries, _ = composed(replace(WHOLE, say_language=1, say_how_to=1))
    assert queries == {"opens", "the", "door", "python", "how", "to"}


def asked_pairs() -> tuple[list[Pair], Vocabulary]:
    documented = a_pair("opens the door", "def open_it(door): turn(handle)", name="open_it")
    pairs = [documented, replace(documented, text="how can i get in", source="query")]
    return pairs, Vocabulary(
        ["opens", "the", "door", "def", "open", "it", "turn", "handle", "python", "how", "to", "can", "i", "get", "in"]
    )


def test_a_query_asks_as_it_is_for_code_with_its_documentation() -> None:
    pairs, vocabulary = asked_pairs()
    settings = replace(WHOLE, name_queries=1, documented=1, keep_text=1, text_words=1, say_language=1, say_how_to=1)
    batch = compose(tokenize_pairs(pairs, vocabulary), np.array([1]), settings, np.random.default_rng(0))
    assert words(batch.queries, vocabulary) == {"how", "can", "i", "get", "in"}
    assert words(batch.codes, vocabulary) == {"opens", "the", "door", "def", "open", "it", "turn", "handle"}


def test_a_query_comes_more_often_than_a_docstring_and_is_no_wrong_answer_to_it() -> None:
    pairs, vocabulary = asked_pairs()
    batch = draw(tokenize_pairs(pairs, vocabulary), replace(WHOLE, asked=3, batch=4), 0)
    assert sorted(batch.rows.tolist()) == [0, 1, 1, 1]
    assert batch.same.sum() == 12


def test_equal_texts_are_no_wrong_answers_to_each_other() -> None:
    pairs = [a_pair("same", "x"), a_pair("same", "y"), a_pair("other", "z")]
    batch = compose(tokenize_pairs(pairs, vocabulary_of(pairs)), np.arange(3), WHOLE, np.random.default_rng(0))
    assert batch.same.tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_an_epoch_draws_every_pair_once_in_runs_of_one_repository() -> None:
    pairs = [a_pair(a_word(i), "x", repo=f"r/{i % 4}") for i in range(64)]
    read = tokenize_pairs(pairs, vocabulary_of(pairs))
    settings = replace(WHOLE, batch=16, group=4)
    batches = [draw(read, settings, step).rows for step in range(4)]
    assert sorted(np.concatenate(batches).tolist()) == list(range(64))
    assert all(len(set(run)) == 1 for rows in batches for run in (rows % 4).reshape(4, 4).tolist())


def test_places_fall_into_ever_wider_buckets() -> None:
    found = buckets(np.arange(512)).tolist()
    assert found == sorted(found)
    assert found[:3] == [0, 1, 1]
    assert found[300] == found[301]


def test_the_first_axes_are_those_along_which_vectors_differ_most() -> None:
    vectors = np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32) * [1, 9, 4]
    axes = principal_axes(vectors.astype(np.float32), 2)
    np.testing.assert_allclose(np.abs(axes), [[0, 0], [1, 0], [0, 1]], atol=0.1)


def test_projected_vectors_are_centred_and_of_mean_length_one() -> None:
    vectors = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32) + 5
    projected = project(vectors, principal_axes(vectors, 4))
    assert projected.shape == (40, 4)
    assert np.linalg.norm(projected, axis=1).mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(projected.mean(axis=0), 0, atol=1e-5)


def test_frequent_words_start_with_low_weights() -> None:
    assert (np.diff(rarity_weights(np.linspace(0.2, 0, 40))) > 0).all()


def test_learning_texts_brings_their_vectors_near_the_given_ones(tmp_path: Path) -> None:
    pairs = hundred_pairs()
    read = tokenize_pairs(pairs, vocabulary_of(pairs))
    wanted = np.random.default_rng(1).standard_normal((100, 32)).astype(np.float32)
    losses = learn_texts(a_model(vocabulary_of(pairs)), read.queries, wanted, replace(QUICK, start_steps=40), tmp_path)
    assert losses[0] > 0.8
    assert losses[-1] < 0.5


class Spelling:
    """A teacher whose vectors are counts of letters."""

    name = "spelling"
    dim = 300
    max_tokens = 16

    def encode_queries(self, queries: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(queries), self.dim), np.float32)
        for row, query in enumerate(queries):
            for i, letter in enumerate(query):
                vectors[row, (7 * i + ord(letter)) % self.dim] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_code(self, codes: Sequence[str]) -> NDArray[np.float32]:
        return self.encode_queries(codes)


def test_the_recipe_goes_from_pairs_to_a_model_that_loads(tmp_path: Path) -> None:
    losses = make_static(hundred_pairs(), Spelling(), ["plain"], tmp_path, replace(QUICK, steps=3, start_steps=3))
    assert len(losses) == 3
    encoder = StaticEncoder.load(tmp_path / "model")
    assert encoder.encode_queries(["plain"]).any()
    assert (tmp_path / "static-loss.csv").read_text().startswith("step,loss\n1,")


def test_only_pairs_of_the_wanted_sources_are_read(tmp_path: Path) -> None:
    write_pairs(tmp_path / "a.jsonl.gz", asked_pairs()[0])
    assert [pair.source for pair in read_training_pairs(tmp_path, only=["query"])] == ["query"]


def test_a_folder_without_pairs_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CodesearchError, match=r"no training pairs in .*codesearch train data"):
        read_training_pairs(tmp_path)
