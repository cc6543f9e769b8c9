"""A trained model that answers at once: model.tflite through LiteRT, its activation maps in closed form.

The head's weights are read from the same file, so nothing is stored twice and the model gets no slower.
"""

import mmap
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.architecture.activation_map import MapHead, MapWeights, plan_maps
from core.errors import RunDamagedError, SpecError
from core.store.run import Run

_FULLY_CONNECTED = 9  # BuiltinOperator of LiteRT's schema
_CLOSE = 1e-3


@dataclass(frozen=True)
class LivePrediction:
    """`probs` float32 of shape (images, classes); `maps` of shape (images, classes, height, width) in units of the
    logit, None where they have no closed form."""

    probs: NDArray[np.float32]
    maps: NDArray[np.float32] | None


class LiveModel:
    """The model of a run. One image at a time is computed, whoever asks: an interpreter is not safe for two.

    `unavailable_reason` says why there are no maps, else it is None.

    Raises:
        RunDamagedError: when the run holds no model.tflite, or not the one that the worker wrote.
    """

    def __init__(self, run: Run) -> None:
        from ai_edge_litert.interpreter import Interpreter  # takes a third of a second

        path = run.artifact("model.tflite")
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._entry = self._interpreter.get_input_details()[0]
            self._ends = sorted(self._interpreter.get_output_details(), key=lambda end: len(end["shape"]))
        except (ValueError, RuntimeError) as error:
            raise RunDamagedError(f"Expected a model that LiteRT opens in run {run.run_id}; got: {error}.") from None
        self.input_shape: tuple[int, ...] = tuple(int(side) for side in self._entry["shape"][1:])
        self.exact, self.unavailable_reason = False, None
        self._head: MapHead | None = None
        try:
            plan = plan_maps(run.model)
            head = MapHead(plan, read_weights(path) if plan.rectified else ())
            self._check(head, run)
            self._head, self.exact = head, plan.exact
        except SpecError as error:
            self.unavailable_reason = str(error)

    @property
    def bias(self) -> NDArray[np.float32] | None:
        """What exact maps leave out of the logits, of shape (classes,)."""
        return None if self._head is None else self._head.bias

    def predict(self, images: NDArray[np.uint8]) -> LivePrediction:
        """
        Args:
            images: as the model sees them, uint8 of shape (images, side, side, channels).
        """
        outputs = [self._invoke(image) for image in images]
        probs = np.concatenate([probs for probs, _ in outputs])
        features = np.concatenate([features for _, features in outputs])
        return LivePrediction(probs, None if self._head is None else self._head.compute_maps(features))

    def _invoke(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with self._lock:
            self._interpreter.set_tensor(self._entry["index"], image[np.newaxis].astype(np.float32) / 255)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(end["index"]) for end in self._ends]

    def _check(self, head: MapHead, run: Run) -> None:
        """The head as it was read must say what the model says."""
        noise = np.random.default_rng(0).integers(0, 256, self.input_shape, np.uint8)
        probs, features = self._invoke(noise)
        logits = head.compute_logits(features) / (2 if run.spec.loss == "binary" else 1)  # −z and z are 2z apart
        powers = np.exp(logits - logits.max())
        found = powers / powers.sum()
        if np.isfinite(probs).all() and not np.allclose(found, probs, atol=_CLOSE):
            raise SpecError(
                f"Expected a head in model.tflite of run {run.run_id} that answers as the model does; got another."
            )


def read_weights(path: Path) -> tuple[MapWeights, ...]:
    """Of the Dense layers in their order. Kernels stay on disk until they are used; VGG's are 400 MB.

    Raises:
        SpecError: when the file holds none.
    """
    from ai_edge_litert import schema_py_generated as schema

    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)

    def read(tensor: int) -> NDArray[np.float32]:
        found = graph.Tensors(tensor)
        values = model.Buffers(found.Buffer()).DataAsNumpy()
        if found.Type() != schema.TensorType.FLOAT32 or isinstance(values, int):
            raise SpecError(f"Expected weights of 32 bits in {path.name}; got none.")
        return np.asarray(values.view(np.float32).reshape(found.ShapeAsNumpy()))

    weights = []
    for place in range(graph.OperatorsLength()):
        operator = graph.Operators(place)
        code = model.OperatorCodes(operator.OpcodeIndex())
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == _FULLY_CONNECTED:
            inputs = operator.InputsAsNumpy().tolist()
            kernel = read(inputs[1]).T
            bias = read(inputs[2]) if len(inputs) > 2 and inputs[2] >= 0 else np.zeros(kernel.shape[1], np.float32)
            weights.append(MapWeights(kernel, bias))
    return tuple(weights)
