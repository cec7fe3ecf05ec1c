"""The families of encoders that can be loaded: how each is recognised and which file loads it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from codesearch.encoders.checkpoint import Checkpoint
    from codesearch.encoders.protocol import Encoder


@dataclass(frozen=True)
class Family:
    """One layout of published checkpoints."""

    name: str
    module: str
    """Defines ``load(checkpoint, device) -> Encoder``; imported only when used, as most import torch."""
    recognises: Callable[[Checkpoint], bool]


# The first that recognises a checkpoint loads it: the particular before the general.
FAMILIES = (Family("sentence-transformers", "sentence_transformer", lambda model: model.has("modules.json")),)


def family_of(checkpoint: Checkpoint) -> Family:
    """The family of a checkpoint.

    Raises:
        ModelError: none recognises it.
    """
    for family in FAMILIES:
        if family.recognises(checkpoint):
            return family
    what = checkpoint.model_type or "no model_type in config.json"
    known = ", ".join(family.name for family in FAMILIES)
    raise ModelError(f"model {checkpoint.label}: unknown architecture ({what}); known are {known}")


def load_from(checkpoint: Checkpoint, device: str | None) -> Encoder:
    """Load a checkpoint with its family's file."""
    module = import_module(f"codesearch.encoders.{family_of(checkpoint).module}")
    return cast("Encoder", module.load(checkpoint, device))
