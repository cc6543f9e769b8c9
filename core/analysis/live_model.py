"""Interactive prediction with a trained model: model.tflite in LiteRT, and activation maps in closed form.

The weights of the head are read from the same file, so the maps need no second model.
"""

import mmap
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.architecture.activation_map import MapHead, MapWeights, plan_maps
from core.errors import SpecError
from core.store.run import Run

_FULLY_CONNECTED = 9  # BuiltinOperator of LiteRT's schema
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class LivePrediction:
    """Predictions of a LiveModel.

    Attributes:
        probs: float32 of shape (images, classes).
        maps: float32 of shape (images, classes, height, width), in units of the logit; None without a closed form.
    """

    probs: NDArray[np.float32]
    maps: NDArray[np.float32] | None


class LiveModel:
    """The model of a run. Thread-safe: images are computed one at a time, because a LiteRT interpreter is not.

    Attributes:
        exact: whether the maps are exact (CAM), not an approximation (Grad-CAM).
        unavailable_reason: the reason why the model has no maps; None if it has.

    Raises:
        RunDamagedError: if model.tflite is missing or fails its checksum.
    """

    def __init__(self, run: Run) -> None:
        from ai_edge_litert.interpreter import Interpreter  # imported here: takes 0.3 s

        path = run.artifact("model.tflite")
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=1)
            self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]
            self._outputs = sorted(self._interpreter.get_output_details(), key=lambda output: len(output["shape"]))
        except (ValueError, RuntimeError) as error:
            raise run.damaged(f"LiteRT cannot load model.tflite of run {run.run_id}: {error}.") from None
        self.input_shape: tuple[int, ...] = tuple(int(side) for side in self._input["shape"][1:])
        self.exact, self.unavailable_reason = False, None
        self._head: MapHead | None = None
        try:
            plan = plan_maps(run.model)
            dense = len(plan.rectified)
            head = MapHead(plan, read_weights(path)[-dense:] if dense else ())  # a backbone may have Dense layers too
            self._check(head, run)
            self._head, self.exact = head, plan.exact
        except SpecError as error:
            self.unavailable_reason = str(error)

    @property
    def bias(self) -> NDArray[np.float32] | None:
        """The part of the logits that exact maps do not contain, of shape (classes,)."""
        return None if self._head is None else self._head.bias

    def predict(self, images: NDArray[np.uint8]) -> LivePrediction:
        """Return the predictions for images.

        Args:
            images: uint8 of shape (images, side, side, channels).
        """
        outputs = [self._invoke(image) for image in images]
        probs = np.concatenate([probs for probs, _ in outputs])
        features = np.concatenate([features for _, features in outputs])
        return LivePrediction(probs, None if self._head is None else self._head.compute_maps(features))

    def _invoke(self, image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with self._lock:
            self._interpreter.set_tensor(self._input["index"], image[np.newaxis].astype(np.float32) / 255)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(output["index"]) for output in self._outputs]

    def _check(self, head: MapHead, run: Run) -> None:
        """Compare the output of the head that was read from the file with the output of the model."""
        noise = np.random.default_rng(0).integers(0, 256, self.input_shape, np.uint8)
        probs, features = self._invoke(noise)
        logits = head.compute_logits(features) / (2 if run.spec.loss == "binary" else 1)  # −z and z differ by 2z
        powers = np.exp(logits - logits.max())
        if np.isfinite(probs).all() and not np.allclose(powers / powers.sum(), probs, atol=_TOLERANCE):
            raise SpecError(
                f"Activation maps are not available: the head read from model.tflite of run {run.run_id} does not "
                "reproduce the predictions of the model."
            )


def read_weights(path: Path) -> tuple[MapWeights, ...]:
    """Return the weights of the Dense layers in order, as memory maps: those of VGG's head take 400 MB.

    Raises:
        SpecError: if the weights are not float32.
    """
    from ai_edge_litert import schema_py_generated as schema

    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    model = schema.Model.GetRootAs(content)
    graph = model.Subgraphs(0)

    def read(tensor: int) -> NDArray[np.float32]:
        entry = graph.Tensors(tensor)
        values = model.Buffers(entry.Buffer()).DataAsNumpy()
        if entry.Type() != schema.TensorType.FLOAT32 or isinstance(values, int):
            raise SpecError(f"Activation maps are not available: the weights in {path.name} are not float32.")
        return np.asarray(values.view(np.float32).reshape(entry.ShapeAsNumpy()))

    weights = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        if max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == _FULLY_CONNECTED:
            inputs = operator.InputsAsNumpy().tolist()
            kernel = read(inputs[1]).T
            bias = read(inputs[2]) if len(inputs) > 2 and inputs[2] >= 0 else np.zeros(kernel.shape[1], np.float32)
            weights.append(MapWeights(kernel, bias))
    return tuple(weights)
