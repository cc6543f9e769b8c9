"""Operations and weights of a LiteRT file as plain data, for the forward pass of HTML reports.

LiteRT files contain the layers of a model as few kinds of operations: normalizations and activations are part of the
convolution before them, and dropout is absent.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import SpecError

Shape = tuple[int, ...]
_IMAGE_RANK, _SCORE_RANK = 4, 2  # of tensors, with the batch axis
_ACTIVATIONS = {0: "", 1: "relu", 3: "relu6", 4: "tanh"}  # ActivationFunctionType of LiteRT's schema
_ELEMENTWISE = {
    "RELU": "relu", "RELU6": "relu6", "TANH": "tanh", "LOGISTIC": "sigmoid", "HARD_SWISH": "hard_swish", "EXP": "exp",
    "RSQRT": "rsqrt", "SQRT": "sqrt", "NEG": "neg",
}  # fmt: skip
_BINARY = {"ADD": "add", "SUB": "sub", "MUL": "mul", "DIV": "div", "MAXIMUM": "max", "MINIMUM": "min"}


@dataclass(frozen=True)
class GraphOperation:
    """Operation of a model: `kind` is its name in `predict.js`, `inputs` and `output` are numbers of tensors."""

    kind: str
    inputs: tuple[int, ...]
    output: int
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class LiteRTGraph:
    """A model for one image.

    Attributes:
        shapes: shape of each tensor, without the batch axis of activations.
        weights: float32 arrays by number of the tensor.
        input, probabilities: numbers of tensors.
        features: number of the tensor with the last feature maps, of shape (height, width, channels); None without.
    """

    operations: tuple[GraphOperation, ...]
    shapes: Mapping[int, Shape]
    weights: Mapping[int, NDArray[np.float32]]
    input: int
    probabilities: int
    features: int | None

    @property
    def dense_weights(self) -> list[int]:
        """Return the tensors of the kernels of Dense layers, in order."""
        return [operation.inputs[1] for operation in self.operations if operation.kind == "dense"]


def read_graph(content: Any) -> LiteRTGraph:
    """Return the graph of a LiteRT file.

    Args:
        content: a buffer; the weights are views of it.

    Raises:
        SpecError: when the file has an operation that a browser does not compute here, or is damaged.
    """
    try:
        return _Reader(content).read()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error, OverflowError) as error:
        raise SpecError("its model file cannot be read") from error


class _Reader:
    def __init__(self, content: Any) -> None:
        from ai_edge_litert import schema_py_generated as schema  # imported here: takes 0.1 s

        self._schema = schema
        self._model = schema.Model.GetRootAs(content)
        self._graph = self._model.Subgraphs(0)

    def read(self) -> LiteRTGraph:
        graph, weights, operations = self._graph, {}, []
        for index in range(graph.OperatorsLength()):
            operator = graph.Operators(index)
            output = operator.Outputs(0)
            if graph.Tensors(output).Type() != self._schema.TensorType.FLOAT32:
                continue  # shapes, which are known
            operations.append(self._read_operation(operator, output))
        used = {number for operation in operations for number in operation.inputs}
        for number in used:
            values = self._constant(number)
            if values is not None:
                if values.dtype != np.float32:
                    raise SpecError("its weights are not float32")
                weights[number] = values
        tensors = used | {operation.output for operation in operations}
        shapes = {number: self._shape(number) if number in weights else self._shape(number)[1:] for number in tensors}
        outputs = {len(self._shape(number)): number for number in graph.OutputsAsNumpy().tolist()}
        features = outputs.get(_IMAGE_RANK)
        return LiteRTGraph(
            tuple(operations), shapes, weights, graph.Inputs(0), outputs[_SCORE_RANK], features,
        )  # fmt: skip

    def _read_operation(self, operator: Any, output: int) -> GraphOperation:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        name = _name_operations()[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = operator.InputsAsNumpy().tolist()
        if name in _ELEMENTWISE:
            return GraphOperation(_ELEMENTWISE[name], (inputs[0],), output, {})
        if name in _BINARY:
            self._check_broadcast(inputs)
            table = getattr(self._schema, f"{name.title()}Options", None)  # Maximum and Minimum have no activation
            settings = self._activation(self._options(operator, table)) if table and name not in _NO_ACTIVATION else {}
            return GraphOperation(_BINARY[name], tuple(inputs), output, settings)
        readers: dict[str, Callable[[Any, list[int]], tuple[str, tuple[int, ...], dict[str, Any]]]] = {
            "CONV_2D": self._read_convolution, "DEPTHWISE_CONV_2D": self._read_depthwise,
            "FULLY_CONNECTED": self._read_dense, "MAX_POOL_2D": self._read_pooling,
            "AVERAGE_POOL_2D": self._read_pooling, "MEAN": self._read_reduction, "REDUCE_MAX": self._read_reduction,
            "RESHAPE": self._read_reshape, "SQUEEZE": self._read_reshape, "EXPAND_DIMS": self._read_reshape,
            "SOFTMAX": self._read_softmax, "PAD": self._read_padding, "CONCATENATION": self._read_concatenation,
            "LEAKY_RELU": self._read_leaky_relu,
        }  # fmt: skip
        if name not in readers:
            raise SpecError(f"the operation {name} of its model file is not available in a browser")
        kind, used, settings = readers[name](operator, inputs)
        average = name in ("AVERAGE_POOL_2D", "MEAN")
        return GraphOperation(kind, used, output, settings | ({"average": average} if "pool" in kind else {}))

    def _read_convolution(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        return "conv", self._with_bias(inputs), self._window(self._options(operator, self._schema.Conv2DOptions))

    def _read_depthwise(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        options = self._options(operator, self._schema.DepthwiseConv2DOptions)
        return "depthwise", self._with_bias(inputs), self._window(options)

    def _read_dense(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        options = self._options(operator, self._schema.FullyConnectedOptions)
        return "dense", self._with_bias(inputs), self._activation(options)

    def _read_pooling(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        options = self._options(operator, self._schema.Pool2DOptions)
        size = {"size": [options.FilterHeight(), options.FilterWidth()]}
        return "pool", (inputs[0],), self._window(options, dilated=False) | size

    def _read_reduction(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        axes = self._integers(inputs[1])
        if len(self._shape(inputs[0])) != _IMAGE_RANK or sorted(axes) != [1, 2]:
            raise SpecError("it has a mean or maximum over other axes than height and width")
        return "global_pool", (inputs[0],), {}

    def _read_reshape(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        return "reshape", (inputs[0],), {}

    def _read_softmax(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        return "softmax", (inputs[0],), {}

    def _read_leaky_relu(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        slope = self._options(operator, self._schema.LeakyReluOptions).Alpha()
        return "leaky_relu", (inputs[0],), {"slope": slope}

    def _read_padding(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        pads = np.reshape(self._integers(inputs[1]), (-1, 2)).tolist()
        if len(pads) != _IMAGE_RANK or any(pads[0]) or any(pads[3]):
            raise SpecError("it pads other axes than height and width")
        return "pad", (inputs[0],), {"pads": pads[1:3]}

    def _read_concatenation(self, operator: Any, inputs: list[int]) -> tuple[str, tuple[int, ...], dict[str, Any]]:
        options = self._options(operator, self._schema.ConcatenationOptions)
        rank = len(self._shape(inputs[0]))
        return "concat", tuple(inputs), {"axis": options.Axis() % rank - 1} | self._activation(options)

    def _options(self, operator: Any, kind: Any) -> Any:
        options, table = kind(), operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def _window(self, options: Any, *, dilated: bool = True) -> dict[str, Any]:
        window = {"stride": [options.StrideH(), options.StrideW()], "same": options.Padding() == 0}
        if dilated:
            window |= {"dilation": [options.DilationHFactor(), options.DilationWFactor()]}
        return window | self._activation(options)

    def _activation(self, options: Any) -> dict[str, str]:
        code = options.FusedActivationFunction()
        if code not in _ACTIVATIONS:
            raise SpecError("it has an activation that is not available in a browser")
        return {"activation": _ACTIVATIONS[code]} if code else {}

    def _with_bias(self, inputs: list[int]) -> tuple[int, ...]:
        return tuple(number for number in inputs[:3] if number >= 0)

    def _check_broadcast(self, inputs: list[int]) -> None:
        """Check that the smaller operand is repeated along leading axes only."""
        small, large = sorted((self._shape(number) for number in inputs), key=prod)
        trimmed = small[next((axis for axis, side in enumerate(small) if side != 1), len(small)) :]
        if trimmed and large[-len(trimmed) :] != trimmed:
            raise SpecError("it combines tensors of shapes that are not supported in a browser")

    def _shape(self, number: int) -> Shape:
        tensor = self._graph.Tensors(number)
        return tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()

    def _constant(self, number: int) -> NDArray[Any] | None:
        tensor = self._graph.Tensors(number)
        values = self._model.Buffers(tensor.Buffer()).DataAsNumpy()
        if isinstance(values, int):
            return None
        types = {self._schema.TensorType.FLOAT32: np.float32, self._schema.TensorType.INT32: np.int32}
        return np.asarray(values.view(types.get(tensor.Type(), np.uint8))).reshape(self._shape(number))

    def _integers(self, number: int) -> list[int]:
        values = self._constant(number)
        if values is None:
            raise ValueError("it computes axes or paddings")
        return [int(value) for value in values.ravel()]


_NO_ACTIVATION = ("MAXIMUM", "MINIMUM")


@lru_cache(maxsize=1)
def _name_operations() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
