"""Finished runs without training: real folders in the real store, predictions from a seeded generator."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.architecture.activation_map import plan_maps
from core.architecture.model import compute_model
from core.augment.corruption import CORRUPTIONS, list_rows, select_corrupted_images
from core.datasets.cache import CachedDataset, open_dataset
from core.datasets.split import compute_split
from core.files import compute_checksum, write_json
from core.home import Home
from core.spec import RunSpec
from core.store.activation_maps import NAME, save_maps
from core.store.history import HISTORY
from core.store.metrics import compute_metrics, compute_targets
from core.store.record import Cost, Data, Metrics, Record
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.robustness_file import Robustness
from core.store.run import Predictions, Run
from core.store.run_store import RunStore

CPU = "a processor"
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MAPPED = 24  # test images with activation maps
_WRITTEN: dict[
    tuple[RunSpec, float, bool, int | None, tuple[str, ...]], tuple[Record, dict[str, bytes]]
] = {}  # of this process


@dataclass
class RunWriter:
    """Writer of finished runs on the bundled digits into a home; each finishes a minute after the one before."""

    home: Home
    count: int = field(default=0, init=False)

    @cached_property
    def store(self) -> RunStore:
        return RunStore(self.home, examples=self.home.path / "no-examples")

    @cached_property
    def _digits(self) -> CachedDataset:
        return open_dataset(self.home, "digits")

    def __call__(
        self,
        spec: RunSpec | None = None,
        *,
        accuracy: float = 0.9,
        predictions: bool = True,
        test_images: int | None = None,
        **settings: object,
    ) -> Run:
        """Publish the run of `spec` with the given settings changed, pinned to the digits unless `data` is given.

        Args:
            accuracy: the expected share of correct test predictions; losses and curves follow from it.
            predictions: False omits predictions.npz and maps.npz, for tests of long lists.
            test_images: number of test images; the labels of the digits are repeated, and the images exist only for the
        digits.
        """
        spec = (spec or RunSpec(epochs=3)).replace(**{"data": self._digits.info.fingerprint, **settings})
        self.home.jobs.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.home.jobs))
        folder.chmod(0o755)
        arguments = (spec, accuracy, predictions, test_images)
        key = (*arguments, self._digits.info.classes)  # of a writer with other labels
        if key not in _WRITTEN:
            record = self._write(folder, *arguments)
            _WRITTEN[key] = record, {path.name: path.read_bytes() for path in folder.iterdir()}
        record, files = _WRITTEN[key]
        for name, content in files.items():
            (folder / name).write_bytes(content)
        self.count += 1
        finished = (_FIRST + timedelta(minutes=self.count)).isoformat(timespec="seconds")
        write_json(folder / "record.json", record.model_copy(update={"finished_at": finished}).model_dump())
        run = self.store.publish(folder)
        shutil.rmtree(folder, ignore_errors=True)  # exists if the run was already published
        return run

    def _write(
        self, folder: Path, spec: RunSpec, accuracy: float, predictions: bool, test_images: int | None
    ) -> Record:
        info, arrays = self._digits.info, self._digits.arrays()
        train, validation = compute_split(spec, info.train_count)
        rng = np.random.default_rng([int(spec.run_id, 16), spec.seed])
        labels = np.resize(arrays.test_labels, test_images or info.test_count)
        found = Predictions(
            draw_probs(labels, len(info.classes), accuracy, rng),
            labels,
            draw_probs(arrays.train_labels[validation.start : validation.stop], len(info.classes), accuracy, rng),
            np.asarray(arrays.train_labels[validation.start : validation.stop]),
        )
        test_loss, test_accuracy = compute_metrics(found.test_probs, found.test_labels)
        validation_loss, validation_accuracy = compute_metrics(found.validation_probs, found.validation_labels)
        metrics = Metrics(
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
        )
        (folder / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in _history(spec.epochs, metrics)))
        write_json(folder / "spec.json", spec.canonical())
        if predictions:
            np.savez_compressed(folder / "predictions.npz", **vars(found))
        model = compute_model(spec, info.input_shape, len(info.classes))
        if predictions:
            indices = select_corrupted_images(len(labels), model.flops)
            draw_robustness(found, indices, rng).write(folder / ROBUSTNESS)
            plan = plan_maps(model)
            maps = rng.normal(1.0, 2.0, (_MAPPED, len(info.classes), *plan.maps[:2])).astype(np.float32)
            bias = np.zeros(len(info.classes), np.float32)
            save_maps(folder / NAME, maps if plan.exact else np.maximum(maps, 0), bias, exact=plan.exact)
        return Record(
            run_id=spec.run_id,
            spec=spec.canonical(),
            finished_at=_FIRST.isoformat(timespec="seconds"),
            metrics=metrics,
            cost=Cost(
                params=model.params,
                trainable=model.trainable,
                non_trainable=model.non_trainable,
                flops=model.flops,
                keras_bytes=12 * model.params + 30_000,
                tflite_bytes=4 * model.params + 5_000,
                latency_seconds=model.flops / 2e10,
                latency_p95_seconds=model.flops / 1e10,
                latency_32_seconds=model.flops / 1e9,
                train_seconds=2.0 * spec.epochs,
                peak_bytes=600_000_000,
            ),
            data=Data(
                fingerprint=info.fingerprint,
                official=info.official,
                train_count=info.train_count,
                train_images=len(train),
                validation_images=len(validation),
                test_images=len(labels),
                input_shape=info.input_shape,
                classes=info.classes,
                targets=compute_targets(found.test_labels),
            ),
            cpu=CPU,
            checksums={path.name: compute_checksum(path) for path in sorted(folder.iterdir())},
        )


def draw_probs(
    labels: NDArray[np.int64], classes: int, accuracy: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return probabilities of shape (images, classes) whose maximum is the true class in about this share of the
    images.
    """
    winners = np.where(
        rng.random(len(labels)) < accuracy, labels, (labels + rng.integers(1, classes, len(labels))) % classes
    )
    logits = rng.normal(0.0, 1.0, (len(labels), classes))
    logits[np.arange(len(labels)), winners] = logits.max(axis=1) + rng.exponential(2.0, len(labels)) + 0.1
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def draw_robustness(found: Predictions, indices: NDArray[np.int32], rng: np.random.Generator) -> Robustness:
    """Return predictions that are more often wrong the further a corruption is from its neutral value."""
    classes = found.test_probs.shape[1]
    predictions = []
    for name, value in list_rows():
        row = found.test_probs[indices].argmax(axis=1)
        if name:
            corruption = CORRUPTIONS[name]
            steps = abs(corruption.values.index(value) - corruption.values.index(corruption.neutral))
            lost = rng.random(len(row)) < 0.9 * steps / len(corruption.values)
            row = np.where(lost, (row + rng.integers(1, classes, len(row))) % classes, row)
        predictions.append(row.astype(np.int16))
    names, values = zip(*list_rows(), strict=True)
    return Robustness(np.array(names), np.array(values, np.float32), indices, np.stack(predictions))


def _history(epochs: int, metrics: Metrics) -> Sequence[dict[str, float]]:
    """Return curves that start at chance and end at the validation metrics of the run."""
    rows = []
    for epoch in range(1, epochs + 1):
        left = 0.0 if epoch == epochs else float(np.exp(-3 * epoch / epochs))
        loss = (metrics.validation_loss or 0.0) * (1 - left) + 2.3 * left
        accuracy = metrics.validation_accuracy * (1 - left) + 0.1 * left
        values = (epoch, 2.0 * epoch, 0.9 * loss, min(1.0, 1.02 * accuracy), loss, accuracy)
        rows.append(dict(zip(HISTORY, values, strict=True)))
    return rows
