"""Reading safetensors into modules written here, every tensor accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from codesearch.encoders.checkpoint import Checkpoint


def read_weights(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """All tensors of a checkpoint by name; raise ModelError where there are none or a file is damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    files = checkpoint.weight_files()
    try:
        return {name: tensor for file in files for name, tensor in load_file(file).items()}
    except SafetensorError as error:
        raise ModelError(
            f"model {checkpoint.label}: its weights in {checkpoint.folder} are damaged ({error})"
        ) from error


def load_exactly(module: nn.Module, tensors: Mapping[str, Tensor], label: str) -> None:
    """Give every parameter of ``module`` the tensor of its name; tensors it has no place for are left out.

    Raises:
        ModelError: a tensor is missing or has another shape.
    """
    wanted = module.state_dict()
    missing = sorted(wanted.keys() - tensors.keys())
    if missing:
        raise ModelError(
            f"model {label}: tensor {missing[0]} is missing in its weights ({len(missing)} missing in all)"
        )
    for name, parameter in wanted.items():
        if parameter.shape != tensors[name].shape:
            found, shape = tuple(tensors[name].shape), tuple(parameter.shape)
            raise ModelError(f"model {label}: tensor {name} has shape {found}, its configuration asks for {shape}")
    module.load_state_dict({name: tensors[name] for name in wanted}, assign=True)
