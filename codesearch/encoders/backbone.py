"""Transformers models from safetensors only, with every weight accounted for and no remote code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from codesearch.encoders.weights import read_weights
from codesearch.errors import ModelError
from indexer.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from codesearch.encoders.checkpoint import Checkpoint

Module = TypeVar("Module", bound=nn.Module)

# What a token encoder never reads, so a checkpoint may come without it.
UNREAD = ("pooler.", "position_ids")


def load_backbone(checkpoint: Checkpoint, device: torch.device, auto_class: str = "AutoModel") -> nn.Module:
    """Load a model that transformers implements; float32 on the CPU, the checkpoint's own type elsewhere.

    Args:
        checkpoint: folder with ``config.json`` and safetensors weights.
        device: where the model shall run.
        auto_class: the transformers class that picks the model, or the model's own, such as ``T5EncoderModel``.

    Raises:
        ModelError: the architecture is unknown, or a weight is missing or of another shape.
    """
    return build_backbone(checkpoint, checkpoint.model_type, read_weights(checkpoint), device, auto_class)


def build_backbone(
    checkpoint: Checkpoint,
    model_type: str,
    tensors: dict[str, Tensor],
    device: torch.device,
    auto_class: str = "AutoModel",
) -> nn.Module:
    """Like ``load_backbone``, from tensors that are already read and under a ``model_type`` of transformers."""
    import transformers

    try:
        ignored = (
            {"model_type", "auto_map", "dtype", "torch_dtype"} if device.type == "cpu" else {"model_type", "auto_map"}
        )
        settings = {key: value for key, value in checkpoint.config.items() if key not in ignored}
        config = transformers.AutoConfig.for_model(model_type, **settings)
        chosen = getattr(transformers, auto_class)
        if hasattr(chosen, "from_config"):
            with torch.device("meta"):
                chosen = type(chosen.from_config(config))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"model {checkpoint.label}: unknown architecture {model_type!r} ({first_line(error)})"
        ) from error
    with quiet_loading():
        try:
            model, report = chosen.from_pretrained(None, config=config, state_dict=tensors, output_loading_info=True)
        except (ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"model {checkpoint.label}: its weights do not fit ({first_line(error)})") from error
    unread = UNREAD if auto_class == "AutoModel" else ()
    missing = sorted(name for name in report["missing_keys"] if not any(part in name for part in unread))
    if missing:
        raise ModelError(
            f"model {checkpoint.label}: tensor {missing[0]} is missing in its weights ({len(missing)} missing in all)"
        )
    ready_model: nn.Module = ready(model, device)
    return ready_model


def ready(model: Module, device: torch.device) -> Module:
    """The model in evaluation mode on its device, in float32 on the CPU."""
    if device.type == "cpu":
        model.float()
    model.to(device).eval().requires_grad_(False)
    return model


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep transformers from logging a table of unused weights and drawing a bar; what matters is raised instead."""
    from transformers.utils import logging

    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
