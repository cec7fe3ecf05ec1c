"""What the architectures share, for one text at a time, in float64: states are (length, width)."""

from __future__ import annotations

import math

import numpy as np


def linear(x, tensors, name):
    bias = tensors.get(f"{name}.bias")
    product = x @ tensors[f"{name}.weight"].T.astype(np.float64)
    return product if bias is None else product + bias


def softmax(scores):
    exponent = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def layer_norm(x, tensors, name, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def rms_norm(x, weight, epsilon):
    return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * weight


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1 + np.exp(-x))


def attend(query, key, value, scale, bias=0.0):
    """One head: query (length, size), key and value (other length, size), added ``bias`` on the scores."""
    return softmax(query @ key.T * scale + bias) @ value


def causal_bias(length):
    return np.triu(np.full((length, length), -np.inf), k=1)


def angles(length, width, base):
    frequency = np.array([base ** (-2 * i / width) for i in range(width // 2)])
    return np.arange(length)[:, None] * frequency[None, :]


def turn(a, b, angle):
    return a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)


def unit(vector):
    return vector / np.linalg.norm(vector)
