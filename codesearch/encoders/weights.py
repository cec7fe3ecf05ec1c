"""Reading safetensors into modules written here, every tensor accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from codesearch.encoders.checkpoint import Checkpoint


def read_weights(checkpoint: Checkpoint, prefix: str = "") -> dict[str, Tensor]:
    """The tensors of a checkpoint whose names start with ``prefix``, by the rest of their names.

    Raises:
        ModelError: there are no safetensors weights, or a file is damaged.
    """
    from safetensors import SafetensorError

    files = checkpoint.weight_files()
    try:
        return {name: tensor for file in files for name, tensor in _tensors(file, prefix)}
    except SafetensorError as error:
        raise ModelError(
            f"model {checkpoint.label}: its weights in {checkpoint.folder} are damaged ({error})"
        ) from error


def _tensors(file: Path, prefix: str) -> Iterator[tuple[str, Tensor]]:
    from safetensors import safe_open

    with safe_open(str(file), framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118 - not a mapping
            if name.startswith(prefix):
                yield name.removeprefix(prefix), opened.get_tensor(name)


def load_exactly(module: nn.Module, tensors: Mapping[str, Tensor], label: str) -> None:
    """Give every parameter of ``module`` the tensor of its name; tensors it has no place for are left out.

    The module may have been made on the ``meta`` device, which saves initialising what is replaced here.

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
