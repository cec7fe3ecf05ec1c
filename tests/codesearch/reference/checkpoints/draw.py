"""Random tensors and the files that hold them."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file

from reference.tokenizers import write_json

WIDTH, HEADS, LAYERS, INNER = 16, 4, 2, 24


class Draw:
    """Random tensors by name, from one seed."""

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self.tensors = {}

    def table(self, name, rows, width):
        self.tensors[f"{name}.weight"] = self.random.normal(0, 0.4, (rows, width)).astype(np.float32)

    def linear(self, name, out, width, bias=True):
        self.tensors[f"{name}.weight"] = self.random.normal(0, 0.4, (out, width)).astype(np.float32)
        if bias:
            self.tensors[f"{name}.bias"] = self.random.normal(0, 0.2, out).astype(np.float32)

    def norm(self, name, width, bias=True):
        self.tensors[f"{name}.weight"] = self.random.normal(1, 0.2, width).astype(np.float32)
        if bias:
            self.tensors[f"{name}.bias"] = self.random.normal(0, 0.2, width).astype(np.float32)


def save(folder, config, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return config, tensors
