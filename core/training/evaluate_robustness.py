"""Robustness evaluation: predictions for corrupted test images, stored in robustness.npz."""

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.augment.corruption import BATCH, CORRUPTIONS, list_rows
from core.files import replacing
from core.store.metrics import compute_predicted
from core.store.robustness_file import Robustness


def evaluate_robustness(model: Path, images: NDArray[np.uint8], indices: NDArray[np.int32]) -> Robustness:
    """Return the predictions of an exported model for every corruption.

    Args:
        model: LiteRT file written by `export_litert`; several times faster than TensorFlow on small images.
        images: all test images, uint8, shape (images, height, width, channels).
        indices: indices of the test images to evaluate.
    """
    interpreter = Interpreter(model_path=str(model), num_threads=1)
    chosen = images[indices]
    predictions = []
    for name, value in list_rows():
        changed = chosen
        if name:
            corruption = CORRUPTIONS[name]
            changed = np.stack(
                [corruption.apply(image, value, int(index)) for image, index in zip(chosen, indices, strict=True)]
            )
        predictions.append(
            np.concatenate([_predict(interpreter, changed[at : at + BATCH]) for at in range(0, len(changed), BATCH)])
        )
    names, values = zip(*list_rows(), strict=True)
    return Robustness(np.array(names), np.array(values, np.float32), indices, np.stack(predictions))


def _predict(interpreter: Interpreter, images: NDArray[np.generic]) -> NDArray[np.int16]:
    entry = interpreter.get_input_details()[0]
    if tuple(entry["shape"]) != images.shape:
        interpreter.resize_tensor_input(entry["index"], images.shape)
        interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], images.astype(np.float32) / np.float32(255))
    interpreter.invoke()
    probs = interpreter.get_tensor(_find_probs(interpreter))
    return compute_predicted(probs).astype(np.int16)


def _find_probs(interpreter: Interpreter) -> int:
    """Return the index of the probabilities, the output with two axes; the order of the outputs is not fixed."""
    return next(int(entry["index"]) for entry in interpreter.get_output_details() if len(entry["shape"]) == 2)


def write_robustness(path: Path, found: Robustness) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        found.write(file)
