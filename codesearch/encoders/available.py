"""What can be loaded without a network: the shipped models and those in the Hugging Face cache."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from codesearch.encoders.checkpoint import Checkpoint
from codesearch.encoders.families import BIMODAL, family_of
from codesearch.encoders.load import SHIPPED
from codesearch.encoders.resolve import shipped_folders
from codesearch.errors import ModelError
from codesearch.matching import load as matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codesearch.encoders.families import Family


@dataclass(frozen=True)
class AvailableModel:
    """A model on this machine."""

    name: str
    """What ``--encoder`` or ``--matcher`` takes."""
    source: str
    """``shipped`` or ``hub cache``."""
    family: str
    encodes: bool
    """Whether it can be an encoder."""
    matches: bool
    """Whether it can be a matching head."""
    megabytes: float
    """Size of its safetensors and ONNX files, in 10**6 bytes."""
    same_as: str | None
    """The name of the shipped model that this is another name of."""
    needs: str
    """What must be installed or done before it loads; empty where nothing is missing."""


def available_models() -> list[AvailableModel]:
    """The models that load without a network, the shipped ones first; other models of the hub cache are left out."""
    shipped = shipped_folders({**matching.SHIPPED, **SHIPPED})
    found = [_described(name, folder, "shipped") for name, folder in shipped.items()]
    found += [_described(name, folder, "hub cache") for name, folder in sorted(_cached())]
    return [model for model in found if model is not None]


def _described(name: str, folder: Path, source: str) -> AvailableModel | None:
    """The model in a folder, None where it is of no family that loads."""
    checkpoint = Checkpoint(folder, name)
    encoder = _family(family_of, checkpoint)
    matcher = _family(matching.family_of, checkpoint)
    if matcher and matcher.name == BIMODAL and not checkpoint.has("matching.onnx"):
        matcher = None  # an encoder that was exported before its head was trained
    family = encoder or matcher
    if family is None:
        return None
    weights = [file for pattern in ("*.safetensors", "*.onnx") for file in folder.rglob(pattern)]
    return AvailableModel(
        name=name,
        source=source,
        family=family.name,
        encodes=encoder is not None,
        matches=matcher is not None,
        same_as=folder.name if source == "shipped" and name != folder.name else None,
        megabytes=sum(file.stat().st_size for file in weights if file.is_file()) / 1e6,
        needs=_needs(checkpoint, family),
    )


def _family(recognise: Callable[[Checkpoint], Family], checkpoint: Checkpoint) -> Family | None:
    try:
        return recognise(checkpoint)
    except ModelError:
        return None


def _needs(checkpoint: Checkpoint, family: Family) -> str:
    if family.needs and not all(find_spec(package) for package in ("torch", "transformers")):
        return family.needs
    if family.name == BIMODAL:
        return "" if checkpoint.has("encoder.onnx") else f"encoder.onnx is missing in {checkpoint.folder}"
    try:
        checkpoint.weight_files()
    except ModelError as error:
        return str(error)
    return ""


def _cached() -> Iterator[tuple[str, Path]]:
    """Names and folders of the snapshots in the hub cache, one for each branch or revision that was asked for."""
    try:
        from huggingface_hub import constants
    except ImportError:
        return
    for repository in Path(constants.HF_HUB_CACHE).glob("models--*--*"):
        name = repository.name.removeprefix("models--").replace("--", "/", 1)
        refs = repository / "refs"
        for ref in refs.rglob("*"):
            snapshot = repository / "snapshots" / ref.read_text().strip() if ref.is_file() else None
            if snapshot and snapshot.is_dir():
                revision = ref.relative_to(refs).as_posix()
                yield (name if revision == "main" else f"{name}@{revision}"), snapshot
