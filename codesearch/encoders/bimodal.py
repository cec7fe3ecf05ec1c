"""The shipped bimodal encoder: the transformer of a folder and, where its configuration names one, a static encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesearch.encoders import load_static, onnx
from codesearch.encoders.checkpoint import Checkpoint
from codesearch.encoders.joined import JoinedEncoder
from codesearch.encoders.resolve import SHIPPED_FOLDER

if TYPE_CHECKING:
    from codesearch.encoders.onnx import OnnxEncoder

BESIDE, WEIGHT = "beside", "beside_weight"


def load(checkpoint: Checkpoint, device: str | None = None) -> JoinedEncoder | OnnxEncoder:
    """Load an exported encoder; it runs on the CPU whatever the device.

    Raises:
        ModelError: a file is missing or damaged.
    """
    transformer = onnx.load(checkpoint, device)
    named = checkpoint.config.get(BESIDE)
    if named is None:
        return transformer
    static = load_static.load(Checkpoint(SHIPPED_FOLDER / named, named))
    (weight,) = checkpoint.require(WEIGHT)
    name = f"{transformer.name}+{static.name.rpartition('@')[2]}"
    return JoinedEncoder(name=name, transformer=transformer, beside=static, weight=weight)
