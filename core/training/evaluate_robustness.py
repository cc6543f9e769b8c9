"""What a trained model says of test images that were shifted, turned, blurred or covered, for robustness.npz."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.augment.corruption import BATCH, CORRUPTIONS, list_rows
from core.files import replacing
from core.store.robustness_file import Robustness


def evaluate_robustness(
    model: Path, images: NDArray[np.uint8], places: NDArray[np.int32], look: Callable[[], None] = lambda: None
) -> Robustness:
    """Guesses of an exported model under every stress.

    Args:
        model: a LiteRT file as `export_litert` writes it; on small images it is several times as fast as TensorFlow.
        images: all test images, uint8 of shape (images, height, width, channels).
        places: of the test images that are looked at.
        look: called before each row.
    """
    interpreter = Interpreter(model_path=str(model), num_threads=1)
    chosen = images[places]
    predictions = []
    for name, value in list_rows():
        look()
        changed = chosen
        if name:
            corruption = CORRUPTIONS[name]
            changed = np.stack(
                [corruption.apply(image, value, int(place)) for image, place in zip(chosen, places, strict=True)]
            )
        predictions.append(
            np.concatenate([_predicted(interpreter, changed[at : at + BATCH]) for at in range(0, len(changed), BATCH)])
        )
    names, values = zip(*list_rows(), strict=True)
    return Robustness(np.array(names), np.array(values, np.float32), places, np.stack(predictions))


def _predicted(interpreter: Interpreter, images: NDArray[np.generic]) -> NDArray[np.int16]:
    entry = interpreter.get_input_details()[0]
    if tuple(entry["shape"]) != images.shape:
        interpreter.resize_tensor_input(entry["index"], images.shape)
        interpreter.allocate_tensors()
    interpreter.set_tensor(entry["index"], images.astype(np.float32) / np.float32(255))
    interpreter.invoke()
    probs = interpreter.get_tensor(_find_probs(interpreter))
    return np.where(np.isfinite(probs).all(axis=1), probs.argmax(axis=1), -1).astype(np.int16)


def _find_probs(interpreter: Interpreter) -> int:
    """Outputs stand in any order: the probabilities have two axes, the feature maps more."""
    return next(int(entry["index"]) for entry in interpreter.get_output_details() if len(entry["shape"]) == 2)


def write_robustness(path: Path, found: Robustness) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        found.write(file)
