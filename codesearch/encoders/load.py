"""Encoders by name: shipped with the package, from a local folder, or from the Hugging Face hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.encoders.families import load_from
from codesearch.encoders.resolve import resolve
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from codesearch.encoders.protocol import Encoder

SHIPPED = {"default": "static", "static": "static", "bimodal": "bimodal"}


def load_encoder(name_or_path: str = "default", *, device: str | None = None) -> Encoder:
    """Load an encoder.

    Args:
        name_or_path: ``default``, ``static``, ``bimodal``, a local folder, or a hub name (``owner/name`` or
            ``owner/name@revision``).
        device: ``cpu``, ``cuda`` or another torch device; by default CUDA where there is one.

    Raises:
        ModelError: there is no such model, or it cannot be loaded; the message says how to mend it.
    """
    checkpoint = resolve(name_or_path, SHIPPED)
    try:
        return load_from(checkpoint, device)
    except ModuleNotFoundError as error:
        if error.name not in {"torch", "transformers", "safetensors"}:
            raise
        raise ModelError(
            f"model {checkpoint.label} needs {error.name}, which is not installed: pip install 'codesearch[models]'"
        ) from error
