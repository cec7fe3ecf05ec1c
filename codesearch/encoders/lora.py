"""LoRA adapters merged into the weights they were trained on.

Hu et al., 2021, arXiv:2106.09685, in the files that PEFT writes: ``adapter_config.json`` and
``adapter_model.safetensors``. Rank-stabilised scaling (arXiv:2312.03732) is read; other kinds of adapters are not.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import torch

from codesearch.encoders.weights import read_weights
from codesearch.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from codesearch.encoders.checkpoint import Checkpoint

ADAPTER_CONFIG = "adapter_config.json"
_LORA = re.compile(r"(?P<module>.+)\.lora_(?P<part>[AB])(\.default)?\.weight")


def merge_adapter(model: nn.Module, adapter: Checkpoint) -> None:
    """Add an adapter's changes to the weights of ``model`` in place.

    Raises:
        ModelError: another kind of adapter than LoRA, or a tensor that has no place in the model.
    """
    config = adapter.read_json(ADAPTER_CONFIG)
    kind = "DoRA" if config.get("use_dora") else str(config.get("peft_type"))
    if kind != "LORA":
        raise ModelError(f"model {adapter.label}: a {kind} adapter cannot be merged, only LoRA")
    factors: dict[str, dict[str, Tensor]] = {}
    for name, tensor in read_weights(adapter).items():
        match = _LORA.fullmatch(name)
        if match is None:
            raise ModelError(f"model {adapter.label}: tensor {name} of the adapter is not a LoRA factor")
        factors.setdefault(match["module"].removeprefix("base_model.model."), {})[match["part"]] = tensor
    modules = dict(model.named_modules())
    with torch.no_grad():
        for name, pair in factors.items():
            module = _module(modules, name, adapter)
            if module is not None:
                _merge(module, pair, scale_of(config, name), config, adapter, name)


def scale_of(config: dict[str, Any], name: str) -> float:
    """What the product of a module's factors is multiplied with: alpha / rank, or alpha / root of the rank."""
    rank = _by_pattern(config.get("rank_pattern"), name, config["r"])
    alpha = _by_pattern(config.get("alpha_pattern"), name, config["lora_alpha"])
    return float(alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank)


def _by_pattern(patterns: dict[str, float] | None, name: str, default: float) -> float:
    for pattern, value in (patterns or {}).items():
        if re.fullmatch(rf"(.*\.)?{pattern}", name):
            return value
    return default


def _module(modules: dict[str, nn.Module], name: str, adapter: Checkpoint) -> nn.Module | None:
    """The module of that name; a head that is not part of the model gives None."""
    if name == "lm_head":
        return None
    # Adapters of a language model name its decoder "model." or "transformer."; here it stands alone.
    for candidate in (name, name.removeprefix("model."), name.removeprefix("transformer.")):
        if candidate in modules:
            return modules[candidate]
    raise ModelError(f"model {adapter.label}: the adapter changes {name}, which its base model does not have")


def _merge(
    module: nn.Module, pair: dict[str, Tensor], scale: float, config: dict[str, Any], adapter: Checkpoint, name: str
) -> None:
    if set(pair) != {"A", "B"}:
        raise ModelError(f"model {adapter.label}: tensor lora_{({'A', 'B'} - set(pair)).pop()} of {name} is missing")
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    change = scale * (pair["B"].float() @ pair["A"].float())
    change = change.T if config.get("fan_in_fan_out") else change
    if change.shape != weight.shape:
        shapes = f"{tuple(change.shape)} for {tuple(weight.shape)}"
        raise ModelError(f"model {adapter.label}: the adapter's change to {name} has the wrong shape, {shapes}")
    weight.add_(change.to(weight.device, weight.dtype))
