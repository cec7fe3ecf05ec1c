"""Matching heads by name: shipped with the package, from a local folder, or from the Hugging Face hub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from codesearch.encoders.families import BIMODAL, Family, is_cross_encoder
from codesearch.encoders.load import needing_torch
from codesearch.encoders.resolve import resolve
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from codesearch.encoders.checkpoint import Checkpoint
    from codesearch.matching.protocol import Matcher

SHIPPED = {"default": "bimodal", "bimodal": "bimodal"}

FAMILIES = (
    Family(BIMODAL, "onnx", lambda model: model.model_type == "codesearch-bimodal", needs=""),
    Family("CodeT5+ bimodal", "codet5p", lambda model: model.model_type == "codet5p_bimodal"),
    Family("cross-encoders", "cross_encoder", is_cross_encoder),
)


def load_matcher(name_or_path: str = "default", *, device: str | None = None) -> Matcher:
    """Load a matching head.

    Args:
        name_or_path: ``default``, ``bimodal``, a local folder, or a hub name (``owner/name`` or
            ``owner/name@revision``).
        device: ``cpu``, ``cuda`` or another torch device; by default CUDA where there is one.

    Raises:
        ModelError: there is no such model, it is no matching head, or it cannot be loaded.
    """
    checkpoint = resolve(name_or_path, SHIPPED)
    with needing_torch(checkpoint.label):
        module = import_module(f"codesearch.matching.{family_of(checkpoint).module}")
        return cast("Matcher", module.load(checkpoint, device))


def family_of(checkpoint: Checkpoint) -> Family:
    """The family of a checkpoint; raise ModelError where none recognises it."""
    for family in FAMILIES:
        if family.recognises(checkpoint):
            return family
    known = ", ".join(family.name for family in FAMILIES)
    raise ModelError(f"model {checkpoint.label} has no matching head that is known here; known are {known}")
