"""Builds ONNX graphs node by node, out of arrays and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 20  # the first with GELU
IR = 10  # the format of that time, which older runtimes read as well


class Graph:
    """A graph under construction: each operation returns the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._arrays: dict[str, NDArray[Any]] = {}
        self._count = 0

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation with one result."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, results: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add an operation with several results."""
        from onnx import helper

        names = [self._new() for _ in range(results)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names

    def array(self, values: Any) -> str:
        """Add a constant: float32, or int64 for integers."""
        array = np.asarray(values)
        whole = np.issubdtype(array.dtype, np.integer)
        name = self._new()
        self._arrays[name] = np.array(array, np.int64 if whole else np.float32, order="C")
        return name

    def linear(self, x: str, weight: NDArray[Any], bias: NDArray[Any] | None = None) -> str:
        """Return x @ weight.T + bias, as torch's linear layers have it."""
        y = self.op("MatMul", x, self.array(weight.T))
        return y if bias is None else self.op("Add", y, self.array(bias))

    def reshape(self, x: str, *shape: int) -> str:
        """Return x in another shape; 0 keeps a dimension, -1 is what is left."""
        return self.op("Reshape", x, self.array(shape))

    def model(
        self, inputs: Mapping[str, tuple[Any, Sequence[str | int]]], outputs: Mapping[str, str]
    ) -> bytes:
        """Return the graph as ONNX holds it: `inputs` with types and shapes, names of `outputs`."""
        from onnx import TensorProto, helper, numpy_helper

        kinds = {np.float32: TensorProto.FLOAT, np.int64: TensorProto.INT64}
        given = [
            helper.make_tensor_value_info(name, kinds[kind], shape)
            for name, (kind, shape) in inputs.items()
        ]
        told = [helper.make_node("Identity", [inner], [name]) for name, inner in outputs.items()]
        results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
        constants = [numpy_helper.from_array(array, name) for name, array in self._arrays.items()]
        graph = helper.make_graph([*self._nodes, *told], "model", given, results, constants)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR)
        return bytes(model.SerializeToString())

    def _new(self) -> str:
        self._count += 1
        return f"_{self._count}"
