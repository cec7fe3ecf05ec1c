"""Export of a bimodal transformer to ONNX in int8: what ``codesearch.encoders.onnx`` loads.

Two graphs: the encoder (ids to vectors, and to the states inside it) and the matching head (the states of a query and
of a function to a score). The head so needs no weights of the encoder a second time. Texts are run one by one, so that
neither knows padding.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from codesearch.encoders.bimodal import BESIDE, WEIGHT
from codesearch.encoders.onnx import CONFIG, ENCODER, MATCHING, MODEL_TYPE, TOKENIZER
from codesearch.train.onnx_graph import Graph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from codesearch.train.bimodal import Bimodal, Shape

    Tensors = dict[str, NDArray[np.float32]]

_FLOAT, _INT64 = 1, 7  # element types of ONNX


def export(
    model: Bimodal,
    tokenizer: Tokenizer,
    folder: Path,
    max_tokens: int = 128,
    with_head: bool = True,
    beside: str | None = None,
    beside_weight: float = 0.5,
) -> None:
    """Write ``config.json``, ``tokenizer.json``, ``encoder.onnx`` and, for a trained head, ``matching.onnx``.

    Args:
        model: what to export.
        tokenizer: its tokenizer, with the normalisation the model was trained with.
        folder: made where it is missing.
        max_tokens: how much of a text is read, special tokens included.
        with_head: whether the matching head was trained; an untrained one is left out.
        beside: a shipped static encoder whose vectors are put beside those of the transformer when it is loaded.
        beside_weight: how much its cosine counts, where that of the transformer counts 1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}
    encoder = {name.removeprefix("encoder."): values for name, values in tensors.items() if name.startswith("encoder.")}
    head = {name.removeprefix("head."): values for name, values in tensors.items() if name.startswith("head.")}
    encoder_graph(encoder, model.shape).save(folder / ENCODER)
    (folder / MATCHING).unlink(missing_ok=True)
    if with_head:
        matching_graph(head, model.shape).save(folder / MATCHING)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / TOKENIZER))
    config = {"model_type": MODEL_TYPE, "dim": model.shape.width, "max_tokens": max_tokens}
    if beside:
        config |= {BESIDE: beside, WEIGHT: beside_weight}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def encoder_graph(tensors: Tensors, shape: Shape) -> Graph:
    """Ids of texts of one length (rows, length) to ``vectors`` (rows, width) and ``states`` (rows, length, width)."""
    graph = Graph()
    ids = graph.input("ids", _INT64, ["rows", "length"])
    zero, one = graph.constant([0], np.int64), graph.constant([1], np.int64)
    length = graph.add("Shape", ids, start=1, end=2)
    positions = graph.add("Slice", graph.constant(tensors["positions.weight"]), zero, length, zero, one)
    embedded = graph.add("Add", graph.rows(tensors["words.weight"], ids), positions)
    states = graph.norm(embedded, tensors, "embedding_norm", shape.epsilon)
    read = states
    for number in range(shape.depth):
        if number == shape.depth - shape.joint_depth:
            read = states
        states = graph.layer(states, tensors, f"layers.{number}", shape.heads, shape.epsilon)
    graph.output("vectors", graph.normalised(graph.mean(states)), _FLOAT, ["rows", shape.width])
    graph.output("states", read, _FLOAT, ["rows", "length", shape.width])
    return graph


def matching_graph(tensors: Tensors, shape: Shape) -> Graph:
    """States of a query (1, asked, width) and of a function (1, answered, width), their cosine (1,), to ``scores``."""
    graph = Graph()
    query = graph.input("query", _FLOAT, [1, "asked", shape.width])
    code = graph.input("code", _FLOAT, [1, "answered", shape.width])
    cosine = graph.input("cosine", _FLOAT, [1])
    first, second = graph.constant([0], np.int64), graph.constant([1], np.int64)
    asked_length = graph.add("Shape", query, start=1, end=2)
    query = graph.add("Add", query, graph.constant(tensors["sides"][0]))
    code = graph.add("Add", code, graph.constant(tensors["sides"][1]))
    states = graph.add("Concat", query, code, axis=1)
    for number in range(shape.joint_depth):
        states = graph.layer(states, tensors, f"layers.{number}", shape.heads, shape.epsilon)
    end = graph.constant([np.iinfo(np.int64).max], np.int64)
    asked = graph.add("Slice", states, first, asked_length, second, second)
    answered = graph.add("Slice", states, asked_length, end, second, second)
    asked_mean, answered_mean = graph.mean(asked), graph.mean(answered)
    together = graph.add("Mul", asked_mean, answered_mean)
    parts = graph.add("Concat", asked_mean, answered_mean, together, axis=1)
    evidence = graph.add("MatMul", parts, graph.constant(tensors["evidence.weight"].T))
    evidence = graph.add("Squeeze", evidence, second)
    evidence = graph.add("Add", evidence, graph.constant(tensors["evidence.bias"]))
    weighted = graph.add("Mul", _best_overlap(graph, asked, answered), graph.constant(tensors["overlap"]))
    scaled = graph.add("Mul", cosine, graph.constant(tensors["scale"]))
    graph.output("scores", graph.add("Sum", scaled, weighted, evidence), _FLOAT, [1])
    return graph


def _best_overlap(graph: Graph, asked: str, answered: str) -> str:
    """The mean over the query's tokens of the greatest cosine with a token of the code, (1,)."""
    across = graph.add("Transpose", graph.normalised(answered), perm=[0, 2, 1])
    cosines = graph.add("MatMul", graph.normalised(asked), across)
    best = graph.add("ReduceMax", cosines, axes=[2], keepdims=0)
    return str(graph.add("ReduceMean", best, axes=[1], keepdims=0))
