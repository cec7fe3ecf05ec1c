"""Ordering candidates: a score from their features, then a spread over files.

The score is linear in the features, plus, for queries in words, what a network of one hidden layer makes of the
evidence among them: that words and meaning agree, or that a name says it all, counts for more than both alone. All of
it was fitted by ``benchmarks/fit_ranking.py`` and is data, read from ``ranking.json``.
"""

from __future__ import annotations

import json
from bisect import insort
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Network:
    """One hidden layer of rectified units over some of the features."""

    columns: NDArray[np.int64]
    """Which features it reads."""
    hidden: NDArray[np.float32]
    """Shape ``(columns, units)``."""
    bias: NDArray[np.float32]
    output: NDArray[np.float32]

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """What it adds to the score of each row, shape ``(rows,)``."""
        units = np.maximum(features[:, self.columns] @ self.hidden + self.bias, 0)
        added: NDArray[np.float32] = units @ self.output
        return added


@dataclass(frozen=True)
class Ranking:
    """How candidates are scored."""

    text: NDArray[np.float32]
    """Weights over ``FEATURES`` for queries in words."""
    symbol: NDArray[np.float32]
    """The same for queries that name a symbol."""
    network: Network
    """For queries in words."""
    boosts: tuple[float, ...]
    """Of the word index's fields."""
    repeat: float
    """What a further function of one file costs."""

    def scores(self, features: NDArray[np.float32], is_symbol: bool) -> NDArray[np.float32]:
        """Scores of candidates from their features, shape ``(candidates,)``."""
        if is_symbol:
            return features @ self.symbol
        return features @ self.text + self.network.scores(features)


@cache
def load_ranking() -> Ranking:
    """What ``ranking.json`` says."""
    data = json.loads(Path(__file__).with_name("ranking.json").read_text("utf-8"))
    return Ranking(
        text=_weights(data["text"]),
        symbol=_weights(data["symbol"]),
        network=_network(data["network"]),
        boosts=tuple(data["boosts"]),
        repeat=data["repeat"],
    )


def _weights(named: dict[str, float]) -> NDArray[np.float32]:
    return np.array([named.get(name, 0.0) for name in FEATURES], np.float32)


def _network(data: dict[str, Any]) -> Network:
    columns = np.array([FEATURES.index(name) for name in data["features"]], np.int64)
    hidden, bias, output = (np.array(data[name], np.float32) for name in ("hidden", "bias", "output"))
    return Network(columns, hidden, bias, output)


def spread(scores: NDArray[np.float32], files: Sequence[int], k: int, repeat: float) -> list[tuple[int, float]]:
    """Pick the ``k`` best positions, each further one of a file at a cost of ``repeat``, so that no file floods.

    Returns positions in the order to be shown, with their scores less that cost.
    """
    taken: dict[int, int] = {}
    chosen: list[tuple[float, int]] = []
    best_first = np.argsort(-scores, kind="stable")
    positions = best_first.tolist()
    for order, score in enumerate(scores[best_first].tolist()):
        if len(chosen) >= k and -score >= chosen[-1][0]:
            break
        file = files[positions[order]]
        before = taken[file] = taken.get(file, -1) + 1
        insort(chosen, (repeat * before - score, order))
        del chosen[k:]
    return [(positions[order], -cost) for cost, order in chosen]
