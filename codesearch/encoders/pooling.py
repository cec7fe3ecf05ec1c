"""From token states to one vector: the pooling modes of sentence-transformers, for right-padded rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from codesearch.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    Pool = Callable[[Tensor, Tensor], Tensor]


def first_token(states: Tensor, mask: Tensor) -> Tensor:
    """The state of the first token under the mask: ``[CLS]``, ``<s>``."""
    return states[torch.arange(len(states), device=states.device), mask.argmax(dim=1)]


def last_token(states: Tensor, mask: Tensor) -> Tensor:
    """The state of the last token under the mask, the one that saw all others in a causal model."""
    length = mask.shape[1]
    last = length - 1 - mask.flip(1).argmax(dim=1)
    return states[torch.arange(len(states), device=states.device), last]


def mean(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states under the mask."""
    return _summed(states, mask) / _count(mask)


def mean_by_root_length(states: Tensor, mask: Tensor) -> Tensor:
    """The sum of the states under the mask over the root of their number."""
    return _summed(states, mask) / _count(mask).sqrt()


def weighted_mean(states: Tensor, mask: Tensor) -> Tensor:
    """The mean weighted by position, 1 for the first (SGPT, arXiv:2202.08904)."""
    weights = mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)
    return _summed(states, weights) / _count(weights)


def maximum(states: Tensor, mask: Tensor) -> Tensor:
    """The largest value of each dimension under the mask."""
    return states.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).amax(dim=1)


# In the order in which sentence-transformers concatenates several modes.
MODES: dict[str, Pool] = {
    "cls": first_token,
    "max": maximum,
    "mean": mean,
    "mean_sqrt_len_tokens": mean_by_root_length,
    "weightedmean": weighted_mean,
    "lasttoken": last_token,
}

# The spelling of configurations before sentence-transformers 6.
FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def modes_of(config: dict[str, object], label: str) -> list[str]:
    """The names of the modes that a ``1_Pooling/config.json`` asks for, either spelling."""
    declared = config.get("pooling_mode")
    if declared is None:
        modes = [mode for flag, mode in FLAGS.items() if config.get(flag)] or ["mean"]
    else:
        modes = [declared] if isinstance(declared, str) else [str(mode) for mode in declared]  # type: ignore[attr-defined]
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown:
        raise ModelError(f"model {label}: unknown pooling mode {unknown[0]!r}; known are {', '.join(MODES)}")
    return modes


def pool(states: Tensor, mask: Tensor, modes: Sequence[str]) -> Tensor:
    """Pool states (rows, length, width) with every mode, side by side: (rows, width * len(modes))."""
    return torch.cat([MODES[mode](states, mask) for mode in modes], dim=-1)


def without_prompt(mask: Tensor, prompt_tokens: int) -> Tensor:
    """The mask with the prompt's tokens left out, but never a row left empty."""
    kept = mask.clone()
    kept[:, :prompt_tokens] = 0
    return torch.where(kept.sum(dim=1, keepdim=True) > 0, kept, mask)


def _summed(states: Tensor, weights: Tensor) -> Tensor:
    return (states * weights.unsqueeze(-1).to(states.dtype)).sum(dim=1)


def _count(weights: Tensor) -> Tensor:
    return weights.sum(dim=1, keepdim=True).clamp(min=1)
