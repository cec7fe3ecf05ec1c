"""From pickled weights to safetensors: ``python -m codesearch.encoders.convert NAME_OR_FOLDER NEW_FOLDER``.

Many models of before 2023 were published only as pickles, which can run code when opened. This reads them with
torch's restricted unpickler, which knows tensors and nothing else, once, and writes a folder that loads from then on.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.encoders.checkpoint import Checkpoint
from codesearch.encoders.load import needing_torch
from codesearch.errors import CodesearchError, ModelError
from indexer.errors import first_line

if TYPE_CHECKING:
    from torch import Tensor

KEPT = ("*.json", "*.txt", "*.model")


def convert(name_or_folder: str, target: Path) -> None:
    """Write a copy of a model with safetensors weights.

    Args:
        name_or_folder: a local folder or a hub name, which is downloaded.
        target: new folder; must not exist.

    Raises:
        ModelError: there are no pickled weights, they hold more than tensors, or ``target`` exists.
    """
    from safetensors.torch import save_file

    if target.exists():
        raise ModelError(f"{target} exists already: choose a new folder")
    source = Path(name_or_folder) if Path(name_or_folder).is_dir() else _download(name_or_folder)
    tensors = _unpickled(Checkpoint(source, source.name))
    target.mkdir(parents=True)
    for pattern in KEPT:
        for file in source.rglob(pattern):
            if not file.name.endswith(".index.json"):
                copy = target / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
    # Tensors that share storage, as tied embeddings do, cannot be written as they are.
    whole = {name: tensor.clone().contiguous() for name, tensor in tensors.items()}
    save_file(whole, target / "model.safetensors", metadata={"format": "pt"})


def _unpickled(checkpoint: Checkpoint) -> dict[str, Tensor]:
    import pickle

    import torch

    index = "pytorch_model.bin.index.json"
    files = ["pytorch_model.bin"]
    if checkpoint.has(index):
        files = sorted(set(checkpoint.read_json(index)["weight_map"].values()))
    absent = [file for file in files if not checkpoint.has(file)]
    if absent:
        raise ModelError(f"model {checkpoint.label}: {absent[0]} is missing in {checkpoint.folder}")
    try:
        parts = [torch.load(checkpoint.folder / file, map_location="cpu", weights_only=True) for file in files]
    except pickle.UnpicklingError as error:
        raise ModelError(f"model {checkpoint.label}: its pickle holds more than tensors and was not opened") from error
    except (RuntimeError, EOFError) as error:
        raise ModelError(f"model {checkpoint.label}: its pickle is damaged ({first_line(error)})") from error
    return {name: tensor for part in parts for name, tensor in part.items()}


def _download(repository: str) -> Path:
    from codesearch.encoders.resolve import download

    return download(repository, None, (*KEPT, "pytorch_model*.bin"))


def main(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    if len(arguments) != 2:
        print("usage: python -m codesearch.encoders.convert NAME_OR_FOLDER NEW_FOLDER", file=sys.stderr)
        return 2
    try:
        with needing_torch(arguments[0]):
            convert(arguments[0], Path(arguments[1]))
    except CodesearchError as error:
        print(f"codesearch: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
