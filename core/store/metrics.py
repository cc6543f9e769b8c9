"""Predicted classes, and the metrics of a record that are computed from its predictions."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

NO_PREDICTION = -1


def compute_predicted(probs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the most probable class of each image, int64 of shape (images,).

    An image with a non-finite probability, which a diverged run produces, gets NO_PREDICTION and counts as wrong.
    Ties go to the first class.

    Args:
        probs: of shape (images, classes).
    """
    return np.where(np.isfinite(probs).all(axis=1), probs.argmax(axis=1), NO_PREDICTION)


def compute_metrics(probs: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Return the mean categorical cross-entropy in nats, and the accuracy.

    >>> compute_metrics(np.array([[0.5, 0.5], [0.25, 0.75]], np.float32), np.array([0, 0]))
    (1.0397207708399179, 0.5)
    """
    given = probs[np.arange(len(labels)), labels].astype(np.float64)
    loss = -np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean()
    return float(loss), float((compute_predicted(probs) == labels).mean())


def compute_targets(labels: NDArray[np.int64]) -> str:
    """Return the SHA-256 of the test labels as little-endian int64."""
    return hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()


_NO_RESULTS = ("spec.json", "environment.json", "config.json", "log.txt", "model.keras", "model.tflite", "last.keras")


def compute_content(checksums: Mapping[str, str], classes: Sequence[str]) -> str:
    """Return the content hash of a run that was trained elsewhere: of its results, not of its spec and environment.

    Models and configs are left out: Keras writes the time into models, and a second evaluation of one is the same run.
    """
    results = {name: found for name, found in checksums.items() if name not in _NO_RESULTS}
    text = json.dumps([sorted(results.items()), [*classes]], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compute_label_fingerprint(targets: str, classes: Sequence[str], images: NDArray[np.generic] | None = None) -> str:
    """Return the fingerprint of the test set of a run that was trained elsewhere.

    Args:
        targets: as returned by `compute_targets`.
        images: the test images, if they are known.
    """
    pixels = b"" if images is None else np.ascontiguousarray(images).tobytes()
    return hashlib.sha256(targets.encode() + json.dumps([*classes]).encode() + pixels).hexdigest()[:16]
