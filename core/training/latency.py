"""Inference latency of an exported model with LiteRT."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

_WARM_UP = 20
_REPEATS = 200
_MAX_SECONDS = 4.0
_MIN_REPEATS = 3


@dataclass(frozen=True)
class Latency:
    """Inference seconds per batch on one thread."""

    median_seconds: float
    p95_seconds: float


def measure_latency(path: Path, input_shape: tuple[int, ...], images: int) -> Latency:
    """Measure the latency of an exported model on random noise.

    It is repeated 200 times after 20 warm-up runs, with fewer repeats if that takes longer than a few seconds.

    Args:
        input_shape: (side, side, channels).
        images: images per batch.
    """
    noise = np.random.default_rng(0).random((images, *input_shape), np.float32)
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, noise.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(entry, noise)
    seconds: list[float] = []
    for _ in range(_WARM_UP + _REPEATS):
        begin = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - begin)
        if sum(seconds) > _MAX_SECONDS and len(seconds) > _MIN_REPEATS:
            break
    times = seconds[min(_WARM_UP, len(seconds) // 2) :]
    return Latency(float(np.median(times)), float(np.percentile(times, 95)))
