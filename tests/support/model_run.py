"""Finished runs of any dataset, input shape and loss, for tests of exported models."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.architecture.model import compute_model
from core.files import compute_checksum, write_json
from core.spec import RunSpec
from core.store.metrics import compute_targets
from core.store.record import RECORD_VERSION, Cost, Data, Metrics, Record
from core.store.run import HISTORY, Predictions, Run

_IMAGES = 6


def write_model_run(
    home: Path,
    spec: RunSpec,
    input_shape: tuple[int, int, int],
    classes: Sequence[str],
    predictions: Predictions | None = None,
    **data: Any,
) -> Run:
    """Write a run whose folder contains its existing files, a history, and the predictions.

    Args:
        home: parent of the folder, whose name is the run ID.
        data: fields of `Data`.
    """
    folder = home / spec.run_id
    folder.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(HISTORY, (epoch, epoch, 1.0, 0.5, 1.0, 0.5), strict=True)) for epoch in (1, 2)]
    (folder / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    write_json(folder / "spec.json", spec.canonical())
    if predictions:
        np.savez(folder / "predictions.npz", **vars(predictions))
    model = compute_model(spec, input_shape, len(classes))
    sizes = [path.stat().st_size if path.is_file() else 0 for path in (folder / "model.keras", folder / "model.tflite")]
    labels = predictions.test_labels if predictions else np.zeros(_IMAGES, np.int64)
    record = Record(
        version=RECORD_VERSION,
        run_id=spec.run_id,
        spec=spec.canonical(),
        finished_at="2026-01-01T00:00:00+00:00",
        metrics=Metrics(test_loss=1.0, test_accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5),
        cost=Cost(
            params=model.params, trainable=model.trainable, non_trainable=model.non_trainable, flops=model.flops,
            keras_bytes=sizes[0], tflite_bytes=sizes[1], latency_seconds=1e-3,
            latency_p95_seconds=2e-3, latency_32_seconds=1e-2, train_seconds=2.0, peak_bytes=1,
        ),
        data=Data(
            fingerprint="0123456789abcdef", official=False, train_images=20, validation_images=len(labels),
            test_images=len(labels), input_shape=input_shape, classes=tuple(classes), targets=compute_targets(labels),
            majority=0.5, **data,
        ),
        cpu="a processor",
        epochs=2,
        checksums={path.name: compute_checksum(path) for path in folder.iterdir() if path.name != "record.json"},
    )  # fmt: skip
    write_json(folder / "record.json", record.model_dump(mode="json"))
    return Run.open(folder)


def train_model_run(home: Path, spec: RunSpec, input_shape: tuple[int, int, int], classes: Sequence[str]) -> Run:
    """Write a run with a model of random weights, its predictions of random images, and the images as `images.npy`."""
    from core.training.build import build_model
    from core.training.evaluate import compile_probs
    from core.training.export import export_litert
    from core.training.input_data import Split

    closed = compute_model(spec, input_shape, len(classes))
    model = build_model(closed)
    rng = np.random.default_rng(0)
    for weight in model.weights:  # far from equal probabilities
        weight.assign(weight + rng.normal(0, 0.2, weight.shape))
    images = rng.integers(0, 256, (_IMAGES, *input_shape), np.uint8)
    labels = np.arange(_IMAGES) % len(classes)
    probs = compile_probs(model, images)(Split(images, labels))
    folder = home / spec.run_id
    folder.mkdir(parents=True)
    model.save(folder / "model.keras")
    export_litert(model, closed.maps_layer, folder / "model.tflite", classes)
    np.save(home / "images.npy", images)
    return write_model_run(home, spec, input_shape, classes, Predictions(probs, labels, probs, labels))


def read_images(run: Run) -> NDArray[np.uint8]:
    return np.load(run.path.parent / "images.npy")
