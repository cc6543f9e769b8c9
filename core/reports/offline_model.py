"""Models for an HTML report, which computes their predictions without a network: operations, float16 weights, input."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analysis.activation import prepare_images
from core.analysis.litert_graph import GraphOperation, LiteRTGraph, read_graph
from core.analysis.live_model import LiveModel
from core.architecture.activation_map import MapPlan, plan_maps
from core.displays.number import format_bytes
from core.displays.palette import compute_styles
from core.displays.views.feature_maps import write_missing_model
from core.errors import DatasetError, HeadroomError, SpecError
from core.exporters.model_input import ModelInput
from core.home import Home, hide_paths
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.thumbnail import load_test_images

MAX_BYTES = 3_500_000
"""Size of all models of a file, as text."""
MAX_FLOPS = 200_000_000
"""FLOPs per image of a model; a browser computes about 1 GFLOP per second."""
_TOLERANCE = 5e-4  # of a probability; models that float16 changes by more get a second float16 per weight
_IMAGES = 200
_BYTES_PER_PARAMETER = 2 * 4 / 3  # float16 in base64

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class OfflineModels:
    """Models of a file as JSON values, and a sentence for each head whose model is not in the file."""

    models: list[dict[str, Any]]
    left_out: list[str]
    classes: tuple[str, ...]


def select_model_runs(comparison: Comparison) -> dict[str, Run]:
    """Return one run per variant: the first with a model file, or the first."""
    return {
        variant.label: next((run for run in variant.runs if run.has("model.tflite")), variant.first)
        for variant in comparison.variants
    }


def estimate_models_size(comparison: Comparison) -> int:
    """Return about how much larger the models make a file."""
    runs = [run for run in select_model_runs(comparison).values() if run.has("model.tflite")]
    sizes = [int((run.record.cost.params or 0) * _BYTES_PER_PARAMETER) for run in runs if _find_limit(run) is None]
    return min(sum(sizes), MAX_BYTES)


def build_models(comparison: Comparison, home: Home) -> OfflineModels:
    """Return the models of a comparison, one per variant, as long as they fit into a file."""
    styles, models, left_out, total = compute_styles(comparison), [], [], 0
    for label, run in select_model_runs(comparison).items():
        if not run.has("model.tflite"):
            left_out.append(f"{label} is not in this file: {write_missing_model(comparison, run)}")
            continue
        try:
            model, size = _build_model(run, home)
        except HeadroomError as error:
            left_out.append(_describe_left_out(label, run, hide_paths(str(error)).rstrip(".")))
            continue
        if total + size > MAX_BYTES:
            left_out.append(_describe_left_out(label, run, _describe_size(size, total)))
            continue
        total += size
        models.append({"head": label, "color": styles[label].color, "mark": styles[label].mark, **model})
    return OfflineModels(models, left_out, comparison.first.record.data.classes)


def _describe_left_out(label: str, run: Run, reason: str) -> str:
    return f"{label} is not in this file: {reason}. Get the model with: headroom export model {run.run_id} -o FOLDER"


def _find_limit(run: Run) -> str | None:
    """Return why a model is too large for a file, from its record."""
    cost = run.record.cost
    size = (cost.params or 0) * _BYTES_PER_PARAMETER
    if size > MAX_BYTES:
        return _describe_size(int(size), 0)
    if (cost.flops or 0) > MAX_FLOPS:
        flops, most = (cost.flops or 0) / 1e6, MAX_FLOPS / 1e6
        return f"it needs {flops:,.0f} MFLOPs per image; in a browser, a model may need {most:,.0f}"
    return None


def _describe_size(size: int, total: int) -> str:
    before = f", and the models before it {format_bytes(total)}" if total else ""
    return f"its weights need {format_bytes(size)}{before}; all models may need {format_bytes(MAX_BYTES)}"


def _build_model(run: Run, home: Home) -> tuple[dict[str, Any], int]:
    """Return a model as JSON values, and the size of its weights as text.

    Raises:
        HeadroomError: when it is too large, damaged, or has an operation that browsers do not compute.
    """
    if limit := _find_limit(run):
        raise SpecError(limit)
    content = bytearray(run.artifact("model.tflite").read_bytes())
    graph = read_graph(content)
    live = LiveModel(run)
    images = _load_images(run, live, home)
    exact = live.predict(images).probs
    rest = _round_weights(graph)
    difference = float(np.abs(_predict(content, images) - exact).max())
    precise = not difference <= _TOLERANCE  # also if it is NaN
    weights = {
        str(number): {"high": _encode(values)} | ({"low": _encode(rest[number])} if precise else {})
        for number, values in graph.weights.items()
    }
    model: dict[str, Any] = {
        "seed": run.spec.seed,
        "picture": _describe_input(run),
        "operations": [_describe_operation(operation) for operation in graph.operations],
        "shapes": {str(number): shape for number, shape in graph.shapes.items()},
        "weights": weights,
        "input": graph.input,
        "probabilities": graph.probabilities,
        "features": graph.features,
        "head_layers": None if live.unavailable_reason else _describe_head(graph, plan_maps(run.model)),
        "no_maps": hide_paths(live.unavailable_reason or ""),
    }
    return model, sum(len(text) for each in weights.values() for text in each.values())


def _load_images(run: Run, live: LiveModel, home: Home) -> Pixels:
    """Return test images as input of the model; noise if they are not available."""
    try:
        return prepare_images(run, [*load_test_images(home, run, exact=True)[:_IMAGES]])
    except DatasetError:
        return np.random.default_rng(0).integers(0, 256, (_IMAGES // 10, *live.input_shape), np.uint8)


def _round_weights(graph: LiteRTGraph) -> Mapping[int, NDArray[np.float32]]:
    """Round the weights of a graph to float16 in place, and return what was cut off.

    Raises:
        SpecError: when a weight is too large for float16.
    """
    rest = {}
    for number, values in graph.weights.items():
        with np.errstate(over="ignore"):
            rounded = values.astype(np.float16).astype(np.float32)
        if not np.isfinite(rounded).all():
            raise SpecError("it has weights above 65,504, which a float16 value cannot contain")
        rest[number] = values - rounded
        values[...] = rounded
    return rest


def _predict(content: bytearray, images: Pixels) -> NDArray[np.float32]:
    """Return probabilities of shape (images, classes) of a LiteRT file."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=bytes(content), num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    output = next(each["index"] for each in interpreter.get_output_details() if len(each["shape"]) == 2)
    found = []
    for image in images:
        interpreter.set_tensor(entry, image[np.newaxis].astype(np.float32) / 255)
        interpreter.invoke()
        found.append(interpreter.get_tensor(output)[0].copy())
    return np.stack(found)


def _encode(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f2").tobytes()).decode("ascii")


def _describe_operation(operation: GraphOperation) -> dict[str, Any]:
    found = {"kind": operation.kind, "inputs": operation.inputs, "output": operation.output}
    return found | dict(operation.settings)


def _describe_head(graph: LiteRTGraph, plan: MapPlan) -> dict[str, Any]:
    """Return what the activation maps need: the Dense layers after the pooling, and where their outputs are."""
    dense = [operation for operation in graph.operations if operation.kind == "dense"]
    layers = dense[len(dense) - len(plan.rectified) :]
    return {
        "exact": plan.exact,
        "pooling": plan.pooling,
        "shape": plan.maps,
        "dense": [
            {"kernel": layer.inputs[1], "output": layer.output, "rectified": rectified}
            for layer, rectified in zip(layers, plan.rectified, strict=True)
        ],
    }


def _describe_input(run: Run) -> dict[str, Any]:
    """Return the preprocessing of a drawing or an image file (see `prepare_picture`)."""
    found, dataset = ModelInput.of(run), DATASETS[run.spec.dataset]
    drawing = dataset.drawing
    return {
        "height": found.height,
        "width": found.width,
        "channels": found.channels,
        "fit": found.fit,
        "deep": found.value_range is not None,
        "side": dataset.input_shape[0] if drawing else None,
        "drawing": {"field": drawing.field, "box": drawing.box, "center": drawing.center} if drawing else None,
    }
