"""Exported runs, read back with an MLflow server and TensorBoard's event reader."""

import doctest
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner, Result

from core.cli.app import app
from core.exporters import export_record
from core.exporters.export_record import write_literally
from core.exporters.mlflow import RECORD, RUN_ID
from core.home import Home
from core.recipes import write_command
from core.spec import SETTINGS
from core.store.note import Note, NoteBook
from core.store.run import Run
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

if TYPE_CHECKING:  # MLflow takes seconds to import, in each process that collects the tests
    from mlflow import MlflowClient
    from mlflow.entities import Run as ExportedRun

PATIENCE_SECONDS = 90
HOSTILE = "<script>alert(1)</script>\n# [a](javascript:alert(1))\n```\n=1+1\u202e\0" + "x" * 9_000

on_server = pytest.mark.xdist_group("mlflow")


@pytest.fixture(autouse=True)
def _without_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, words)])


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


# -- MLflow ---------------------------------------------------------------------------------------------------------


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


# -- TensorBoard ----------------------------------------------------------------------------------------------------

# TensorBoard's reader uses TensorFlow if it is installed, unless this module prevents it.
READ = """
import json, sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.util.tensor_util import make_ndarray

found = {}
for folder in sys.argv[1:]:
    events = EventAccumulator(folder, size_guidance={"tensors": 0})
    events.Reload()
    exported = found[folder] = {"from": events.FirstEventTimestamp(), "scalars": {}, "texts": {}, "hparams": {}}
    for tag in events.Tags()["tensors"]:
        plugin, points = events.SummaryMetadata(tag).plugin_data, events.Tensors(tag)
        if plugin.plugin_name == "scalars":
            exported["scalars"][tag] = [(p.step, p.wall_time, float(make_ndarray(p.tensor_proto))) for p in points]
        elif plugin.plugin_name == "text":
            exported["texts"][tag] = make_ndarray(points[0].tensor_proto).item().decode()
        else:
            for name, value in HParamsPluginData.FromString(plugin.content).session_start_info.hparams.items():
                exported["hparams"][name] = getattr(value, value.WhichOneof("kind"))
assert "tensorflow" not in sys.modules
print(json.dumps(found))
"""

LOADED = """
import json, runpy, sys
sys.argv[0] = "core"
try:
    runpy.run_module("core", run_name="__main__")
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def run_program(program: str, *words: object, home: Home) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, words)]
    environment = {**os.environ, "HEADROOM_HOME": str(home.path)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_tensorboard_reads_what_the_run_says(make_run: RunWriter, tmp_path: Path) -> None:
    runs = [make_run(), make_run(head="dense", seed=3, units=64)]
    NoteBook(make_run.home).write(runs[1].run_id, Note(name="<b>bold</b>", tags=("paper",), text=HOSTILE))
    result = call("tensorboard", *(run.run_id[:6] for run in runs), "-o", tmp_path / "board")
    assert result.exit_code == 0, result.output
    folders = [Path(line).parent for line in result.stdout.splitlines()]
    assert [folder.name for folder in folders] == [
        f"digits-gap-seed0-{runs[0].run_id}",
        f"digits-dense-seed3-{runs[1].run_id}",
    ]
    exported = json.loads(run_program(READ, *folders, home=make_run.home).stdout)
    for run, folder in zip(runs, folders, strict=True):
        found, ended = exported[str(folder)], 1767225660 + 60 * runs.index(run)
        assert found["from"] == ended - 6
        for column, tag in (("loss", "loss/train"), ("val_accuracy", "accuracy/validation")):
            steps, times, values = zip(*found["scalars"][tag], strict=True)
            assert (steps, times) == ((1, 2, 3), (ended - 4, ended - 2, ended))
            assert values == pytest.approx(run.history[column].tolist(), rel=1e-6)
        accuracy = pytest.approx(run.record.metrics.test_accuracy, rel=1e-6)
        assert found["scalars"]["accuracy/test"] == [[3, ended, accuracy]]
        assert found["scalars"]["cost/params"] == [[3, ended, run.record.cost.params]]
        assert found["hparams"]["recipe"] == "digits-heads"
        assert found["hparams"]["head"] == run.spec.head
        assert found["hparams"]["seed"] == run.spec.seed
        assert run.run_id in found["texts"]["run"]
        assert all(line.startswith("    ") for text in found["texts"].values() for line in text.splitlines())
    assert "note" not in exported[str(folders[0])]["texts"]
    assert exported[str(folders[1])]["texts"]["note"] == write_literally(HOSTILE)


def test_event_file_written_again_is_the_same(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    path = Path(call("tensorboard", run.run_id, "-o", tmp_path).stdout.strip())
    before = path.read_bytes()
    assert call("tensorboard", run.run_id, "-o", tmp_path).exit_code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*tfevents*")} == {path: before}


def test_event_file_is_written_without_tensorflow(make_run: RunWriter, tmp_path: Path) -> None:
    result = run_program(LOADED, "export", "tensorboard", make_run().run_id, "-o", tmp_path, home=make_run.home)
    assert result.returncode == 0, result.stderr
    libraries = json.loads(result.stdout.splitlines()[-1])
    assert "tensorboard" in libraries
    assert [name for name in ("tensorflow", "keras", "streamlit") if name in libraries] == []


def test_unwritable_folder_is_reported(make_run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call("tensorboard", make_run().run_id, "-o", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Cannot write {tmp_path / 'file'}")


def test_export_record_example() -> None:
    assert doctest.testmod(export_record) == (0, 1)


# -- both -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exporter", "options"), [("mlflow", ["--tracking-uri", "http://127.0.0.1:9"]), ("tensorboard", ["-o", "board"])]
)
def test_missing_package_is_reported(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, exporter: str, options: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, exporter, None)  # makes the import fail
    result = call(exporter, make_run().run_id, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{exporter} is not installed. Run: pip install -r requirements-{exporter}.txt\n"
    assert f"\n{exporter}" in (ROOT / f"requirements-{exporter}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["mlflow", "--tracking-uri", "http://127.0.0.1:9"], ["tensorboard", "-o", "board"]])
def test_damaged_run_goes_nowhere(
    make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole, damaged = make_run(), make_run(seed=1)
    (damaged.path / "history.jsonl").write_text("")
    result = call(words[0], whole.run_id, damaged.run_id, *words[1:])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"history.jsonl of run {damaged.run_id} is damaged (checksum mismatch).")
    assert not (tmp_path / "board").exists()
