"""Cached features of a frozen backbone, shared by heads and seeds: `<home>/features/<data>-<backbone>-<side>/`."""

import fcntl
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.architecture.model import Model
from core.array_file import map_array
from core.files import replacing
from core.home import Home
from core.training.evaluate import batches
from core.training.forward import compute_outputs
from core.training.input_data import Split, Splits

OnProgress = Callable[[int, int], None]
"""Callback with the number of processed images and the total."""


def count_backbone_layers(closed: Model) -> int:
    return sum(row.part == "backbone" for row in closed.rows)


def can_cache(closed: Model) -> bool:
    """Return whether the features are the same in every epoch: the backbone is frozen and there is no augmentation."""
    return closed.spec.frozen and not closed.spec.augmentation


def replace_images(
    home: Home, model: keras.Sequential, closed: Model, splits: Splits, on_progress: OnProgress
) -> Splits:
    """Replace the images of the splits by memory-mapped feature maps, float32, shape (images, side, side, channels).

    A worker that needs the same features waits until the first one has computed them.
    """
    spec, side = closed.spec, closed.input_shape[0]
    folder = home.features / f"{splits.info.fingerprint}-{spec.backbone}-{side}"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found: dict[str, Any] = {}
        for name in ("train", "validation", "test"):
            split: Split = getattr(splits, name)
            stored = "test" if name == "test" else "train"
            path = folder / f"{stored}-{split.first}-{len(split)}.npy"
            maps = _open(path)
            if maps is None:
                _write(path, model, count_backbone_layers(closed), split, on_progress)
                maps = _open(path)
            assert maps is not None
            found[name] = replace(split, images=maps)
        return replace(splits, **found)
    finally:
        os.close(lock)


def _open(path: Path) -> NDArray[np.float32] | None:
    """Open cached features; None if they are missing or damaged."""
    try:
        return map_array(path, ("f4", (None, None, None, None)))
    except ValueError:
        return None


def _write(path: Path, model: keras.Sequential, layers: int, split: Split, on_progress: OnProgress) -> None:
    @tf.function(reduce_retracing=True)
    def compute(images: tf.Tensor) -> tf.Tensor:
        return compute_outputs(model, images, training=False, last=layers)

    done = 0
    maps: np.memmap[Any, np.dtype[np.float32]] | None = None
    with replacing(path) as temporary:
        for images in batches(split.images):
            part = compute(tf.constant(images)).numpy()
            if maps is None:
                maps = np.lib.format.open_memmap(temporary, "w+", np.float32, (len(split), *part.shape[1:]))
            maps[done : done + len(part)] = part
            done += len(part)
            on_progress(done, len(split))
        if maps is not None:
            maps.flush()
