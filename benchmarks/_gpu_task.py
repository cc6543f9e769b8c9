"""Tasks of `benchmarks.gpu`, each in a separate process: the published script, Keras, JAX and their agreement."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import run
from core.datasets.dataset import Arrays
from core.recipes import RECIPES

Found = dict[str, Any]

FACE_HEADS = RECIPES["celeba-heads"].heads
_FACE_SHAPE, _FACE_COUNTS = (64, 64, 3), {"train": 3_200, "validation": 800, "test": 800}


class PartNotMeasuredError(Exception):
    """A part cannot run; the message is the reason."""


def load_arrays(path: Path) -> Arrays:
    """Load arrays in the format of Keras' mnist.npz."""
    with np.load(path) as file:
        return Arrays.of_grey((file["x_train"], file["y_train"]), (file["x_test"], file["y_test"]))


def split_arrays(arrays: Arrays) -> Found:
    """Return arrays for JAX; the last 20% of the training images are for validation."""
    count = int(len(arrays.train_images) * 0.8)
    parts = {
        "train": (arrays.train_images[:count], arrays.train_labels[:count]),
        "validation": (arrays.train_images[count:], arrays.train_labels[count:]),
        "test": (arrays.test_images, arrays.test_labels),
    }
    return {f"x_{name}": images for name, (images, _) in parts.items()} | {
        f"y_{name}": labels.astype(np.int32) for name, (_, labels) in parts.items()
    }


def create_faces(scale: float) -> Found:
    """Return random images and labels, `scale` times as many as a quarter of celeba-heads."""
    random, found = np.random.default_rng(0), {}
    for name, count in _FACE_COUNTS.items():
        found[f"x_{name}"] = random.integers(0, 256, (max(1, int(count * scale)), *_FACE_SHAPE), dtype=np.uint8)
        found[f"y_{name}"] = random.integers(0, 2, len(found[f"x_{name}"])).astype(np.int32)
    return found


def work(task: Found) -> Found:
    """Do a task in this process: `published`, `keras`, `jax`, `scaling`, `features` or `agreement`.

    Raises:
        PartNotMeasuredError: when no GPU is found, and the task may not use the CPU.
    """
    kind, head, seeds, epochs = (task[name] for name in ("kind", "head", "seeds", "epochs"))
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    backend = os.environ["KERAS_BACKEND"]
    if backend == "jax" or kind not in ("published", "keras", "features"):
        import jax

        if jax.default_backend() != "gpu" and not task["cpu"]:
            raise PartNotMeasuredError("JAX finds no GPU.")
    if kind == "published":
        arrays = load_arrays(Path(task["arrays"]))
        found = run(arrays, int(arrays.train_labels.max()) + 1, head=head, seed=seeds[0], epochs=epochs)
        times: Any = found["epoch_seconds"]
        seconds = float(np.median(times[1:] or times) * epochs)  # the first epoch includes compilation
        found |= {"backend": backend, "train_seconds": seconds, "accuracy": [found["accuracy"]]}
    elif kind == "features":
        found = _compute_features(int(8_192 * task["scale"]), side=96)
    else:
        found = _work_with_model(task, kind, head, seeds, epochs)
    if "jax" in sys.modules:
        device = sys.modules["jax"].devices()[0]
        memory = (device.memory_stats() or {}).get("peak_bytes_in_use")
        found |= {"device": device.device_kind, "megabytes": memory and round(memory / 1e6)}
    elif backend == "tensorflow" and (gpus := sys.modules["tensorflow"].config.list_physical_devices("GPU")):
        experimental = sys.modules["tensorflow"].config.experimental
        found["device"] = experimental.get_device_details(gpus[0]).get("device_name", "GPU")
        found["megabytes"] = round(experimental.get_memory_info("GPU:0")["peak"] / 1e6)
    return found


def _compute_features(images: int, side: int) -> Found:
    """Return the images per second of the features of a frozen MobileNet, for random images; the second pass counts."""
    import keras

    network = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(side, side, 3), pooling="avg")
    values = np.random.default_rng(0).random((images, side, side, 3), np.float32)
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        network.predict(values, batch_size=256, verbose=0)
        seconds.append(time.perf_counter() - begin)
    return {"images_per_second": images / seconds[1], "train_seconds": seconds[1], "compile_seconds": seconds[0]}


def _work_with_model(task: Found, kind: str, head: str, seeds: list[int], epochs: int) -> Found:
    from benchmarks import _jax_training
    from core.architecture.model import compute_model

    faces = head in FACE_HEADS
    spec = RECIPES["celeba-heads" if faces else "kmnist-heads"].spec_of(head, {"augmentation": ""})
    data = create_faces(task["scale"]) if faces else split_arrays(load_arrays(Path(task["arrays"])))
    shape = data["x_train"].shape[1:]
    classes = 2 if faces else int(data["y_train"].max()) + 1
    if kind == "agreement":
        small = {"dropout": 0.0} | ({"filters": 4} if faces else {})
        closed = compute_model(spec.replace(**small), shape, classes)
        few = {name: values[:60] for name, values in data.items()}
        return {"difference": _jax_training.compare_with_keras(closed, few)}
    closed = compute_model(spec, shape, classes)
    if kind == "keras":
        return _fit(_jax_training.build_network(closed), data, spec.batch_size, classes, epochs)
    chosen = {"stacked": task["stacked"], "product": task["product"]}
    if kind == "jax":
        return _jax_training.train_seeds(closed, data, seeds, epochs, **chosen)
    seconds = {}
    for count in task["counts"]:
        found = _jax_training.train_seeds(closed, data, list(range(count)), epochs, **chosen)
        seconds[count] = round(found["train_seconds"] / epochs, 4)
    return {"epoch_seconds": seconds}


def _fit(network: Any, data: Found, batch: int, classes: int, epochs: int) -> Found:
    import keras

    times = [time.perf_counter()]
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: times.append(time.perf_counter()))
    x = {name: data[f"x_{name}"].astype(np.float32) / 255 for name in ("train", "validation")}
    y = {name: np.float32(data[f"y_{name}"])[:, None] for name in x}
    network.fit(
        x["train"], y["train"], batch_size=batch, epochs=epochs, validation_data=(x["validation"], y["validation"]),
        verbose=0, callbacks=[clock],
    )  # fmt: skip
    seconds = np.diff(times)
    return {"first_epoch_seconds": seconds[0], "train_seconds": float(np.median(seconds[1:]) * epochs)}
