"""Export of runs to MLflow with its client. A run stays unfinished in MLflow until all of its data is uploaded."""

import json
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from core.errors import ExporterError, HeadroomError
from core.exporters.export_record import ExportRecord, clean, open_export_records, write_literally
from core.recipes import write_command
from core.store.bundle import list_files
from core.store.run_store import RunStore

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

EXPERIMENT = "Headroom"
RUN_ID, RECORD = "headroom.run_id", "headroom.record"
_MAX_EXPERIMENT_CHARS = 250
_MAX_TEXT_CHARS = 5_000  # of a tag or parameter: servers reject more than 5,000 to 8,000, depending on their version
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # the default retries an unreachable server for minutes
}
_NOTE_FILE = "note.txt"
_NOTE_TAGS = ("mlflow.runName", "headroom.tags", "mlflow.note.content")
_SENTENCE_END = re.compile(r"[.:]?\s*\n|[.](?:\s|$)")


@dataclass(frozen=True)
class ExportedRun:
    """Result of exporting a run. `existing`: it was already in MLflow; `differs`: with different results, which are
    kept; `added`: files and notes that were missing or outdated there."""

    run_id: str
    mlflow_id: str
    existing: bool = False
    differs: bool = False
    added: tuple[str, ...] = ()


def export_mlflow(
    store: RunStore, run_ids: Sequence[str], uri: str, *, experiment: str = EXPERIMENT, models: bool = False
) -> Iterator[ExportedRun]:
    """Export runs to the MLflow tracking URI; yields each run when it is complete.

    After an interrupted export, MLflow lists the run as running; the next export completes it.

    Raises:
        ExporterError: when MLflow is not installed, cannot be reached, or rejects the run.
        RunNotFoundError, RunDamagedError: when a run does not exist or is damaged; nothing is exported.
    """
    if not 1 <= len(experiment) <= _MAX_EXPERIMENT_CHARS or not experiment.isprintable():
        raise ExporterError(
            f"Expected the experiment name to have 1 to {_MAX_EXPERIMENT_CHARS} printable characters; "
            f"got {experiment!a:.60}."
        )
    client = open_client(uri)
    records = open_export_records(store, run_ids)
    with report_errors(uri):
        experiment_id = _find_experiment(client, experiment)
        for record in records:
            yield _export(client, experiment_id, record, models)


def open_client(uri: str) -> "MlflowClient":
    """Return a client of a tracking URI.

    Raises:
        ExporterError: when MLflow is not installed or the URI is invalid.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise ExporterError("mlflow is not installed. Run: pip install -r requirements-mlflow.txt") from None
    for name in ("mlflow", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors are raised as ExporterError
    with report_errors(uri):
        return MlflowClient(tracking_uri=uri)


def _find_experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name)
    if found.lifecycle_stage != "active":
        raise ExporterError(f"MLflow experiment {name!r} was deleted. Restore it, or choose another name.")
    return found.experiment_id


def _export(client: "MlflowClient", experiment: str, record: ExportRecord, models: bool) -> ExportedRun:
    run = record.run
    existing = client.search_runs([experiment], f"tags.`{RUN_ID}` = '{run.run_id}'")
    for found in existing:
        if found.info.status == "FINISHED":
            differs = found.data.tags.get(RECORD) != record.record_checksum
            added = () if differs else _complete(client, found, record, models)
            return ExportedRun(run.run_id, found.info.run_id, existing=True, differs=differs, added=added)
    partial = [other for other in existing if other.data.tags.get(RECORD) == record.record_checksum]
    for other in existing:
        if other not in partial[:1]:
            client.delete_run(other.info.run_id)
    identity = {RUN_ID: run.run_id, RECORD: record.record_checksum}
    target = (
        partial[0] if partial else client.create_run(experiment, round(record.started_at * 1000), identity, record.name)
    )
    mlflow_id = target.info.run_id
    _log(client, mlflow_id, record, known=target.data.params)
    for name in list_files(run, models=models):
        client.log_artifact(mlflow_id, str(run.path / name))
    if record.note.text:
        client.log_text(mlflow_id, record.note.text, _NOTE_FILE)
    client.set_terminated(mlflow_id, "FINISHED", round(record.ended_at * 1000))
    return ExportedRun(run.run_id, mlflow_id)


def _complete(client: "MlflowClient", found: "MlflowRun", record: ExportRecord, models: bool) -> tuple[str, ...]:
    """Send the files that a previous export left out, and the current notes. Return what was sent."""
    mlflow_id = found.info.run_id
    stored = {entry.path for entry in client.list_artifacts(mlflow_id)}
    files = [name for name in list_files(record.run, models=models) if name not in stored]
    for name in files:
        client.log_artifact(mlflow_id, str(record.run.path / name))
    tags = {name: _cut(text or "") for name, text in _list_tags(record).items() if name in _NOTE_TAGS}
    changed = {name: text for name, text in tags.items() if found.data.tags.get(name, "") != text}
    for name, text in changed.items():
        client.set_tag(mlflow_id, name, text)
    if "mlflow.note.content" in changed:
        client.log_text(mlflow_id, record.note.text, _NOTE_FILE)
    return (*files, *(["notes"] if changed else []))


def _list_tags(record: ExportRecord) -> dict[str, str | None]:
    run = record.run
    return {
        "mlflow.runName": record.name,
        "headroom.spec": record.spec_text,
        "headroom.checksums": json.dumps(run.record.checksums),
        "headroom.tags": ", ".join(record.note.tags),
        "mlflow.source.name": write_command(run.spec),
        "mlflow.source.git.commit": record.commit,
        "mlflow.note.content": write_literally(record.note.text),
    }


def _log(client: "MlflowClient", mlflow_id: str, record: ExportRecord, known: dict[str, str]) -> None:
    """Log parameters, tags and metrics. Values that an interrupted export has already logged are not duplicated."""
    from mlflow.entities import Metric, Param, RunTag

    run = record.run
    ended, epochs = round(record.ended_at * 1000), run.record.trained_epochs
    client.log_batch(
        mlflow_id,
        metrics=[
            *(
                Metric(f"{point.split}_{point.metric}", point.value, round(point.seconds * 1000), point.step)
                for point in record.points
            ),
            *(Metric(f"cost/{name}", value, ended, epochs) for name, value in record.costs.items()),
        ],
        params=[Param(name, _cut(str(value))) for name, value in record.settings.items() if name not in known],
        tags=[RunTag(name, _cut(text)) for name, text in _list_tags(record).items() if text],
    )  # the client splits this into as many requests as needed


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _MAX_TEXT_CHARS else f"{text[: _MAX_TEXT_CHARS - 1]}…"


@contextmanager
def report_errors(uri: str, what: str = "export to") -> Iterator[None]:
    """Raise errors of MLflow as ExporterError, without the password that the URI may contain.

    Args:
        what: the failed activity, before "MLflow" in the message.
    """
    try:
        yield
    except HeadroomError:
        raise
    except Exception as error:
        raise ExporterError(
            f"Cannot {what} MLflow at {_hide_password(uri):.200}: {_hide_password(_describe(error)):.200}."
        ) from None


def _describe(error: BaseException) -> str:
    """Return the first sentence of an error message, or "no response" for a connection error."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    if any(isinstance(cause, requests.ConnectionError | requests.Timeout) for cause in causes):
        return "no response"
    return _SENTENCE_END.split(str(error).strip())[0] or type(error).__name__


def _hide_password(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//", text)
