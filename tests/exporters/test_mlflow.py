"""Exported runs, read back with an MLflow server."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from typer.testing import Result

from core.exporters.export_record import write_literally
from core.exporters.mlflow import RECORD, RUN_ID
from core.recipes import write_command
from core.spec import SETTINGS
from core.store.note import Note, NoteBook
from core.store.run import Run
from tests.support.export import HOSTILE, call
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

if TYPE_CHECKING:  # MLflow takes seconds to import, in each process that collects the tests
    from mlflow import MlflowClient
    from mlflow.entities import Run as ExportedRun


PATIENCE_SECONDS = 90


def on_server(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs a server of MLflow, which takes ten seconds to start."""
    return long(pytest.mark.xdist_group("mlflow")(test))


@pytest.fixture(autouse=True)
def _without_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))


def add_files(run: Run, **contents: str | bytes) -> Run:
    """Files that a run of RunWriter has not, by the names before their last dot."""
    names = {"environment": "environment.json", "model": "model.keras", "log": "log.txt"}
    record = json.loads((run.path / "record.json").read_bytes())
    for name, content in contents.items():
        path = run.path / names[name]
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        record["checksums"][path.name] = ""
    (run.path / "record.json").write_text(json.dumps(record))
    return rewrite(run)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's own server, with SQLite and a folder for files behind it."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files"),
    ]  # fmt: skip
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    log = folder / "log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture
def client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return request.node.name


def list_exported(client: "MlflowClient", experiment: str) -> list["ExportedRun"]:
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id]) if found else []


def send(run_id: str, uri: str, experiment: str, *options: str) -> Result:
    return call("mlflow", run_id, "--tracking-uri", uri, "--experiment", experiment, *options)


def read_file(client: "MlflowClient", exported: "ExportedRun", name: str, folder: Path) -> bytes:
    return Path(client.download_artifacts(exported.info.run_id, name, str(folder))).read_bytes()


@on_server
def test_mlflow_holds_what_the_run_says(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str, tmp_path: Path
) -> None:
    run = make_run(head="dense", seed=2, units=64)
    run = add_files(run, environment=json.dumps({"git_commit": "ab" * 20}), model=b"weights", log="/home/user")
    NoteBook(make_run.home).write(run.run_id, Note(name="The best β", tags=("paper", "draft"), text="Check 4."))
    result = send(run.run_id[:6], uri, experiment)
    assert result.exit_code == 0, result.output
    (exported,) = list_exported(client, experiment)
    assert result.stdout == f"{exported.info.run_id}\n"
    assert (exported.info.run_name, exported.info.status) == ("The best β", "FINISHED")
    # As of the training, not of the export: RunWriter's first run finished on 1 January 2026 at 0:01, after 6 seconds.
    assert (exported.info.start_time, exported.info.end_time) == (1767225654000, 1767225660000)

    params = exported.data.params
    assert params["recipe"] == "digits-heads"
    assert (params["dataset"], params["head"], params["backbone"]) == ("digits", "dense", "conv_pool")
    assert (params["units"], params["seed"], params["train_images"]) == ("64", "2", "all")
    assert (params["augmentation"], params["patience"]) == ("none", "none")
    assert params["data"] == run.record.data.fingerprint
    assert {*params} - {"recipe"} == {name for name in SETTINGS if run.spec.uses(name)}

    for column, name in (("loss", "train_loss"), ("val_accuracy", "validation_accuracy")):
        points = sorted(client.get_metric_history(exported.info.run_id, name), key=lambda point: point.step)
        assert [point.step for point in points] == [1, 2, 3]
        assert [point.value for point in points] == run.history[column].tolist()
        assert [point.timestamp for point in points] == [1767225656000, 1767225658000, 1767225660000]
    metrics = exported.data.metrics
    assert metrics["test_accuracy"] == run.record.metrics.test_accuracy
    assert metrics["test_loss"] == run.record.metrics.test_loss
    assert metrics["cost/params"] == run.record.cost.params
    assert metrics["cost/train_seconds"] == run.record.cost.train_seconds

    tags = exported.data.tags
    assert tags[RUN_ID] == run.run_id
    assert json.loads(tags["headroom.spec"]) == run.spec.canonical()
    assert json.loads(tags["headroom.checksums"]) == run.record.checksums
    assert tags["headroom.tags"] == "paper, draft"
    assert tags["mlflow.source.name"] == write_command(run.spec)
    assert tags["mlflow.source.git.commit"] == "ab" * 20
    assert tags["mlflow.note.content"] == "    Check 4."

    files = {file.path for file in client.list_artifacts(exported.info.run_id)}
    assert {"record.json", "history.jsonl", "predictions.npz", "note.txt"} <= files
    assert not {"model.keras", "log.txt"} & files
    predictions = (run.path / "predictions.npz").read_bytes()
    assert read_file(client, exported, "predictions.npz", tmp_path) == predictions


@on_server
@long
def test_exported_again_a_run_is_recognised(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str
) -> None:
    run = make_run()
    first = send(run.run_id, uri, experiment).stdout.strip()
    repeated = send(run.run_id, uri, experiment)
    assert (repeated.exit_code, repeated.stdout, repeated.stderr) == (
        0,
        "",
        f"{run.run_id}: already in MLflow as {first}.\n",
    )
    rewrite(run, predictions=[0] * run.record.data.test_images)
    other = send(run.run_id, uri, experiment)
    assert other.stderr == f"{run.run_id}: already in MLflow as {first} with different results, which are kept.\n"
    assert len(list_exported(client, experiment)) == 1


@on_server
def test_killed_export_is_no_finished_run_and_is_completed_by_the_next(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str, tmp_path: Path
) -> None:
    run = add_files(make_run(), model=bytes(80_000_000))  # takes long enough to be sent
    words = [run.run_id, "--tracking-uri", uri, "--experiment", experiment, "--models"]
    command = [sys.executable, "-m", "core", "export", "mlflow", *words]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "HEADROOM_HOME": str(make_run.home.path)})
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any("test_accuracy" in exported.data.metrics for exported in list_exported(client, experiment)):
            assert process.poll() is None
            assert time.monotonic() < deadline
    finally:
        process.kill()
        process.wait()
    (half,) = list_exported(client, experiment)
    assert half.info.status == "RUNNING"
    result = send(run.run_id, uri, experiment, "--models")
    assert result.exit_code == 0, result.output
    (whole,) = list_exported(client, experiment)
    assert (whole.info.run_id, whole.info.status) == (half.info.run_id, "FINISHED")
    assert len(client.get_metric_history(whole.info.run_id, "train_loss")) == run.record.trained_epochs
    assert {"model.keras", "record.json"} <= {file.path for file in client.list_artifacts(whole.info.run_id)}


@on_server
def test_later_export_adds_models_and_current_notes(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str, tmp_path: Path
) -> None:
    run = add_files(make_run(), model=b"weights")
    assert send(run.run_id, uri, experiment).exit_code == 0
    second = send(run.run_id, uri, experiment)
    assert "added" not in second.output
    (exported,) = list_exported(client, experiment)
    assert "model.keras" not in {file.path for file in client.list_artifacts(exported.info.run_id)}
    NoteBook(make_run.home).write(run.run_id, Note(name="Final", tags=("paper",), text="Check 5."))
    later = send(run.run_id, uri, experiment, "--models")
    assert later.exit_code == 0, later.output
    assert "added model.keras, notes" in " ".join(later.output.split())
    (exported,) = list_exported(client, experiment)
    assert exported.info.run_name == "Final"
    assert exported.data.tags["headroom.tags"] == "paper"
    assert read_file(client, exported, "model.keras", tmp_path) == b"weights"
    assert read_file(client, exported, "note.txt", tmp_path) == b"Check 5."


@on_server
def test_half_an_export_of_other_results_gives_way(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str
) -> None:
    run = make_run()
    experiment_id = client.create_experiment(experiment)
    half = client.create_run(experiment_id, tags={RUN_ID: run.run_id, RECORD: "of another run"})
    assert send(run.run_id, uri, experiment).exit_code == 0
    (exported,) = list_exported(client, experiment)
    assert exported.info.run_id != half.info.run_id


@on_server
def test_texts_of_users_are_exported_as_text(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str, tmp_path: Path
) -> None:
    run = make_run()
    name = "<b>=cmd()</b> [x](javascript:y)"
    NoteBook(make_run.home).write(run.run_id, Note(name=name, tags=("<i>", "β=1"), text=HOSTILE))
    result = send(run.run_id, uri, experiment)
    assert result.exit_code == 0, result.output
    (exported,) = list_exported(client, experiment)
    assert exported.info.run_name == name
    assert exported.data.tags["headroom.tags"] == "<i>, β=1"
    shown = exported.data.tags["mlflow.note.content"]
    assert shown == f"{write_literally(HOSTILE)[:4_999]}…"
    assert [line[:12] for line in shown.splitlines()] == [
        "    <script>",
        "    # [a](ja",
        "    ```",
        "    =1+1\u202e�xx",
    ]
    assert read_file(client, exported, "note.txt", tmp_path).decode() == HOSTILE


@on_server
def test_long_and_diverged_training_arrives(
    make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str
) -> None:
    """More epochs than one request may hold, and a loss that is no number."""
    rows = history_of(600)
    rows[-1]["loss"] = None
    run = rewrite(make_run(epochs=600), history=rows, metrics={"test_loss": None})
    assert send(run.run_id, uri, experiment).exit_code == 0
    (exported,) = list_exported(client, experiment)
    assert "test_loss" not in exported.data.metrics
    assert len(client.get_metric_history(exported.info.run_id, "train_loss")) == 599
    assert len(client.get_metric_history(exported.info.run_id, "validation_loss")) == 600


@on_server
def test_deleted_experiment_is_refused(make_run: RunWriter, client: "MlflowClient", uri: str, experiment: str) -> None:
    client.delete_experiment(client.create_experiment(experiment))
    result = send(make_run().run_id, uri, experiment)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (f"MLflow experiment {experiment!r} was deleted. Restore it, or choose another name.\n")


def test_unreachable_server_is_reported(make_run: RunWriter, monkeypatch: Any) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    result = send(make_run().run_id, "http://user:secret@127.0.0.1:9", "Headroom")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Cannot export to MLflow at http://127.0.0.1:9: no response.\n"


def test_unknown_uri_is_reported(make_run: RunWriter) -> None:
    result = send(make_run().run_id, "nowhere://x", "Headroom")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Cannot export to MLflow at nowhere://x: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["", "x" * 251, "a\nb"])
def test_experiment_without_a_name_to_show_is_refused(make_run: RunWriter, name: str) -> None:
    result = send(make_run().run_id, "http://127.0.0.1:9", name)
    assert result.exit_code == 1
    assert result.stderr.startswith("Expected the experiment name to have 1 to 250 printable characters")
