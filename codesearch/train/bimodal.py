"""The bimodal transformer: text and code through the same layers, and a matching head that reads both together.

The encoder is BERT (Devlin et al., 2019, arXiv:1810.04805) with mean pooling, in the sizes of all-MiniLM-L6-v2. The
matching head takes the states of a query and of a function from inside the encoder and lets them attend to each other
in layers of its own. To the cosine of the two vectors it adds how well each token of the query is found in the code
(ColBERT, Khattab and Zaharia, 2020, arXiv:2004.12832) and what a linear layer makes of the means, so that it starts
better than the encoder, and scoring a pair costs little beyond encoding both. (Layers that are first separate and then
joint are PreTTR's, MacAvaney et al., 2020, arXiv:2004.14255; the task is the text-code matching of CodeT5+, Wang et
al., 2023, arXiv:2305.07922.)
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from codesearch.encoders.checkpoint import Checkpoint
from codesearch.encoders.weights import read_weights
from codesearch.errors import ModelError
from indexer.errors import first_line

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; the defaults are those of all-MiniLM-L6-v2."""

    vocabulary: int = 30522
    width: int = 384
    depth: int = 6
    joint_depth: int = 2  # layers of the matching head: two more than double what a pair of vectors can tell
    heads: int = 12
    inner: int = 1536
    positions: int = 512
    epsilon: float = 1e-12

    @classmethod
    def of_bert(cls, folder: Path) -> Shape:
        """Read the sizes from the ``config.json`` of a BERT checkpoint; raise ModelError where it is none."""
        checkpoint = Checkpoint(folder, folder.name)
        if checkpoint.model_type != "bert":
            raise ModelError(f"{folder} is no BERT checkpoint: give the folder of all-MiniLM-L6-v2 or of another")
        vocabulary, width, depth, heads, inner, positions, epsilon = checkpoint.require(
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "max_position_embeddings",
            "layer_norm_eps",
        )
        joint_depth = min(cls.joint_depth, depth)
        return cls(vocabulary, width, depth, joint_depth, heads, inner, positions, epsilon)


class Layer(nn.Module):
    """One transformer layer, normalised after each part."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width)
        self.value = nn.Linear(shape.width, shape.width)
        self.attended = nn.Linear(shape.width, shape.width)
        self.attended_norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.outer_norm = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Map states (rows, length, width) to the same shape; ``mask`` is (rows, length), True for tokens."""
        return self.fed(self.attend(states, mask))

    def attend(self, states: Tensor, mask: Tensor) -> Tensor:
        """The first part: each token looks at the others."""
        rows, length, width = states.shape

        def split(projected: Tensor) -> Tensor:
            return projected.view(rows, length, self.heads, width // self.heads).transpose(1, 2)

        attended = functional.scaled_dot_product_attention(
            split(self.query(states)),
            split(self.key(states)),
            split(self.value(states)),
            attn_mask=mask[:, None, None, :],
        )
        attended = attended.transpose(1, 2).reshape(rows, length, width)
        result: Tensor = self.attended_norm(states + self.attended(attended))
        return result

    def fed(self, states: Tensor) -> Tensor:
        """The second part: each token by itself through the feed-forward network."""
        result: Tensor = self.outer_norm(states + self.outer(self.neurons(states)))
        return result

    def neurons(self, states: Tensor) -> Tensor:
        """What the neurons of the feed-forward network give, (..., inner)."""
        return functional.gelu(self.inner(states))


class Encoder(nn.Module):
    """Token ids to states and to one unit vector a row."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.embedding_norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.depth))

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode ids (rows, length) under a mask that is True for tokens.

        Returns:
            Unit vectors (rows, width) and the states (rows, length, width) that the matching head reads.
        """
        states = read = self.embedded(ids)
        for number, layer in enumerate(self.layers):
            if number == self.shape.depth - self.shape.joint_depth:
                read = states
            states = layer(states, mask)
        return functional.normalize(mean(states, mask), dim=-1), read

    def embedded(self, ids: Tensor) -> Tensor:
        """The states before the first layer, (rows, length, width)."""
        result: Tensor = self.embedding_norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        return result


class MatchingHead(nn.Module):
    """Scores a query and a function from the encoder's states of both."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.sides = nn.Parameter(torch.zeros(2, shape.width))
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.joint_depth))
        self.evidence = nn.Linear(3 * shape.width, 1)
        # What all-MiniLM-L6-v2 multiplied cosines with in training. The overlap counts as much from the start,
        # the best of five weights on held-out pairs; docs/models/bimodal.md has the numbers.
        self.scale = nn.Parameter(torch.tensor(20.0))
        self.overlap = nn.Parameter(torch.tensor(20.0))
        nn.init.zeros_(self.evidence.weight)
        nn.init.zeros_(self.evidence.bias)

    def forward(self, query: Tensor, query_mask: Tensor, code: Tensor, code_mask: Tensor, cosine: Tensor) -> Tensor:
        """Score pairs: states (pairs, length, width) of each side, masks, and cosines (pairs,), to logits (pairs,)."""
        states = self.joined(query, code)
        mask = torch.cat([query_mask, code_mask], dim=1)
        for layer in self.layers:
            states = layer(states, mask)
        asked, answered = states[:, : query.shape[1]], states[:, query.shape[1] :]
        asked_mean, answered_mean = mean(asked, query_mask), mean(answered, code_mask)
        evidence = self.evidence(torch.cat([asked_mean, answered_mean, asked_mean * answered_mean], dim=1))[:, 0]
        overlap = best_overlap(asked, query_mask, answered, code_mask)
        logits: Tensor = self.scale * cosine + self.overlap * overlap + evidence
        return logits

    def joined(self, query: Tensor, code: Tensor) -> Tensor:
        """The states of both sides in one row, before the first layer of the head."""
        return torch.cat([query + self.sides[0], code + self.sides[1]], dim=1)


class Bimodal(nn.Module):
    """The encoder and its matching head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.head = MatchingHead(shape)


def mean(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states under the mask, (rows, width)."""
    weights = mask[:, :, None].to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def best_overlap(asked: Tensor, asked_mask: Tensor, answered: Tensor, answered_mask: Tensor) -> Tensor:
    """How well each token of the query is found in the code: its greatest cosine, on average, (pairs,)."""
    cosines = functional.normalize(asked, dim=-1) @ functional.normalize(answered, dim=-1).transpose(1, 2)
    best = cosines.masked_fill(~answered_mask[:, None, :], -1).amax(dim=2)
    return (best * asked_mask).sum(dim=1) / asked_mask.sum(dim=1).clamp(min=1)


_LAYER_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attended",
    "attention.output.LayerNorm": "attended_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "outer_norm",
}


_HEAD = "head."


def from_bert(folder: Path) -> Bimodal:
    """Start from a BERT checkpoint such as all-MiniLM-L6-v2.

    The head is that of the checkpoint if ``to_bert`` wrote one; else its layers start as copies of the last ones.

    Raises:
        ModelError: the folder is no BERT checkpoint, or a tensor is missing or of another shape.
    """
    shape = Shape.of_bert(folder)
    tensors = read_weights(Checkpoint(folder, folder.name))
    given = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
    model = Bimodal(shape)
    try:
        model.encoder.load_state_dict(_encoder_tensors(given, shape))
        if head := {name.removeprefix(_HEAD): given[name] for name in given if name.startswith(_HEAD)}:
            model.head.load_state_dict(head)
            return model
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{folder}: its tensors are not those of BERT ({first_line(error)})") from error
    for joint, last in zip(model.head.layers, model.encoder.layers[shape.depth - shape.joint_depth :], strict=True):
        joint.load_state_dict(last.state_dict())
    return model


def _encoder_tensors(given: dict[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    tensors = {ours: given[theirs] for theirs, ours in _encoder_names(shape).items()}
    # One text at a time is encoded, so the type of the first segment is part of every position.
    tensors["positions.weight"] = tensors["positions.weight"] + given["embeddings.token_type_embeddings.weight"][0]
    return tensors


def _encoder_names(shape: Shape) -> dict[str, str]:
    """The names of the encoder's tensors by those that BERT has for them."""
    names = {
        "embeddings.word_embeddings.weight": "words.weight",
        "embeddings.position_embeddings.weight": "positions.weight",
        "embeddings.LayerNorm.weight": "embedding_norm.weight",
        "embeddings.LayerNorm.bias": "embedding_norm.bias",
    }
    for layer in range(shape.depth):
        for theirs, ours in _LAYER_NAMES.items():
            for kind in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{theirs}.{kind}"] = f"layers.{layer}.{ours}.{kind}"
    return names


def to_bert(model: Bimodal, start: Path, folder: Path) -> None:
    """Write a model as a BERT checkpoint, its head beside it, with the tokenizer of the checkpoint ``start``."""
    from safetensors.torch import save_file

    encoder, shape = model.encoder.state_dict(), model.shape
    tensors = {f"{_HEAD}{name}": tensor for name, tensor in model.head.state_dict().items()}
    for theirs, ours in _encoder_names(shape).items():
        tensors[theirs] = encoder[ours]
    # The type of the first segment is part of every position.
    tensors["embeddings.token_type_embeddings.weight"] = torch.zeros(2, shape.width)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    config = json.loads((start / "config.json").read_text("utf-8")) | {"intermediate_size": shape.inner}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    shutil.copyfile(start / "tokenizer.json", folder / "tokenizer.json")


def average(start: dict[str, Tensor], trained: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights between two models (WiSE-FT, arXiv:2109.01903): ``share`` of ``trained``, the rest of ``start``."""
    return {name: tensor.lerp(trained[name].to(tensor), share) for name, tensor in start.items()}
