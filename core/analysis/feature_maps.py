"""Feature maps of every layer for one image, read from model.tflite: LiteRT keeps the outputs of all operators.

Nothing is exported for this, so that it works for every run with a model file.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.architecture.graph import LayerRow
from core.architecture.layers import Shape
from core.architecture.model import LayerGraph
from core.architecture.step import list_steps
from core.errors import SpecError
from core.store.run import Run

_OPERATORS = (1, 3, 4, 17)  # BuiltinOperator of LiteRT's schema: average pooling, convolutions, max pooling
_LAYERS = ("Conv", "DepthwiseConv", "MaxPooling", "AveragePooling")
_MAX_SECONDS = 2.0
_OTHER_LAYERS = "Feature maps are not available: the model file has other layers than its record."


@dataclass(frozen=True)
class LayerMaps:
    """Feature maps of a convolution or pooling, or of the last one of a block.

    Attributes:
        title: type of the layer with its window, or number of the block.
        layers: names of its layers.
        maps: float32 of shape (height, width, channels), after the activation.
    """

    title: str
    layers: tuple[str, ...]
    maps: NDArray[np.float32]

    @property
    def shape(self) -> Shape:
        return self.maps.shape

    def rank(self, count: int) -> list[int]:
        """Return the indices of the strongest maps, by mean absolute value."""
        strength = np.abs(self.maps).mean((0, 1))
        return [int(index) for index in np.argsort(-strength, kind="stable")[:count]]


def compute_feature_maps(run: Run, image: NDArray[np.uint8]) -> list[LayerMaps]:
    """Return the feature maps of all layers for one image, in the order of the layers.

    Args:
        image: uint8 of shape (side, side, channels), the input of the model.

    Raises:
        RunDamagedError: when model.tflite is missing or fails its checksum.
        SpecError: when the model is too slow, or its file does not contain the layers of the record.
    """
    if (seconds := run.record.cost.latency_seconds or 0.0) > _MAX_SECONDS:
        raise SpecError(f"Feature maps are not available: run {run.run_id} needs {seconds:.0f} s per image.")
    try:
        return read_feature_maps(run.artifact("model.tflite"), run.model, image)
    except (ValueError, RuntimeError) as error:
        raise run.damaged(f"LiteRT cannot run model.tflite of run {run.run_id}: {error}.") from None


def read_feature_maps(path: Path, model: LayerGraph, image: NDArray[np.uint8]) -> list[LayerMaps]:
    """Return the feature maps that a model file computes (see `compute_feature_maps`).

    Raises:
        SpecError: when the file does not contain the layers of `model`.
        ValueError, RuntimeError: when LiteRT cannot run the file.
    """
    outputs = _invoke(path, image)
    maps_of = _match_order(outputs, model) if model.is_chain else _match_names(outputs, model)
    found = []
    for step in (*list_steps(model, "backbone"), *list_steps(model, "head")):
        last = next((name for name in reversed(step.layers) if name in maps_of), None)
        if last is not None:
            found.append(LayerMaps(step.title, step.layers, maps_of[last]))
    return found


Outputs = list[tuple[str, int, NDArray[np.float32]]]
"""Name, operator and value of the output of each operator, in execution order; names of fused layers end in ";…"."""


def _match_order(outputs: Outputs, model: LayerGraph) -> dict[str, NDArray[np.float32]]:
    """Return the outputs of the convolutions and poolings of a chain by layer name."""
    rows = [row for row in model.rows if _has_maps(row)]
    maps = [value for _, operator, value in outputs if operator in _OPERATORS]
    if [value.shape for value in maps] != [row.output_shape for row in rows]:
        raise SpecError(_OTHER_LAYERS)
    return dict(zip((row.name for row in rows), maps, strict=True))


def _match_names(outputs: Outputs, model: LayerGraph) -> dict[str, NDArray[np.float32]]:
    """Return the outputs of a graph by layer name; Keras exports a layer as MODEL/LAYER_1/…"""
    shapes = {f"{row.name}_1": (row.name, row.output_shape) for row in model.rows if len(row.output_shape) > 2}
    shapes["feature_maps"] = shapes.get(f"{model.maps_layer}_1", ("", ()))  # renamed by the export
    found = {}
    for names, _, value in outputs:
        for part in names.split(";"):
            name, shape = shapes.get(part.split("/")[1] if "/" in part else part, ("", ()))
            if value.shape == shape:
                found[name] = value
    if not found:
        raise SpecError(_OTHER_LAYERS)
    return found


def _has_maps(row: LayerRow) -> bool:
    return row.type.startswith(_LAYERS) and len(row.output_shape) > 1


def _invoke(path: Path, image: NDArray[np.uint8]) -> Outputs:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType  # imported here: takes 0.3 s

    interpreter = Interpreter(
        model_path=str(path),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[np.newaxis].astype(np.float32) / 255)
    interpreter.invoke()
    return [
        (name, operator, interpreter.get_tensor(tensor)[0])
        for name, operator, tensor, rank in _list_outputs(path)
        if rank > 1
    ]


def _list_outputs(path: Path) -> list[tuple[str, int, int, int]]:
    """Return name, operator, index and rank of the first output of each operator, in execution order."""
    from ai_edge_litert import schema_py_generated as schema

    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        tensor = int(operator.OutputsAsNumpy()[0])
        entry = graph.Tensors(tensor)
        found.append((entry.Name().decode(errors="replace"), kind, tensor, entry.ShapeLength()))
    return found
