from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from codesearch.errors import CodesearchError
from codesearch.train.batches import Pairs, Rows
from codesearch.train.bimodal import Bimodal, Shape, average, best_overlap
from codesearch.train.data.pair import ORIGINS
from codesearch.train.encoder import EncoderSettings, Queue, backward, contrastive_loss, encode, train_encoder
from codesearch.train.matcher import MatcherSettings, Pool, draw_candidates, encoded_pool, score_pairs, train_matcher

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

SMALL = Shape(vocabulary=300, width=32, depth=2, joint_depth=1, heads=2, inner=64, positions=64, epsilon=1e-12)
QUICK = EncoderSettings(steps=60, batch=50, rate=3e-3, warmup=5, queue=100, distill=0.0, averaging=0.5)


def small_model(seed: int = 0) -> Bimodal:
    torch.manual_seed(seed)
    model = Bimodal(SMALL)
    with torch.no_grad():
        model.encoder.words.weight.mul_(0.1)
        model.encoder.positions.weight.mul_(0.1)
    return model


def hundred_pairs() -> Pairs:
    """Texts of three tokens and code of other tokens, without anything in common but that they belong together."""
    random = np.random.default_rng(1)
    texts = [[1, *random.integers(10, 140, 3), 2] for _ in range(100)]
    codes = [[1, *random.integers(150, 290, random.integers(4, 12)), 2] for _ in range(100)]
    number = np.arange(100)
    return Pairs(
        texts=Rows.of(texts),
        codes=Rows.of(codes),
        documented=Rows.of([[] for _ in range(100)]),
        same_text=number,
        same_code=number,
        repositories=number // 10,
        files=number // 5,
        languages=np.zeros(100, np.int64),
        sources=np.where(number % 2, ORIGINS.index("docstring"), ORIGINS.index("comment")),
    )


def first_places(scores: Tensor) -> float:
    """How often the best of a row is its own column."""
    return float((scores.argmax(dim=1) == torch.arange(len(scores))).float().mean())


def first_of_candidates(scores: Tensor) -> float:
    """How often the best of a row is its first column, where the right answer is."""
    return float((scores.argmax(dim=1) == 0).float().mean())


def whole_pool(model: Bimodal, pairs: Pairs) -> Pool:
    texts, codes = ([rows[i] for i in range(100)] for rows in (pairs.texts, pairs.codes))
    return encoded_pool(model.encoder, texts, codes, np.stack([pairs.same_text, pairs.same_code]), 4096)


def encoder_first_places(model: Bimodal, pairs: Pairs) -> float:
    with torch.no_grad():
        texts = encode(model.encoder, [pairs.texts[i] for i in range(100)], 4096)
        codes = encode(model.encoder, [pairs.codes[i] for i in range(100)], 4096)
    return first_places(texts @ codes.T)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_a_hundred_pairs_are_learned_by_heart_by_the_encoder(tmp_path: Path, momentum: float) -> None:
    model, pairs = small_model(), hundred_pairs()
    before = encoder_first_places(model, pairs)
    losses = train_encoder(model, pairs, replace(QUICK, momentum=momentum), tmp_path)
    assert before < 0.2
    assert encoder_first_places(model, pairs) > 0.95
    assert losses[-1] < losses[0] / 4


def test_a_hundred_pairs_are_learned_by_heart_by_the_matching_head(tmp_path: Path) -> None:
    model, pairs = small_model(), hundred_pairs()
    settings = MatcherSettings(
        steps=130, batch=25, pool=100, wrong=7, rate=1e-2, new_rate=3e-2, warmup=5, averaging=0.5
    )
    encoder = copy.deepcopy(model.encoder.state_dict())
    train_matcher(model, pairs, settings, tmp_path)
    pool = whole_pool(model, pairs)
    candidates = draw_candidates(pool.chances, torch.arange(100), 7, torch.Generator().manual_seed(5))
    with torch.no_grad():
        scores = score_pairs(model.head, pool, torch.arange(100).repeat_interleave(8), candidates.flatten(), settings)
    cosines = pool.texts.vectors @ pool.codes.vectors.T
    assert first_of_candidates(cosines.gather(1, candidates)) < 0.3
    assert first_of_candidates(scores.view(100, 8)) > 0.9
    assert all(torch.equal(tensor, encoder[name]) for name, tensor in model.encoder.state_dict().items())


def test_an_untrained_head_adds_up_the_cosine_and_the_overlap_of_tokens() -> None:
    model = small_model()
    pool = whole_pool(model, hundred_pairs())
    first = torch.zeros(100, dtype=torch.int64)
    with torch.no_grad():
        scores = score_pairs(model.head, pool, first, torch.arange(100), MatcherSettings())
        model.head.overlap.fill_(0)
        cosines = score_pairs(model.head, pool, first, torch.arange(100), MatcherSettings())
    assert torch.allclose(cosines, 20 * pool.codes.vectors @ pool.texts.vectors[0], atol=1e-4)
    assert ((scores - cosines).abs() <= 20.001).all()
    assert float((scores - cosines).std()) > 0.01


def test_the_overlap_is_one_where_every_token_of_the_query_is_in_the_code() -> None:
    code = torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(0))
    query = torch.cat([code[:, [3, 1]], torch.ones(1, 1, 8)], dim=1)
    query_mask = torch.tensor([[True, True, False]])
    whole, without = torch.ones(1, 5, dtype=torch.bool), torch.tensor([[True, False, True, True, True]])
    assert float(best_overlap(query, query_mask, code, whole)) == pytest.approx(1)
    assert float(best_overlap(query, query_mask, code, without)) < 0.95


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_killed_run_goes_on_and_ends_with_the_same_weights(tmp_path: Path, momentum: float) -> None:
    settings = replace(QUICK, steps=8, momentum=momentum)
    pairs, whole, killed = hundred_pairs(), small_model(), small_model()
    train_encoder(whole, pairs, settings, tmp_path / "whole")
    losses = train_encoder(killed, pairs, settings, tmp_path / "killed", minutes=0)
    assert len(losses) == 1
    again = small_model()
    assert len(train_encoder(again, pairs, settings, tmp_path / "killed")) == 8
    for name, tensor in whole.state_dict().items():
        assert torch.allclose(tensor, again.state_dict()[name], atol=1e-6), name
    curves = [(tmp_path / folder / "encoder-loss.csv").read_text() for folder in ("whole", "killed")]
    assert curves[0] == curves[1]


def test_a_seed_repeats_a_run_of_the_matching_head(tmp_path: Path) -> None:
    settings = MatcherSettings(steps=4, batch=10, pool=50)
    losses = [train_matcher(small_model(), hundred_pairs(), settings, tmp_path / name) for name in ("one", "two")]
    assert losses[0] == losses[1]


def test_other_settings_do_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=1), tmp_path)
    with pytest.raises(CodesearchError, match="another rate, steps: give another folder"):
        train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=2, rate=1.0), tmp_path)


def test_a_second_part_of_a_training_goes_on_with_other_settings_where_that_is_said(tmp_path: Path) -> None:
    train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=2), tmp_path)
    more = replace(QUICK, steps=3, rate=1e-4, wrote=0.0)
    assert len(train_encoder(small_model(), hundred_pairs(), more, tmp_path, of_any_settings=True)) == 3


def test_settings_that_train_other_weights_cannot_go_on(tmp_path: Path) -> None:
    train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=1), tmp_path)
    fewer = replace(QUICK, steps=2, frozen_layers=0)
    with pytest.raises(CodesearchError, match="had settings from which these cannot go on"):
        train_encoder(small_model(), hundred_pairs(), fewer, tmp_path, of_any_settings=True)


def test_other_pairs_do_not_go_on_from_a_checkpoint_unless_that_is_said(tmp_path: Path) -> None:
    settings = replace(QUICK, steps=1)
    train_encoder(small_model(), hundred_pairs(), settings, tmp_path)
    others = hundred_pairs().chosen(np.arange(99))
    with pytest.raises(CodesearchError, match="another set of pairs: give another folder"):
        train_encoder(small_model(), others, settings, tmp_path)
    assert len(train_encoder(small_model(), others, replace(settings, steps=2), tmp_path, of_any_settings=True)) == 2


def test_another_start_does_not_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=1), tmp_path)
    with pytest.raises(CodesearchError, match="another start: give another folder"):
        train_encoder(small_model(1), hundred_pairs(), replace(QUICK, steps=1), tmp_path)


def test_a_run_that_goes_on_with_another_weight_decay_has_it(tmp_path: Path) -> None:
    settings = replace(QUICK, steps=2, weight_decay=0.0)
    models = {}
    for decay in (0.0, 5.0):
        models[decay], folder = small_model(), tmp_path / str(decay)
        train_encoder(small_model(), hundred_pairs(), settings, folder)
        more = replace(settings, steps=6, weight_decay=decay)
        train_encoder(models[decay], hundred_pairs(), more, folder, of_any_settings=True)
    lengths = [float(models[decay].encoder.words.weight.detach().norm()) for decay in (0.0, 5.0)]
    assert lengths[1] < 0.98 * lengths[0]


def test_a_run_that_goes_on_without_a_second_encoder_has_no_queue(tmp_path: Path) -> None:
    settings = replace(QUICK, steps=2, momentum=0.5)
    train_encoder(small_model(), hundred_pairs(), settings, tmp_path)
    kept = torch.load(tmp_path / "encoder.pt")["state"]["memory"]
    assert (kept["filled"], kept["texts"].shape) == (100, (100, 32))
    train_encoder(small_model(), hundred_pairs(), replace(settings, steps=3, momentum=0.0), tmp_path, None, True)
    assert torch.load(tmp_path / "encoder.pt")["state"]["memory"]["filled"] == 0


def test_a_queue_of_another_size_takes_the_newest_of_the_one_before() -> None:
    queue = Queue(4, 1, torch.device("cpu"))
    for number in range(3):
        queue.push(torch.full((4, 1), number), torch.full((2, 2), number))
    fewer, more = Queue(3, 1, torch.device("cpu")), Queue(6, 1, torch.device("cpu"))
    for other in (fewer, more):
        other.restore(queue.state())
    assert (fewer.filled, more.filled) == (3, 4)
    assert fewer.texts[:, 0].tolist() == [2, 2, 1]
    assert (more.codes[:4, 0].tolist(), more.same[1, :4].tolist()) == ([2, 2, 1, 1], [2, 2, 1, 1])
    more.push(torch.full((4, 1), 3), torch.full((2, 2), 3))
    assert (more.filled, more.texts[:, 0].tolist()) == (6, [3, 3, 2, 2, 1, 1])


def test_a_head_trains_anew_on_another_encoder_unless_it_is_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = MatcherSettings(steps=2, batch=10, pool=50)
    first = small_model()
    train_matcher(first, hundred_pairs(), settings, tmp_path)
    other, anew = small_model(), small_model()
    for model in (other, anew):
        model.encoder.load_state_dict(small_model(1).encoder.state_dict())
    train_matcher(other, hundred_pairs(), settings, tmp_path, of_any_settings=True)
    assert torch.equal(other.head.sides, first.head.sides)
    train_matcher(anew, hundred_pairs(), settings, tmp_path)
    assert not torch.equal(anew.head.sides, first.head.sides)
    assert "matcher.pt is of a run with another encoder: training starts anew" in capsys.readouterr().err


@pytest.mark.parametrize(("pool", "wrong"), [(4, 5), (4, 4), (200, 100)])
def test_a_pool_without_enough_wrong_answers_is_one_clear_line(tmp_path: Path, pool: int, wrong: int) -> None:
    with pytest.raises(CodesearchError, match=rf"a pool of {min(pool, 100)} pairs has no {wrong} wrong answers"):
        train_matcher(small_model(), hundred_pairs(), MatcherSettings(steps=1, pool=pool, wrong=wrong), tmp_path)


@pytest.mark.parametrize("kept", [0, 30, 5000])
def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path, kept: int) -> None:
    train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=1), tmp_path)
    file = tmp_path / "encoder.pt"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(CodesearchError, match=r"encoder\.pt cannot be read .* delete it to start anew") as caught:
        train_encoder(small_model(), hundred_pairs(), replace(QUICK, steps=1), tmp_path)
    assert "\n" not in str(caught.value)


def test_cached_gradients_are_the_gradients() -> None:
    pairs = hundred_pairs()
    rows = [pairs.texts[i] for i in range(20)] + [pairs.codes[i] for i in range(20)]
    same = torch.arange(20).repeat(2, 1)

    def loss_of(vectors: Tensor) -> Tensor:
        return contrastive_loss(vectors, None, same, Queue(8, 32, torch.device("cpu")), torch.tensor(20.0))

    gradients = []
    for cached in (False, True):
        model = small_model()
        loss = backward(model.encoder, rows, loss_of, 64, cached)
        gradients.append((loss, [parameter.grad.clone() for parameter in model.encoder.parameters()]))
    assert gradients[0][0] == pytest.approx(gradients[1][0])
    for plain, cached_gradient in zip(gradients[0][1], gradients[1][1], strict=True):
        assert torch.allclose(plain, cached_gradient, atol=1e-5)


def test_a_pair_with_the_same_text_is_no_wrong_answer() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(3, 32, generator=torch.Generator().manual_seed(0)), dim=1)
    queue = Queue(4, 32, torch.device("cpu"))
    both = vectors[[0, 0, 1, 0, 0, 1]]
    scale = torch.tensor(20.0)
    masked = contrastive_loss(both, None, torch.tensor([[7, 7, 8], [1, 2, 3]]), queue, scale)
    unmasked = contrastive_loss(both, None, torch.tensor([[6, 7, 8], [1, 2, 3]]), queue, scale)
    assert float(unmasked) > 0.4
    assert float(masked) < 0.01


def test_the_queue_adds_wrong_answers_except_the_same_text() -> None:
    random = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(2, 32, generator=random), dim=1).repeat(2, 1)
    same, scale = torch.tensor([[7, 8], [1, 2]]), torch.tensor(20.0)
    losses = []
    for old in ([[5, 6], [3, 4]], [[7, 8], [3, 4]]):
        queue = Queue(4, 32, torch.device("cpu"))
        queue.push(vectors, torch.tensor(old))
        losses.append(float(contrastive_loss(vectors, None, same, queue, scale)))
    assert losses[0] > 0.4
    assert losses[1] < 0.01


def test_a_full_queue_forgets_the_oldest() -> None:
    queue = Queue(4, 1, torch.device("cpu"))
    for number in range(3):
        queue.push(torch.full((4, 1), number), torch.full((2, 2), number))
    assert queue.filled == 4
    assert queue.texts[:, 0].tolist() == [2, 2, 1, 1]


def test_frozen_layers_stay_as_they_are(tmp_path: Path) -> None:
    model = small_model()
    before = copy.deepcopy(model.encoder.state_dict())
    train_encoder(model, hundred_pairs(), replace(QUICK, steps=3, frozen_layers=1), tmp_path)
    moved = {name for name, tensor in model.encoder.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved
    assert all(name.startswith("layers.1.") for name in moved)


def test_wrong_answers_are_never_the_right_one_and_mostly_the_likely_ones() -> None:
    chances = torch.tensor([[0.0, 0.9, 0.1, 1e-6], [0.5, 0.0, 0.5, 0.0]])
    random = torch.Generator().manual_seed(0)
    drawn = [draw_candidates(chances, torch.tensor([0, 1]), 1, random) for _ in range(50)]
    assert all(candidates[:, 0].tolist() == [0, 1] for candidates in drawn)
    assert all(candidates[0, 1] != 0 and candidates[1, 1] != 1 for candidates in drawn)
    assert sum(int(candidates[0, 1] == 1) for candidates in drawn) > 35


def test_the_average_lies_between_two_models() -> None:
    start, trained = small_model(0).state_dict(), small_model(1).state_dict()
    middle = average(start, trained, 0.25)
    name = "encoder.words.weight"
    assert torch.allclose(middle[name], 0.75 * start[name] + 0.25 * trained[name], atol=1e-6)
