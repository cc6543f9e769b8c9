"""Export of the trained model to a LiteRT file with probabilities and feature maps, and its inference latency."""

import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.files import replacing
from core.stderr import mute_stderr

_WARM_UP = 20
_REPEATS = 200
_MAX_SECONDS = 4.0
_MIN_REPEATS = 3


@dataclass(frozen=True)
class Latency:
    """Inference seconds per batch on one thread, for batches of 1 and 32 images."""

    median_seconds: float
    p95_seconds: float
    median_32_seconds: float
    p95_32_seconds: float


def export_litert(model: keras.Sequential, maps_layer: str, path: Path) -> None:
    """Write a LiteRT file (.tflite) with two outputs in the signature `serving_default`.

    Input shape: (batch, side, side, channels), float32 between 0 and 1; the batch axis may be resized.
    Output shape: `output_0` (batch, classes), probabilities; `output_1` (batch, side, side, channels), the output of
    `maps_layer`.
    """
    probs = model.outputs[0]
    if probs.shape[-1] == 1:
        probs = keras.layers.Concatenate()([1.0 - probs, probs])
    both = keras.Model(model.inputs, [probs, model.get_layer(maps_layer).output])
    with replacing(path) as temporary, mute_stderr():
        both.export(str(temporary), format="litert", verbose=False)


def measure_latency(path: Path, input_shape: tuple[int, ...]) -> Latency:
    """Measure the latency of an exported model on random noise, for batches of 1 and 32 images.

    Each is repeated 200 times after 20 warm-up runs, with fewer repeats if that takes longer than a few seconds.

    Args:
        input_shape: (side, side, channels).
    """
    noise = np.random.default_rng(0).random((32, *input_shape), np.float32)
    one, many = (_time(path, noise[:batch]) for batch in (1, 32))
    return Latency(*(float(value) for times in (one, many) for value in (np.median(times), np.percentile(times, 95))))


def _time(path: Path, images: NDArray[np.float32]) -> list[float]:
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, images)
    seconds = []
    for _ in range(_WARM_UP + _REPEATS):
        begin = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - begin)
        if sum(seconds) > _MAX_SECONDS and len(seconds) > _MIN_REPEATS:
            break
    return seconds[min(_WARM_UP, len(seconds) // 2) :]
