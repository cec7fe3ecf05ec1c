"""Narrower feed-forward networks: two thirds of the encoder's work, much of it said by other neurons as well.

One neuron after another is removed, each time the one that changes what its layer gives least once those that stay make
up for it: Optimal Brain Surgeon (Hassibi and Stork, 1992) for whole neurons, as in ZipLM (Kurtic et al., 2023,
arXiv:2302.04089). Nothing is trained. What the neurons give on real texts, each with each, decides which go, and the
weights of the others follow from it by least squares.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from codesearch.encoders.torch_encoder import padded
from codesearch.train.bimodal import Bimodal
from codesearch.train.encoder import chunked
from codesearch.train.matcher import encode_states, stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from codesearch.train.bimodal import Layer

    States = list[tuple[Tensor, Tensor]]
    """Batches of states (rows, length, width) and their masks (rows, length)."""

_CHUNK_TOKENS = 8192
_DAMPING = 1e-4  # of the mean power of a neuron: without it those that never fire have no inverse


@torch.no_grad()
def narrowed(
    model: Bimodal, texts: Sequence[NDArray[np.uint16]], codes: Sequence[NDArray[np.uint16]], inner: int
) -> Bimodal:
    """A model with ``inner`` neurons a layer that gives nearly what ``model`` gives.

    Args:
        model: a trained encoder and matching head.
        texts: rows of ids to measure the neurons on.
        codes: the code of the first of the texts.
        inner: how many neurons stay in each layer.
    """
    shape = replace(model.shape, inner=inner)
    narrow = Bimodal(shape)
    tensors = model.state_dict()
    kept = {name: tensors[name] for name, tensor in narrow.state_dict().items() if tensors[name].shape == tensor.shape}
    narrow.load_state_dict(kept, strict=False)
    narrow_layers([*model.encoder.layers], [*narrow.encoder.layers], _embedded(narrow, [*texts, *codes]), "encoder")
    narrow_layers([*model.head.layers], [*narrow.head.layers], _joined(narrow, texts, codes), "head")
    return narrow


def narrow_layers(wide: Sequence[Layer], narrow: Sequence[Layer], states: States, name: str) -> None:
    """Give each narrow layer what its wide one has, as the states come to it through the narrow ones before it."""
    for number, (layer, into) in enumerate(zip(wide, narrow, strict=True)):
        states = [(layer.attend(batch, mask), mask) for batch, mask in states]
        lost = _narrow_layer(layer, into, states)
        states = [(into.fed(batch), mask) for batch, mask in states]
        print(f"{name} layer {number}: {lost:.2%} of what its neurons give is lost", file=sys.stderr, flush=True)


def _narrow_layer(layer: Layer, into: Layer, states: States) -> float:
    """Fill the feed-forward network of ``into``; return the share of its output's power that is lost."""
    products = gram(layer, states)
    weights = torch.cat([layer.outer.weight.T, layer.outer.bias[None]]).double()
    kept, others = without_neurons(products, weights, into.inner.out_features)
    into.inner.weight.copy_(layer.inner.weight[kept])
    into.inner.bias.copy_(layer.inner.bias[kept])
    into.outer.weight.copy_(others[kept].T)
    into.outer.bias.copy_(others[-1])
    return float(_power(products, weights - others) / _power(products[:-1, :-1], weights[:-1]))


def gram(layer: Layer, states: States) -> Tensor:
    """Mean products of what the neurons give, and of a 1 that stands for the bias, (inner + 1, inner + 1)."""
    inner = layer.inner.out_features
    products, tokens = torch.zeros(inner + 1, inner + 1, dtype=torch.float64), 0
    for batch, mask in states:
        given = layer.neurons(batch[mask])
        given = torch.cat([given, torch.ones(len(given), 1)], dim=1)
        products += (given.T @ given).double()
        tokens += len(given)
    return products / tokens


def without_neurons(products: Tensor, weights: Tensor, keep: int) -> tuple[Tensor, Tensor]:
    """Remove neurons until ``keep`` are left, and let the others make up for them.

    Args:
        products: mean products of the inputs (inputs, inputs), of which the last is the bias and stays.
        weights: what each input is multiplied with, (inputs, width).
        keep: neurons that stay.

    Returns:
        The places of those that stay, in order, and the weights of all inputs, with 0 for those removed.
    """
    count = len(products)
    damped = products + _DAMPING * products.diagonal()[:-1].mean() * torch.eye(count, dtype=products.dtype)
    inverse, weights = torch.linalg.inv(damped), weights.clone()
    stays = torch.ones(count, dtype=torch.bool)
    for _ in range(count - 1 - keep):
        # How much the output's squared error grows when an input goes and the others are fitted again.
        cost = weights.square().sum(dim=1) / inverse.diagonal()
        cost[~stays] = cost[-1] = torch.inf
        gone = int(cost.argmin())
        share = inverse[:, gone] / inverse[gone, gone]
        weights -= torch.outer(share, weights[gone])
        inverse -= torch.outer(share, inverse[gone])
        stays[gone] = False
        weights[gone] = inverse[gone] = inverse[:, gone] = 0
        inverse[gone, gone] = 1
    return stays[:-1].nonzero()[:, 0], weights


def _power(products: Tensor, weights: Tensor) -> Tensor:
    """The mean square of what inputs with these products give."""
    return ((products @ weights) * weights).sum()


def _embedded(model: Bimodal, rows: Sequence[NDArray[np.uint16]]) -> States:
    states = []
    for chunk in chunked([len(row) for row in rows], _CHUNK_TOKENS):
        ids, mask = padded([rows[i] for i in chunk], 0, torch.device("cpu"))
        states.append((model.encoder.embedded(ids), mask.bool()))
    return states


def _joined(model: Bimodal, texts: Sequence[NDArray[np.uint16]], codes: Sequence[NDArray[np.uint16]]) -> States:
    """Each function with its text, and with the text of the next, as the head reads right and wrong pairs."""
    asked = encode_states(model.encoder, texts[: len(codes)], _CHUNK_TOKENS).states
    answered = encode_states(model.encoder, codes, _CHUNK_TOKENS).states
    pairs = [(text, code) for code in range(len(codes)) for text in (code, (code + 1) % len(codes))]
    states = []
    for chunk in chunked([len(asked[text]) + len(answered[code]) for text, code in pairs], _CHUNK_TOKENS):
        query, query_mask = stacked([asked[pairs[i][0]] for i in chunk])
        code, code_mask = stacked([answered[pairs[i][1]] for i in chunk])
        states.append((model.head.joined(query, code), torch.cat([query_mask, code_mask], dim=1)))
    return states
