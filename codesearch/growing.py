"""Arrays that grow at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def filled(column: NDArray, first: int, values: NDArray) -> NDArray:  # type: ignore[type-arg]
    """The column with values from a place on; it doubles when it is full, so that few additions copy it."""
    end = first + len(values)
    if end > len(column):
        larger = np.zeros((max(end, 2 * len(column)), *column.shape[1:]), column.dtype)
        larger[:first] = column[:first]
        column = larger
    column[first:end] = values
    return column


class Ragged:
    """Rows of different lengths, of uint32 numbers, one after the other in one array."""

    def __init__(self) -> None:
        self._count = 0
        self._numbers = np.zeros(0, np.uint32)
        self._bounds = np.zeros(1, np.int64)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return self._count

    def add(self, rows: Sequence[bytes]) -> None:
        """Add rows at the end, as the bytes of their numbers."""
        end = int(self._bounds[self._count])
        counts = np.fromiter(map(len, rows), np.int64, len(rows)) // 4
        self._numbers = filled(self._numbers, end, np.frombuffer(b"".join(rows), np.uint32))
        self._bounds = filled(self._bounds, self._count + 1, end + np.cumsum(counts))
        self._count += len(rows)

    def rows(self, places: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """The numbers of these rows, one row after the other, and where each row begins; the end comes last."""
        first = self._bounds[places]
        counts = self._bounds[places + 1] - first
        begins = np.zeros(len(places) + 1, np.int64)
        np.cumsum(counts, out=begins[1:])
        return self._numbers[np.arange(begins[-1]) + np.repeat(first - begins[:-1], counts)], begins
