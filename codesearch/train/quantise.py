"""Tables of numbers as small integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def quantised_rows(table: NDArray[np.float32], largest: int = 127) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows as integers up to ``largest`` and the scale of each: ``table`` is about ``rows * scales[:, None]``."""
    scales = np.maximum(np.abs(table).max(axis=1), np.finfo(np.float32).tiny) / largest
    return np.rint(table / scales[:, None]).astype(np.int8), scales.astype(np.float32)
