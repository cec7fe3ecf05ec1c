"""Ordering candidates: a linear score over the features, then a spread over files.

The weights were fitted by ``benchmarks/fit_ranking.py`` (softmax over files, leave one repository out); they are data,
read from ``ranking.json``.
"""

from __future__ import annotations

import json
from bisect import insort
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codesearch.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@cache
def load_weights() -> dict[str, NDArray[np.float32]]:
    """Weights over ``FEATURES`` for ``text`` and for ``symbol`` queries, and ``boosts`` for the word index's fields."""
    data = json.loads(Path(__file__).with_name("ranking.json").read_text("utf-8"))
    weights = {
        kind: np.array([data[kind].get(name, 0.0) for name in FEATURES], np.float32) for kind in ("text", "symbol")
    }
    weights["boosts"] = np.array(data["boosts"], np.float32)
    weights["repeat"] = np.array(data["repeat"], np.float32)
    return weights


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
