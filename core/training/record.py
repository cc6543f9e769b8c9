"""Run record and the other result files of a finished run: environment, predictions, augmentation preview."""

import platform
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.architecture.model import Model
from core.augment.preview import render_preview
from core.datasets.cache import DatasetInfo
from core.files import compute_checksum, replacing
from core.installation import find_installed
from core.spec import RunSpec
from core.store.history import compute_epoch_seconds, read_history
from core.store.machine import read_machine
from core.store.metrics import compute_metrics, compute_targets
from core.store.record import RECORD_VERSION, Cost, Data, Metrics, Record
from core.store.run import FILES, Predictions, finite
from core.training.device import read_gpu
from core.training.input_data import Split, Splits
from core.training.latency import Latency

_PREVIEW_IMAGES = 6
_LIBRARIES = ("tensorflow", "keras", "numpy", "ai-edge-litert")
_ROOT = Path(__file__).resolve().parents[2]


def describe_environment(fingerprint: str) -> dict[str, object]:
    """Return the content of environment.json."""
    return {
        "python": platform.python_version(),
        "libraries": {name: found[1] for name in _LIBRARIES if (found := find_installed(name))},
        "git_commit": _run_git("rev-parse", "HEAD") or None,
        "git_modified": None if (changes := _run_git("status", "--porcelain")) is None else bool(changes),
        "gpu": read_gpu(),
        "platform": platform.platform(),
        "cpu": read_machine().cpu,
        "cores": read_machine().cores,
        "threads": 1,
        "dataset_fingerprint": fingerprint,
    }


def _run_git(*arguments: str) -> str | None:
    """Return the output of a git command in the folder of the code; None outside of a checkout or without git."""
    try:
        command = ["git", "-C", str(_ROOT), *arguments]
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def save_predictions(path: Path, predictions: Predictions) -> None:
    """Write predictions; those of validation images only if any."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **{name: found for name, found in vars(predictions).items() if len(found)})


def write_preview(path: Path, train: Split) -> None:
    """Write an image with the first training images, augmented for the first epochs."""
    found, count = train.augmentation, min(_PREVIEW_IMAGES, len(train))
    assert found is not None
    image = render_preview(found.pipeline, train.images[:count], found.seed, found.side, first=train.first)
    with replacing(path) as temporary:
        temporary.write_bytes(image)


def _peak_bytes() -> int:
    """Return the peak memory. Linux reports it in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass(frozen=True)
class TrainingResult:
    """Part of the record about the training: epochs, total seconds, seconds for the
    feature maps of a frozen backbone, epochs of continuations, and with the
    best epoch kept its number and the predictions at the last epoch if that is another one."""

    epochs: int
    seconds: float
    features_seconds: float | None
    resumed_at: tuple[int, ...]
    kept_epoch: int | None
    last: Predictions | None


def _build_metrics(predictions: Predictions) -> Metrics:
    test_loss, test_accuracy = compute_metrics(predictions.test_probs, predictions.test_labels)
    validation_loss, validation_accuracy = compute_metrics(predictions.validation_probs, predictions.validation_labels)
    return Metrics(
        test_loss=finite(test_loss),
        test_accuracy=test_accuracy,
        validation_loss=finite(validation_loss),
        validation_accuracy=validation_accuracy,
    )


def build_cost(folder: Path, model: Model, latency: Latency, batch: Latency | None, **training: Any) -> Cost:
    """Return the costs of a model whose files are in a folder, with those of its training.

    Args:
        latency: of one image.
        batch: of 32 images; None if it is measured later.
    """
    return Cost(
        params=model.params,
        trainable=model.trainable,
        non_trainable=model.non_trainable,
        flops=model.flops,
        keras_bytes=(folder / "model.keras").stat().st_size,
        tflite_bytes=(folder / "model.tflite").stat().st_size,
        latency_seconds=latency.median_seconds,
        latency_p95_seconds=latency.p95_seconds,
        latency_32_seconds=batch and batch.median_seconds,
        latency_32_p95_seconds=batch and batch.p95_seconds,
        **training,
    )


def build_data(
    info: DatasetInfo, test_labels: NDArray[np.int64], *, train_images: int | None, validation_images: int | None
) -> Data:
    """Return the data of a run; the numbers of images for training are None if it was trained elsewhere."""
    return Data(
        fingerprint=info.fingerprint,
        official=info.official,
        train_count=info.train_count,
        train_images=train_images,
        validation_images=validation_images,
        test_images=len(test_labels),
        input_shape=info.input_shape,
        classes=info.classes,
        targets=compute_targets(test_labels),
        value_range=info.value_range,
        fit=info.fit,
        majority=float(np.bincount(test_labels).max() / len(test_labels)),
    )


def compute_checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the files of a run, without those of the record."""
    names = (name for name in FILES if name != "record.json" and (folder / name).is_file())
    return {name: compute_checksum(folder / name) for name in names}


def build_record(
    folder: Path,
    spec: RunSpec,
    model: Model,
    splits: Splits,
    predictions: Predictions,
    latency: Latency,
    result: TrainingResult,
) -> Record:
    """Return the run record. All other files of the run must be in the folder and must not change afterwards."""
    return Record(
        version=RECORD_VERSION,
        run_id=spec.run_id,
        spec=spec.canonical(),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        metrics=_build_metrics(predictions),
        cost=build_cost(
            folder,
            model,
            latency,
            None,
            train_seconds=result.seconds,
            epoch_seconds=compute_epoch_seconds(read_history(folder / "history.jsonl")["seconds"].tolist()),
            features_seconds=result.features_seconds,
            peak_bytes=_peak_bytes(),
        ),
        data=build_data(
            splits.info,
            predictions.test_labels,
            train_images=len(splits.train),
            validation_images=len(splits.validation),
        ),
        cpu=read_machine().cpu,
        cores=read_machine().cores,
        epochs=result.epochs,
        kept_epoch=result.kept_epoch,
        last_metrics=result.last and _build_metrics(result.last),
        resumed_at=result.resumed_at,
        evidence=True,
        checksums=compute_checksums(folder),
    )
