"""Encoders by name: shipped with the package, from a local folder, or from the Hugging Face hub."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, cast

from codesearch.encoders.families import family_of
from codesearch.encoders.resolve import resolve
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with needing_torch(checkpoint.label):
        module = import_module(f"codesearch.encoders.{family_of(checkpoint).module}")
        return cast("Encoder", module.load(checkpoint, device))


@contextmanager
def needing_torch(label: str) -> Iterator[None]:
    """Turn a missing package of the ``models`` extra into a line that says how to install it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"torch", "transformers", "safetensors", "huggingface_hub"}:
            raise
        raise ModelError(
            f"model {label} needs {error.name}, which is not installed: "
            "pip install '.[models]' in codesearch's source folder"
        ) from error
