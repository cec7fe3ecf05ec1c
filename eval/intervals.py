"""How sure a mean is: 95 % bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20240229

_RESAMPLES_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return ``0.541 [0.508, 0.574]``, and without decimals from 10 on."""
        if self.mean >= 10:
            return f"{self.mean:,.0f} [{self.low:,.0f}, {self.high:,.0f}]"
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(parts: Sequence[NDArray[np.float64]]) -> list[Estimate]:
    """Return the percentile-bootstrap estimate of each measure.

    ``parts`` has one array ``(queries, measures)`` for each collection. Queries are drawn anew within each
    collection and the mean is the plain mean of the collections' means (the "overall" of papers on several
    languages); with one collection that is the mean over queries. The seed is fixed.
    """
    generator = np.random.default_rng(SEED)
    measures = parts[0].shape[1]
    means = np.mean([part.mean(axis=0) for part in parts], axis=0)
    drawn = np.zeros((RESAMPLES, measures))
    for part in parts:
        queries = len(part)
        for start in range(0, RESAMPLES, _RESAMPLES_AT_ONCE):
            rows = generator.integers(0, queries, size=(_RESAMPLES_AT_ONCE, queries))
            times = np.stack([np.bincount(row, minlength=queries) for row in rows])
            drawn[start : start + _RESAMPLES_AT_ONCE] += times @ part / queries / len(parts)
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [Estimate(float(m), float(a), float(b)) for m, a, b in zip(means, low, high, strict=True)]
