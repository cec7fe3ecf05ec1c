"""Transformers models from safetensors only, with every weight accounted for and no remote code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from codesearch.encoders.checkpoint import Checkpoint

Module = TypeVar("Module", bound=nn.Module)

# Parts that produce no token state, so a checkpoint may come without them.
UNUSED_PARTS = ("pooler.", "lm_head.", "position_ids")


def load_backbone(checkpoint: Checkpoint, device: torch.device, model_class: str = "AutoModel") -> nn.Module:
    """Load a model that transformers implements; float32 on the CPU, the checkpoint's own type elsewhere.

    Args:
        checkpoint: folder with ``config.json`` and safetensors weights.
        device: where the model shall run.
        model_class: name of the transformers class, for example ``T5EncoderModel``.

    Raises:
        ModelError: the architecture is unknown, or a weight is missing or of another shape.
    """
    import transformers

    checkpoint.weight_files()
    with _quiet(transformers):
        try:
            model, report = getattr(transformers, model_class).from_pretrained(
                str(checkpoint.folder),
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                local_files_only=True,
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(f"model {checkpoint.label}: its weights cannot be loaded ({reason})") from error
    missing = sorted(name for name in report["missing_keys"] if not any(part in name for part in UNUSED_PARTS))
    if missing:
        raise ModelError(
            f"model {checkpoint.label}: tensor {missing[0]} is missing in its weights ({len(missing)} missing in all)"
        )
    return ready(model, device)


def ready(model: Module, device: torch.device) -> Module:
    """The model in evaluation mode on its device, in float32 on the CPU."""
    model = model.float() if device.type == "cpu" else model
    model.to(device).eval().requires_grad_(False)
    return model


class _quiet:  # noqa: N801 - reads as a statement
    """Transformers logs a table of unused weights and draws a bar; what matters is raised instead."""

    def __init__(self, transformers: Any) -> None:
        self.logging = transformers.utils.logging

    def __enter__(self) -> None:
        self.verbosity = self.logging.get_verbosity()
        self.bars = self.logging.is_progress_bar_enabled()
        self.logging.set_verbosity_error()
        self.logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        self.logging.set_verbosity(self.verbosity)
        if self.bars:
            self.logging.enable_progress_bar()
