"""Writing ONNX graphs by hand: a layer becomes a few standard operators, its matrices become int8.

Every matrix has one scale a column, and the activations are quantised as they come (``DynamicQuantizeLinear`` and
``MatMulInteger`` of ONNX opset 17), which ONNX Runtime fuses into its integer kernels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from codesearch.train.quantise import quantised_rows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OPSET = 17
# Seven bits: with eight, processors without VNNI instructions overflow where they add two products in 16 bits.
WEIGHT_MAX = 63


@dataclass
class Graph:
    """The nodes, constants, inputs and outputs of a graph while it is written."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    made: int = 0

    def add(self, operator: str, *given: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add a node and return the name of its output, or their names where it has several."""
        from onnx import helper

        names = [self._name(operator.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(given), names, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, values: Any, dtype: type[np.generic] = np.float32) -> str:
        """Add a constant tensor and return its name."""
        from onnx import numpy_helper

        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def input(self, name: str, element: int, dimensions: list[int | str]) -> str:
        """Declare an input; a dimension that is a word may be of any size."""
        from onnx import helper

        self.inputs.append(helper.make_tensor_value_info(name, element, dimensions))
        return name

    def output(self, name: str, source: str, element: int, dimensions: list[int | str]) -> None:
        """Declare ``source`` an output under the name ``name``."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [source], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, element, dimensions))

    def save(self, path: Path) -> None:
        """Check the graph and write it."""
        import onnx
        from onnx import helper

        graph = helper.make_graph(self.nodes, path.stem, self.inputs, self.outputs, self.constants)
        # The intermediate representation of opset 17, so that older versions of ONNX Runtime read it.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)

    def linear(self, states: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """``states @ weight.T + bias`` in int8; ``weight`` is (outputs, inputs) as torch keeps it."""
        quantised, scales = quantised_rows(weight, WEIGHT_MAX)
        small, scale, zero = self.add("DynamicQuantizeLinear", states, outputs=3)
        product = self.add("MatMulInteger", small, self.constant(quantised.T, np.int8), zero)
        scale = self.add("Mul", scale, self.constant(scales))
        scaled = self.add("Mul", self.add("Cast", product, to=1), scale)
        return str(self.add("Add", scaled, self.constant(bias)))

    def rows(self, table: NDArray[np.float32], ids: str) -> str:
        """Look rows up in a table that is kept in int8, each row with its own scale."""
        quantised, scales = quantised_rows(table)
        found = self.add("Cast", self.add("Gather", self.constant(quantised, np.int8), ids), to=1)
        return str(self.add("Mul", found, self.add("Gather", self.constant(scales[:, None]), ids)))

    def norm(self, states: str, tensors: dict[str, NDArray[np.float32]], name: str, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        weight, bias = self.constant(tensors[f"{name}.weight"]), self.constant(tensors[f"{name}.bias"])
        return str(self.add("LayerNormalization", states, weight, bias, axis=-1, epsilon=epsilon))

    def layer(self, states: str, tensors: dict[str, NDArray[np.float32]], name: str, heads: int, epsilon: float) -> str:
        """One transformer layer, as ``codesearch.train.bimodal.Layer`` computes it."""
        width = len(tensors[f"{name}.attended.bias"])
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        together = self.linear(
            states,
            np.concatenate([tensors[f"{part}.weight"] for part in parts]),
            np.concatenate([tensors[f"{part}.bias"] for part in parts]),
        )
        split = self.add("Reshape", together, self.constant([0, 0, 3 * heads, width // heads], np.int64))
        split = self.add("Transpose", split, perm=[0, 2, 1, 3])
        query, key, value = self.add("Split", split, self.constant([heads] * 3, np.int64), outputs=3, axis=1)
        key = self.add("Transpose", key, perm=[0, 1, 3, 2])
        query = self.add("Mul", query, self.constant((width // heads) ** -0.5))
        weights = self.add("Softmax", self.add("MatMul", query, key), axis=-1)
        attended = self.add("Transpose", self.add("MatMul", weights, value), perm=[0, 2, 1, 3])
        attended = self.add("Reshape", attended, self.constant([0, 0, width], np.int64))
        attended = self.linear(attended, tensors[f"{name}.attended.weight"], tensors[f"{name}.attended.bias"])
        states = self.norm(self.add("Add", states, attended), tensors, f"{name}.attended_norm", epsilon)
        inner = self.gelu(self.linear(states, tensors[f"{name}.inner.weight"], tensors[f"{name}.inner.bias"]))
        outer = self.linear(inner, tensors[f"{name}.outer.weight"], tensors[f"{name}.outer.bias"])
        return self.norm(self.add("Add", states, outer), tensors, f"{name}.outer_norm", epsilon)

    def gelu(self, states: str) -> str:
        """``x * (1 + erf(x / sqrt(2))) / 2``, in the form that ONNX Runtime fuses."""
        error = self.add("Erf", self.add("Div", states, self.constant(np.sqrt(2.0))))
        raised = self.add("Mul", states, self.add("Add", error, self.constant(1.0)))
        return str(self.add("Mul", raised, self.constant(0.5)))

    def mean(self, states: str) -> str:
        """The mean over the tokens of states (rows, length, width)."""
        return str(self.add("ReduceMean", states, axes=[1], keepdims=0))

    def normalised(self, vectors: str) -> str:
        """Vectors scaled to unit length along the last axis."""
        return str(self.add("LpNormalization", vectors, axis=-1, p=2))

    def _name(self, stem: str) -> str:
        self.made += 1
        return f"{stem}_{self.made}"
