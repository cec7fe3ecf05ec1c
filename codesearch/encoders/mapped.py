"""Tensors of a safetensors file that are mapped: of a table of 8 MB a query needs a few rows.

The format is eight bytes with the length of a JSON header, the header with each tensor's type, shape and place, and the
bytes (https://huggingface.co/docs/safetensors). The library reads all of them, which takes ten times as long.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES = {"I8": "i1", "U8": "u1", "I32": "<i4", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"}
_METADATA = "__metadata__"


def mapped_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Every tensor of a file by its name; they cannot be written.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged, or holds a type that numpy has not.
    """
    try:
        data = np.asarray(np.memmap(path, np.uint8, "r"))
        start = 8 + int(data[:8].view("<u8")[0])
        header = json.loads(data[8:start].tobytes())
        described = {name: entry for name, entry in header.items() if name != _METADATA}
        return {name: _tensor(data[start:], **entry) for name, entry in described.items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path.name} is damaged ({error})") from error


def _tensor(data: NDArray[np.uint8], dtype: str, shape: list[int], data_offsets: tuple[int, int]) -> NDArray[Any]:
    first, end = data_offsets
    kind = np.dtype(_TYPES[dtype])
    if not 0 <= first <= end <= len(data) or end - first != kind.itemsize * math.prod(shape):
        raise ValueError("a tensor does not lie within the file")
    tensor: NDArray[Any] = data[first:end].view(kind).reshape(shape)
    return tensor
