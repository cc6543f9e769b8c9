"""Cached features of a frozen backbone, shared by heads and seeds: `<home>/features/<data>-<backbone>-<side>/`."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from pydantic import TypeAdapter

from core.architecture.model import Model
from core.array_file import map_array
from core.bounds import Seconds
from core.files import parse_json, read_file, replacing, write_json
from core.home import Home
from core.training.evaluate import batches
from core.training.forward import compute_outputs
from core.training.input_data import Split, Splits

OnProgress = Callable[[int, int], None]
"""Callback with the number of processed images and the total."""


def count_backbone_layers(closed: Model) -> int:
    return sum(row.part == "backbone" for row in closed.rows)


def can_cache(closed: Model) -> bool:
    """Return whether the features are the same in every epoch: the whole backbone is frozen and there is no
    augmentation."""
    return closed.spec.frozen and not closed.spec.trained_stages and not closed.spec.augmentation


def name_backbone(closed: Model) -> str:
    """Return a file name that frozen backbones with other weights or layers do not have.

    A model of the user has its fingerprint in the name, and that of the layer after which it is cut.
    """
    spec = closed.spec
    if not spec.model:
        return spec.backbone
    return f"{spec.model.replace(':', '-')}-{hashlib.sha256(spec.cut.encode()).hexdigest()[:8]}"


def replace_images(
    home: Home, model: keras.Model, closed: Model, splits: Splits, on_progress: OnProgress
) -> tuple[Splits, float | None]:
    """Replace the images of the splits by memory-mapped feature maps, float32, shape (images, side, side, channels).

    Also returns the seconds that all of them took to compute, perhaps by another worker; None if it did not write them.

    A worker that needs the same features waits until the first one has computed them.
    """
    side = closed.input_shape[0]
    folder = home.features / f"{splits.info.fingerprint}-{name_backbone(closed)}-{side}"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found: dict[str, Any] = {}
        times: list[float | None] = []
        for name in ("train", "validation", "test"):
            split: Split = getattr(splits, name)
            stored = "test" if name == "test" else "train"
            path = folder / f"{stored}-{split.first}-{len(split)}.npy"
            maps = _open(path)
            if maps is None:
                begin = time.perf_counter()
                _write(path, model, count_backbone_layers(closed), split, on_progress)
                maps = _open(path)
                write_json(path.with_suffix(".json"), {"seconds": round(time.perf_counter() - begin, 3)})
            assert maps is not None
            found[name] = replace(split, images=maps)
            times.append(_read_seconds(path.with_suffix(".json")))
        known = [seconds for seconds in times if seconds is not None]
        return replace(splits, **found), sum(known) if len(known) == len(times) else None
    finally:
        os.close(lock)


def _open(path: Path) -> NDArray[np.float32] | None:
    """Open cached features; None if they are missing or damaged."""
    try:
        return map_array(path, ("f4", (None, None, None, None)))
    except ValueError:
        return None


def _read_seconds(path: Path) -> float | None:
    try:
        return TypeAdapter(Seconds).validate_python(parse_json(read_file(path))["seconds"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(path: Path, model: keras.Model, layers: int, split: Split, on_progress: OnProgress) -> None:
    @tf.function(reduce_retracing=True, autograph=False)
    def compute(images: tf.Tensor) -> tf.Tensor:
        return compute_outputs(model, images, training=False, last=layers)

    done = 0
    # Not through a memory map: on a full disk, the system would kill the process instead of raising an error.
    with replacing(path) as temporary, temporary.open("wb") as file:
        for images in batches(split.images):
            part = compute(tf.constant(images)).numpy()
            if not done:
                header = {"descr": "<f4", "fortran_order": False, "shape": (len(split), *part.shape[1:])}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(part.tobytes())
            done += len(part)
            on_progress(done, len(split))
