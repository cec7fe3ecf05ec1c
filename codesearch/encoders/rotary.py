"""Rotary positions (Su et al., 2021, RoFormer, arXiv:2104.09864), in both published layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def rotation(length: int, width: int, base: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the angles, each (length, width / 2), of the type and device of ``like``."""
    frequency = 1.0 / base ** (torch.arange(0, width, 2, dtype=torch.float32, device=like.device) / width)
    angles = torch.outer(torch.arange(length, dtype=torch.float32, device=like.device), frequency)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs (i, i + width/2) of the first ``width`` dimensions of heads (..., length, size)."""
    half = cosine.shape[-1]
    left, right, rest = heads[..., :half], heads[..., half : 2 * half], heads[..., 2 * half :]
    return torch.cat([left * cosine - right * sine, right * cosine + left * sine, rest], dim=-1)


def rotate_interleaved(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs (2i, 2i + 1) of the first ``width`` dimensions of heads (..., length, size), as GPT-J does."""
    width = 2 * cosine.shape[-1]
    even, odd, rest = heads[..., 0:width:2], heads[..., 1:width:2], heads[..., width:]
    turned = torch.stack([even * cosine - odd * sine, odd * cosine + even * sine], dim=-1).flatten(-2)
    return torch.cat([turned, rest], dim=-1)
