"""Runs of MLflow, from a tracking folder or a server: history, parameters, tags, and artifacts with predictions."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import ExporterError, ImportFileError
from core.exporters.mlflow import open_client, report_errors
from core.importers.formats.csv_predictions import CSV_PREDICTIONS
from core.importers.formats.npz import NPZ
from core.importers.importer import MAX_TEXT_BYTES, Importer, Source

_RUN = re.compile(r"runs:/?([0-9a-f]{32})/?")
_METRICS = {
    "loss": ("loss", "train_loss", "training_loss"),
    "accuracy": ("accuracy", "acc", "train_accuracy", "train_acc", "training_accuracy", "sparse_categorical_accuracy",
                 "categorical_accuracy", "binary_accuracy"),
    "val_loss": ("val_loss", "validation_loss", "valid_loss"),
    "val_accuracy": ("val_accuracy", "val_acc", "validation_accuracy", "valid_accuracy",
                     "val_sparse_categorical_accuracy", "val_categorical_accuracy"),
    "learning_rate": ("learning_rate", "lr"),
}  # fmt: skip
_MAX_ARTIFACTS, _MAX_SETTINGS = 200, 90


def _matches(path: Path) -> bool:
    """Return whether a path is the folder of a run, or an address such as runs:/ID."""
    return bool(_RUN.fullmatch(str(path))) or ((path / "meta.yaml").is_file() and (path / "metrics").is_dir())


def _read(path: Path, options: Mapping[str, str]) -> Source:
    """Return the run with the metrics per step, and the predictions of its first artifact that has some.

    Args:
        options: `tracking_uri` for an address; a folder has its own.

    Raises:
        ImportFileError: when MLflow is not installed or cannot be reached, or the run does not exist.
    """
    address = _RUN.fullmatch(str(path))
    uri = options.get("tracking_uri", "") if address else path.parent.parent.resolve().as_uri()
    if not uri:
        raise ImportFileError("Give the address of the MLflow server: --tracking-uri URI.")
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # MLflow refuses folders of older versions otherwise
    try:
        client = open_client(uri)
        with report_errors(uri, "import from"):
            return _read_run(client, address[1] if address else path.name)
    except ExporterError as error:
        raise ImportFileError(str(error)) from None


def _read_run(client: Any, run_id: str) -> Source:
    run = client.get_run(run_id)
    columns = {}
    for column, names in _METRICS.items():
        name = next((name for name in names if name in run.data.metrics), None)
        if name:
            columns[column] = {metric.step: metric for metric in client.get_metric_history(run_id, name)}
    values: dict[str, Any] = {"library": _find_library(run), "settings": _list_settings(run)}
    steps = sorted(set().union(*columns.values()))
    if len(steps) > 1 or (steps and len(columns) > 1):
        values["history"] = {
            name: [found[step].value if step in found else None for step in steps] for name, found in columns.items()
        }
        first = run.info.start_time or min(metric.timestamp for found in columns.values() for metric in found.values())
        ends = [max(found[step].timestamp for found in columns.values() if step in found) - first for step in steps]
        if ends == sorted(ends) and ends[0] >= 0:
            values["history"]["seconds"] = [end / 1000 for end in ends]
    predictions = _read_predictions(client, run_id)
    return Source({**values, **predictions}, name=run.data.tags.get("mlflow.runName", "")[:80] or run_id[:12])


def _find_library(run: Any) -> str:
    flavor = run.data.tags.get("mlflow.autologging", "")
    return f"MLflow{f' ({flavor})' if flavor else ''}"[:200]


def _list_settings(run: Any) -> dict[str, str]:
    tags = {name: text for name, text in run.data.tags.items() if not name.startswith("mlflow.")}
    return dict([*run.data.params.items(), *tags.items()][:_MAX_SETTINGS])


def _read_predictions(client: Any, run_id: str) -> dict[str, Any]:
    """Return the values of the first NPZ or CSV artifact with predictions; none if there is no such artifact."""
    folders, seen = [""], 0
    while folders and seen < _MAX_ARTIFACTS:
        for entry in client.list_artifacts(run_id, folders.pop(0) or None):
            seen += 1
            if entry.is_dir:
                folders.append(entry.path)
            elif entry.path.endswith((".npz", ".csv")) and (entry.file_size or 0) <= MAX_TEXT_BYTES:
                with tempfile.TemporaryDirectory() as target:
                    file = Path(client.download_artifacts(run_id, entry.path, target))
                    for importer in (NPZ, CSV_PREDICTIONS):
                        if importer.matches(file):
                            return importer.read(file, {}).values
    return {}


MLFLOW = Importer("mlflow", "MLflow run", 50, _matches, _read, ("tracking_uri",))
