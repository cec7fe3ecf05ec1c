"""State of a training run on disk, so that a run that was killed goes on and ends as if it had not been."""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from codesearch.errors import CodesearchError
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def save(path: Path, settings: dict[str, Any], state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill while it is written leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    torch.save({"settings": settings, "state": state}, unfinished)
    unfinished.replace(path)


def load(
    path: Path, settings: dict[str, Any], of_any_settings: bool = False, anew_with: str = ""
) -> dict[str, Any] | None:
    """Read a checkpoint, None if there is none to go on from.

    Args:
        path: of the checkpoint.
        settings: what it must have been made with.
        of_any_settings: take one that was made with others too.
        anew_with: the setting that makes the run another one: where it alone differs, nothing is gone on from.

    Raises:
        CodesearchError: it is damaged, or of a run with other settings, and not ``of_any_settings``.
    """
    if not path.exists():
        return None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        made_with, state = found["settings"], found["state"]
    except Exception as error:  # torch raises whatever its reading of zip files, pickles and tensors does
        raise CodesearchError(
            f"{path} cannot be read ({first_line(error)}): give another folder, or delete it to start anew"
        ) from error
    differing = sorted(key for key in settings if made_with.get(key) != settings[key])
    if of_any_settings or not differing:
        taken: dict[str, Any] = state
        return taken
    if differing == [anew_with]:
        print(f"{path} is of a run with another {anew_with}: training starts anew", file=sys.stderr, flush=True)
        return None
    raise CodesearchError(
        f"{path} is of a run with another {', '.join(differing)}: give another folder, or delete it to start anew"
    )


def digest_of(fields: Mapping[str, Any]) -> str:
    """A digest of arrays and tensors by their names, and of objects that consist of such."""
    hashed = hashlib.blake2b(digest_size=8)
    for name, value in sorted(fields.items()):
        if isinstance(value, (np.ndarray, Tensor)):
            array = np.ascontiguousarray(value.detach().cpu() if isinstance(value, Tensor) else value)
            hashed.update(f"{name} {array.dtype} {array.shape}".encode())
            hashed.update(array.reshape(-1).view(np.uint8).data)
        else:
            hashed.update(f"{name} {digest_of(vars(value))}".encode())
    return hashed.hexdigest()
