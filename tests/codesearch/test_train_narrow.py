from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from codesearch.train.bimodal import Bimodal, Shape
from codesearch.train.encoder import encode
from codesearch.train.matcher import encode_states, stacked
from codesearch.train.narrow import narrowed, without_neurons

if TYPE_CHECKING:
    from torch import Tensor

SHAPE = Shape(vocabulary=200, width=32, depth=3, joint_depth=1, heads=2, inner=48, positions=64)


def ids(rows: int, seed: int) -> list[np.ndarray[tuple[int], np.dtype[np.uint16]]]:
    random = np.random.default_rng(seed)
    return [random.integers(3, 200, random.integers(4, 20)).astype(np.uint16) for _ in range(rows)]


def everything_twice(model: Bimodal) -> Bimodal:
    """The same model with each neuron in it twice, each half as strong."""
    wide = Bimodal(replace(model.shape, inner=2 * model.shape.inner))
    tensors = {}
    for name, tensor in model.state_dict().items():
        if name.endswith("outer.weight"):
            tensors[name] = torch.cat([tensor, tensor], dim=1) / 2
        else:
            tensors[name] = torch.cat([tensor, tensor]) if ".inner." in name else tensor
    wide.load_state_dict(tensors)
    return wide


def pair_scores(model: Bimodal, texts: list[np.ndarray], codes: list[np.ndarray]) -> Tensor:  # type: ignore[type-arg]
    asked, answered = (encode_states(model.encoder, rows, 4096) for rows in (texts, codes))
    cosines = (asked.vectors * answered.vectors).sum(dim=1)
    return model.head(*stacked(asked.states), *stacked(answered.states), cosines)  # type: ignore[no-any-return]


def test_neurons_that_say_what_others_say_go_without_a_trace() -> None:
    torch.manual_seed(0)
    model = Bimodal(SHAPE).eval()
    texts, codes = ids(300, 1), ids(150, 2)
    narrow = narrowed(everything_twice(model).eval(), texts, codes, SHAPE.inner)
    assert narrow.shape == SHAPE
    with torch.no_grad():
        # Of rows that were not among those measured; damping costs a little.
        assert torch.allclose(
            encode(narrow.encoder, ids(9, 3), 4096), encode(model.encoder, ids(9, 3), 4096), atol=1e-3
        )
        assert torch.allclose(
            pair_scores(narrow, ids(9, 3), ids(9, 4)), pair_scores(model, ids(9, 3), ids(9, 4)), atol=1e-2
        )


def test_the_neurons_that_stay_are_fitted_by_least_squares() -> None:
    random = np.random.default_rng(0)
    inputs = np.hstack([random.normal(size=(400, 12)) @ random.normal(size=(12, 12)), np.ones((400, 1))])
    weights = random.normal(size=(13, 5))
    products = torch.from_numpy(inputs.T @ inputs / len(inputs))
    kept, fitted = without_neurons(products, torch.from_numpy(weights), 7)
    assert len(kept) == 7
    columns = [*kept.tolist(), 12]
    expected, *_ = np.linalg.lstsq(inputs[:, columns], inputs @ weights, rcond=None)
    assert np.allclose(fitted[columns], expected, atol=0.01)
    removed = sorted(set(range(12)) - set(kept.tolist()))
    assert not fitted[removed].any()


def test_fitting_loses_less_than_leaving_out() -> None:
    random = np.random.default_rng(1)
    inputs = np.hstack([random.normal(size=(400, 12)) @ random.normal(size=(12, 12)), np.ones((400, 1))])
    weights = random.normal(size=(13, 5))
    fitted = without_neurons(torch.from_numpy(inputs.T @ inputs / 400), torch.from_numpy(weights), 8)[1]
    power = np.sqrt((inputs[:, :12] ** 2).mean(axis=0)) * np.linalg.norm(weights[:12], axis=1)
    plain = weights.copy()
    plain[np.argsort(power)[:4]] = 0
    lost = np.square(inputs @ (weights - fitted.numpy())).sum()
    assert lost < 0.7 * np.square(inputs @ (weights - plain)).sum()
