"""State of a training run on disk, so that a run that was killed goes on and ends as if it had not been."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from codesearch.errors import CodesearchError

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path, settings: dict[str, Any], state: dict[str, Any]) -> None:
    """Write a checkpoint; a kill while it is written leaves the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    torch.save({"settings": settings, "state": state}, unfinished)
    unfinished.replace(path)


def load(path: Path, settings: dict[str, Any], of_any_settings: bool = False) -> dict[str, Any] | None:
    """Read a checkpoint, None if there is none yet.

    Raises:
        CodesearchError: it is of a run with other settings, and not ``of_any_settings``.
    """
    if not path.exists():
        return None
    found = torch.load(path, map_location="cpu", weights_only=True)
    differing = sorted(key for key in settings if found["settings"].get(key) != settings[key])
    if differing and not of_any_settings:
        raise CodesearchError(
            f"{path} is of a run with another {', '.join(differing)}: give another folder, or delete it to start anew"
        )
    state: dict[str, Any] = found["state"]
    return state
