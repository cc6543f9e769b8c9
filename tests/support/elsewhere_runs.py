"""Runs that were trained elsewhere, with and without what they may lack, imported from bundles of the client."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.cache import open_dataset
from core.home import Home
from core.store.bundle_import import import_bundle
from core.store.run import Run
from core.store.run_store import RunStore
from headroom.bundle import build_bundle
from headroom.run_log import build_results
from tests.support.run_writer import draw_probs

LAYERS = [
    {"name": "conv2d", "type": "Conv2D", "output_shape": [26, 26, 8], "trainable": 80},
    {"name": "batch", "type": "BatchNormalization", "output_shape": [26, 26, 8], "trainable": 16, "non_trainable": 16},
    {"name": "pool", "type": "GlobalAveragePooling2D", "output_shape": [8]},
    {"name": "dense", "type": "Dense", "output_shape": [10], "trainable": 90},
]
CURVES = {
    "loss": [1.2, 0.6, 0.4], "accuracy": [0.6, 0.8, 0.9], "val_loss": [1.1, 0.7, 0.5], "val_accuracy": [0.6, 0.8, 0.85],
    "learning_rate": [0.1, 0.01, 0.001], "seconds": [1.0, 2.0, 3.5],
}  # fmt: skip


def build_content(home: Home, name: str = "baseline", *, bare: bool = False, seed: int = 0, **values: Any) -> bytes:
    """Return the bundle of a run on the digits: with all parts, or `bare` with the predicted classes only."""
    rng = np.random.default_rng([len(name), seed])
    arrays = open_dataset(home, "digits").arrays()
    labels = np.asarray(arrays.test_labels)
    probs = draw_probs(labels, 10, 0.9, rng)
    validation = np.asarray(arrays.train_labels[-200:])
    parts: dict[str, Any] = {"predictions": probs.argmax(axis=1)}
    if not bare:
        parts = {
            "probabilities": probs,
            "history": CURVES,
            "layers": LAYERS,
            "validation": (validation, draw_probs(validation, 10, 0.9, rng)),
            "library": "keras 3.15.1",
            "settings": {"optimizer": "SGD"},
            "train_images": 1000,
        }
    return build_bundle(build_results(name, labels, seed=seed, **{**parts, **values}))[1]


def add_elsewhere(home: Home, name: str = "baseline", **values: Any) -> Run:
    """Import a run as `build_content` describes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.zip")
        path.write_bytes(build_content(home, name, **values))
        found = import_bundle(home, path)
    return RunStore(home).open((found.imported + found.existing)[0])
