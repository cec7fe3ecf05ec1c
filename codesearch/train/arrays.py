"""Arrays kept in a file that can be made again, so that a damaged one is as good as none."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

_DAMAGED = (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def write_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays by name; the file appears only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)
    unfinished.replace(path)


def read_arrays(path: Path) -> dict[str, Any] | None:
    """Read what ``write_arrays`` wrote; None where there is no file, or one that is cut or changed."""
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except _DAMAGED:
        return None
