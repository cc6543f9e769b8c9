"""The bundle of one run: the files that Headroom imports, with a content-derived run ID."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # bundles of the same run are identical, but for the time at which it finished
_COSTS = (
    "params", "trainable", "non_trainable", "flops", "keras_bytes", "tflite_bytes", "latency_seconds",
    "latency_p95_seconds", "latency_32_seconds", "train_seconds", "peak_bytes",
)  # fmt: skip
_NO_RESULTS = ("environment.json", "config.json")
_MAX_THUMBNAILS, _MAX_THUMBNAIL_SIDE = 64_000_000, 128


@dataclass
class Results:
    """Checked values of a run.

    Probabilities are float32 of shape (images, classes), labels int64 of shape (images,). `last` are the probabilities
    at the last epoch, if those of another one are kept; `history` has one row per epoch, `layers` one per layer;
    `config` is the config of a Keras model as JSON.
    """

    name: str
    labels: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any]
    classes: list[str]
    seed: int = 0
    data: str = ""
    library: str = ""
    has_probabilities: bool = True
    validation: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None = None  # probabilities and labels
    last: np.ndarray[Any, Any] | None = None
    kept_epoch: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    layers: list[dict[str, Any]] = field(default_factory=list)
    config: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    train_images: int | None = None
    input_shape: Sequence[int] = ()
    images: np.ndarray[Any, Any] | None = None
    finished_at: str = ""


def build_bundle(results: Results) -> tuple[str, bytes]:
    """Return the run ID and the content of the bundle of a run."""
    files = _build_files(results)
    run_id = json.loads(files["record.json"])["run_id"]
    packed = {f"runs/{run_id}/{name}": content for name, content in files.items()}
    if results.images is not None:
        fingerprint = json.loads(files["record.json"])["data"]["fingerprint"]
        packed[f"thumbnails/{fingerprint}/{_name_images(results)}"] = _save(results.images)
    manifest = {name: {"bytes": len(content), "sha256": _hash(content)} for name, content in packed.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, "bundle.json", json.dumps({"version": 1, "files": manifest}, indent=1).encode())
        for name, content in packed.items():
            _write(archive, name, content)
    return run_id, buffer.getvalue()


def _build_files(results: Results) -> dict[str, bytes]:
    arrays = {"test_probs": results.probabilities, "test_labels": results.labels.astype("<i8")}
    if results.validation:
        arrays |= {"validation_probs": results.validation[0], "validation_labels": results.validation[1].astype("<i8")}
    files = {"predictions.npz": _compress(arrays)}
    if results.last is not None:
        files["predictions-last.npz"] = _compress({**arrays, "test_probs": results.last})
    if results.history:
        files["history.jsonl"] = "".join(f"{json.dumps(row)}\n" for row in results.history).encode()
    if results.layers:
        files["layers.json"] = json.dumps(results.layers).encode()
    if results.config:
        files["config.json"] = results.config.encode()
    files["environment.json"] = json.dumps(_describe_environment(results)).encode()
    hashes = {name: _hash(content) for name, content in files.items()}
    content = [sorted(item for item in hashes.items() if item[0] not in _NO_RESULTS), results.classes]
    spec = {
        "backbone": "elsewhere",
        "content": _hash(json.dumps(content, separators=(",", ":")).encode())[:16],
        "data": _fingerprint(results),
        "dataset": "folder",
        "elsewhere": results.name,
        "folder": results.data,
        "head": "elsewhere",
        "seed": results.seed,
    }
    spec = {name: value for name, value in spec.items() if value not in ("", 0)}
    files["spec.json"] = json.dumps(spec).encode()
    hashes["spec.json"] = _hash(files["spec.json"])
    record = _build_record(results, spec, hashes)
    return {"record.json": json.dumps(record, indent=1).encode(), **files}


def _build_record(results: Results, spec: dict[str, Any], checksums: dict[str, str]) -> dict[str, Any]:
    cost: dict[str, Any] = {**dict.fromkeys(_COSTS), **results.cost}
    if results.layers:
        cost["trainable"] = sum(layer["trainable"] for layer in results.layers)
        cost["non_trainable"] = sum(layer["non_trainable"] for layer in results.layers)
        cost["params"] = cost["trainable"] + cost["non_trainable"]
        flops = [layer.get("flops") for layer in results.layers]
        if cost["flops"] is None and None not in flops:
            cost["flops"] = sum(flops)
    ends = [row["seconds"] for row in results.history if row["seconds"] is not None]
    if ends:
        durations = [end - begin for begin, end in pairwise((0.0, *ends))]
        cost = {"train_seconds": ends[-1], "epoch_seconds": round(median(durations[1:] or durations), 6), **{
            name: value for name, value in cost.items() if value is not None or name != "train_seconds"}}  # fmt: skip
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return {
        "version": 2,
        "run_id": _hash(text.encode())[:12],
        "spec": spec,
        "finished_at": results.finished_at or datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "metrics": _measure(results, results.probabilities),
        "cost": cost,
        "data": {
            "fingerprint": spec["data"],
            "official": False,
            "train_images": results.train_images,
            "validation_images": len(results.validation[1]) if results.validation else None,
            "test_images": len(results.labels),
            "input_shape": [*results.input_shape],
            "classes": results.classes,
            "targets": _hash_labels(results.labels),
            "majority": float(np.bincount(results.labels).max() / len(results.labels)),
        },
        "cpu": _read_cpu(),
        "cores": os.cpu_count(),
        "epochs": len(results.history) or None,
        "kept_epoch": results.kept_epoch,
        "last_metrics": None if results.last is None else _measure(results, results.last),
        "elsewhere": {
            "library": results.library,
            "probabilities": results.has_probabilities,
            "settings": results.settings,
        },
        "checksums": checksums,
    }


def _measure(results: Results, probabilities: np.ndarray[Any, Any]) -> dict[str, float | None]:
    validation = _compute(*results.validation) if results.validation else (None, None)
    losses = results.has_probabilities
    test = _compute(probabilities, results.labels)
    return {
        "test_loss": test[0] if losses else None,
        "test_accuracy": test[1],
        "validation_loss": validation[0] if losses else None,
        "validation_accuracy": validation[1],
    }


def _compute(probs: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> tuple[float | None, float]:
    """Return the mean cross-entropy in nats, None if it is not finite, and the accuracy."""
    given = probs[np.arange(len(labels)), labels].astype(np.float64)
    loss = float(-np.log(np.maximum(given, np.finfo(np.float32).tiny)).mean())
    predicted = np.where(np.isfinite(probs).all(axis=1), probs.argmax(axis=1), -1)
    return (loss if np.isfinite(loss) else None), float((predicted == labels).mean())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_labels(labels: np.ndarray[Any, Any]) -> str:
    return _hash(labels.astype("<i8").tobytes())


def _fingerprint(results: Results) -> str:
    """Return the fingerprint of the test set: its labels in their order, its classes and, if included, its images."""
    images = b"" if results.images is None else results.images.tobytes()
    return _hash(_hash_labels(results.labels).encode() + json.dumps(results.classes).encode() + images)[:16]


def shrink_images(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Return test images as uint8 of shape (images, height, width, channels), at most 128 pixels wide and 64 MB.

    Values from 0 to 1 are scaled, and large images are reduced to every n-th pixel. None if the array has no images.
    """
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or min(images.shape) < 1:
        return None
    step = -(-max(images.shape[1:3]) // _MAX_THUMBNAIL_SIDE)
    while np.prod([len(images), *(-(-side // step) for side in images.shape[1:3]), images.shape[3]]) > _MAX_THUMBNAILS:
        step += 1
    images = images[:, ::step, ::step]
    if images.dtype != np.uint8:
        low, high = float(images.min()), float(images.max())
        scale = 255 if low >= 0 and high <= 1 else 1 if low >= 0 and high <= 255 else 0
        images = images * scale if scale else (images - low) * (255 / max(high - low, 1e-9))
    return np.ascontiguousarray(images.round() if images.dtype.kind == "f" else images).astype(np.uint8)


def _name_images(results: Results) -> str:
    exact = results.images is not None and results.images.shape[1:3] == tuple(results.input_shape[:2])
    return "images.npy" if exact else "thumbnails.npy"


def _compress(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy has a further argument allow_pickle
    return buffer.getvalue()


def _save(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _SAME_TIME)
    member.external_attr = 0o100644 << 16
    archive.writestr(member, content)


def _describe_environment(results: Results) -> dict[str, object]:
    libraries = dict(results.libraries)
    for module in ("numpy", "keras", "tensorflow", "torch", "jax", "sklearn"):
        if module in sys.modules and module not in libraries:
            try:
                libraries[module] = version({"sklearn": "scikit-learn"}.get(module, module))
            except PackageNotFoundError:
                libraries[module] = str(getattr(sys.modules[module], "__version__", "unknown"))
    return {"python": platform.python_version(), "libraries": libraries, "platform": platform.platform()}


def _read_cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
