"""Runs in MLflow, through its own client: each run once, unfinished there until all of it has arrived."""

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

EXPERIMENT = "Headroom"
RUN_ID, RECORD = "headroom.run_id", "headroom.record"
_MOST_EXPERIMENT = 250
_MOST_TEXT = 5_000  # characters of a tag or a parameter: servers refuse more than 5,000 to 8,000, by their version
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # it would ask a server that is not there for minutes
}
_END = re.compile(r"[.:]?\s*\n|[.](?:\s|$)")


@dataclass(frozen=True)
class Sent:
    """What became of a run. `here`: it was there already; `differs`: with other results, which stay."""

    run_id: str
    mlflow_id: str
    here: bool = False
    differs: bool = False


def export_mlflow(
    store: RunStore, run_ids: Sequence[str], uri: str, *, experiment: str = EXPERIMENT, models: bool = False
) -> Iterator[Sent]:
    """Sends runs to the tracking server, or whatever MLflow knows, at `uri`; yields each when it is there.

    An export that breaks off leaves a run that MLflow lists as running; the next export completes it.

    Raises:
        ExporterError: when MLflow is not installed, does not answer, or refuses.
        RunNotFoundError, RunDamagedError: when a run is not here, or not as it was written; nothing is sent then.
    """
    if not 1 <= len(experiment) <= _MOST_EXPERIMENT or not experiment.isprintable():
        raise ExporterError(
            f"Expected the experiment's name to have 1 to {_MOST_EXPERIMENT} characters that can be seen; "
            f"got {experiment!a:.60}."
        )
    client = _open_client(uri)
    accounts = open_export_records(store, run_ids)
    with _speaking(uri):
        place = _find_experiment(client, experiment)
        for account in accounts:
            yield _send(client, place, account, models)


def _open_client(uri: str) -> "MlflowClient":
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise ExporterError(
            "Expected mlflow to be installed (pip install -r requirements-mlflow.txt); got none."
        ) from None
    for name in ("mlflow", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is told in one sentence
    with _speaking(uri):
        return MlflowClient(tracking_uri=uri)


def _find_experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name)
    if found.lifecycle_stage != "active":
        raise ExporterError(
            f"Expected experiment {name!r} to be in use; got a deleted one: restore it or name another."
        )
    return found.experiment_id


def _send(client: "MlflowClient", experiment: str, account: ExportRecord, models: bool) -> Sent:
    run = account.run
    here = client.search_runs([experiment], f"tags.`{RUN_ID}` = '{run.run_id}'")
    for found in here:
        if found.info.status == "FINISHED":
            differs = found.data.tags.get(RECORD) != account.record_checksum
            return Sent(run.run_id, found.info.run_id, here=True, differs=differs)
    halves = [half for half in here if half.data.tags.get(RECORD) == account.record_checksum]
    for other in here:
        if other not in halves[:1]:
            client.delete_run(other.info.run_id)
    identity = {RUN_ID: run.run_id, RECORD: account.record_checksum}
    half = halves[0] if halves else client.create_run(experiment, round(account.began * 1000), identity, account.name)
    mlflow_id = half.info.run_id
    _tell(client, mlflow_id, account, known=half.data.params)
    for name in list_files(run, models=models):
        client.log_artifact(mlflow_id, str(run.path / name))
    if account.note.text:
        client.log_text(mlflow_id, account.note.text, "note.txt")
    client.set_terminated(mlflow_id, "FINISHED", round(account.ended * 1000))
    return Sent(run.run_id, mlflow_id)


def _tell(client: "MlflowClient", mlflow_id: str, account: ExportRecord, known: dict[str, str]) -> None:
    """Params, tags and metrics. What half an export has told already is told again, which changes nothing."""
    from mlflow.entities import Metric, Param, RunTag

    run = account.run
    tags = {
        "mlflow.runName": account.name,
        "headroom.spec": account.spec_text,
        "headroom.checksums": json.dumps(run.record.checksums),
        "headroom.tags": ", ".join(account.note.tags),
        "mlflow.source.name": write_command(run.spec),
        "mlflow.source.git.commit": account.commit,
        "mlflow.note.content": write_literally(account.note.text),
    }
    ended, epochs = round(account.ended * 1000), run.record.trained_epochs
    client.log_batch(
        mlflow_id,
        metrics=[
            *(
                Metric(f"{point.split}_{point.metric}", point.value, round(point.seconds * 1000), point.step)
                for point in account.points
            ),
            *(Metric(f"cost/{name}", value, ended, epochs) for name, value in account.costs.items()),
        ],
        params=[Param(name, _cut(str(value))) for name, value in account.settings.items() if name not in known],
        tags=[RunTag(name, _cut(text)) for name, text in tags.items() if text],
    )  # in as many requests as it takes


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


@contextmanager
def _speaking(uri: str) -> Iterator[None]:
    """Each kind of store has errors of its own, and some repeat the address with its password."""
    try:
        yield
    except HeadroomError:
        raise
    except Exception as error:
        raise ExporterError(
            f"Expected MLflow at {_hide(uri):.200} to take the runs; got {_hide(_describe(error)):.200}."
        ) from None


def _describe(error: BaseException) -> str:
    """The first sentence of an error; of one that came of a connection, only that."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    if any(isinstance(cause, requests.ConnectionError | requests.Timeout) for cause in causes):
        return "no answer"
    return _END.split(str(error).strip())[0] or type(error).__name__


def _hide(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//", text)
