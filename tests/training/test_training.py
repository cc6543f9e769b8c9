"""Training of a job's folder by the real worker, in processes forked as by the dispatcher."""

import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.augment.corruption import list_rows, select_corrupted_images
from core.cli import doctor
from core.datasets.cache import open_dataset
from core.files import compute_checksum, write_json
from core.home import Home
from core.jobs.executor import Status
from core.jobs.failure_reason import explain_failure, explain_loss
from core.spec import RunSpec
from core.store.history import HISTORY
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support import full_disk
from tests.support.bundle import add_models
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.training_run import FILES, SMALL, assert_same_training, epochs_of, make_job, start, train, wait_until

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    # Keras passes TensorFlow's variables to np.array, which they support in the way of NumPy 1.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def fail(folder: Path, spare_bytes: int | None = None) -> str:
    """Train a job that must fail and publish nothing; return its last message."""
    assert train(folder, spare_bytes) == 1
    assert not Home(folder.parents[1]).runs.exists()
    return (folder / "log.txt").read_text().splitlines()[-1]


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def run(shared_home) -> Run:
    """A run that was not interrupted."""
    folder = make_job(shared_home, head="gap_linear", epochs=3)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    return RunStore(shared_home).open(folder.name)


def test_run_contains_exactly_its_files(run, shared_home):
    assert {path.name for path in run.path.iterdir()} == FILES
    assert not (shared_home.jobs / run.run_id).exists()


def test_checksums_match_every_file_but_the_record(run):
    assert {name: compute_checksum(run.path / name) for name in FILES - {"record.json"}} == run.record.checksums


@pytest.fixture(scope="module")
def measured(run, shared_home, tmp_path_factory) -> Run:
    """A copy of the run with its evidence."""
    from core.training.evidence import compute_evidence

    home = Home(tmp_path_factory.mktemp("measured") / "home")
    shutil.copytree(shared_home.path, home.path)
    compute_evidence(home, RunStore(home).open(run.run_id))
    return RunStore(home).open(run.run_id)


def test_evidence_follows_in_its_own_files(run, measured):
    assert run.awaits_evidence
    assert run.robustness is None
    assert not measured.awaits_evidence
    assert {path.name for path in measured.path.iterdir()} == FILES | {"evidence.json", "robustness.npz"}
    assert (measured.path / "record.json").read_bytes() == (run.path / "record.json").read_bytes()
    cost = measured.record.cost
    assert run.record.cost.latency_seconds == cost.latency_seconds < cost.latency_32_seconds
    assert cost.latency_32_seconds <= cost.latency_32_p95_seconds
    measured.verify()


def test_record_matches_the_files(run):
    record, predictions = run.record, run.predictions
    layers = json.loads((run.path / "layers.json").read_text())
    assert record.cost.params == sum(row["trainable"] + row["non_trainable"] for row in layers) == run.model.params
    assert record.cost.keras_bytes == (run.path / "model.keras").stat().st_size
    assert record.cost.tflite_bytes == (run.path / "model.tflite").stat().st_size
    assert 0 < record.cost.latency_seconds <= record.cost.latency_p95_seconds
    assert record.cost.train_seconds == pytest.approx(run.history["seconds"].iloc[-1], abs=1e-3)
    assert (record.data.train_images, record.data.validation_images, record.data.test_images) == (160, 40, 360)
    assert predictions.test_probs.shape == (360, 10)
    assert predictions.test_probs.dtype == np.float32
    assert predictions.validation_probs.shape == (40, 10)
    hits = predictions.test_probs.argmax(axis=1) == predictions.test_labels
    assert record.metrics.test_accuracy == hits.mean()
    assert json.loads((run.path / "environment.json").read_text())["dataset_fingerprint"] == record.data.fingerprint


def test_history_has_one_line_per_epoch_and_ends_with_the_validation_metrics(run):
    history = run.history
    assert tuple(history.columns) == HISTORY
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history["seconds"].is_monotonic_increasing
    assert history["val_loss"].iloc[-1] == pytest.approx(run.record.metrics.validation_loss, rel=1e-6)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]


def test_log_has_no_tensorflow_warnings(run):
    log = (run.path / "log.txt").read_text()
    assert "Epoch 3" in log
    assert not any(word in log for word in ("cuda", "oneDNN", "WARNING", "absl"))


def report_of(run: Run, home: Home, path: Path) -> dict:
    """Return the default report of a run, as JSON from the command line."""
    command = [sys.executable, "-m", "core", "report", "export", run.run_id, "-o", str(path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"HEADROOM_HOME": str(home.path)}, check=True, timeout=120)
    return json.loads(path.read_text())


@long  # trains three times and writes two reports
def test_commands_of_a_report_reproduce_its_results(run, shared_home, tmp_path):
    """Train, export, and retrain in an empty home with the commands that the report prints."""
    printed = report_of(run, shared_home, tmp_path / "printed.json")
    home = Home(tmp_path / "home")
    env = os.environ | {"HEADROOM_HOME": str(home.path), "HEADROOM_EXAMPLES": str(tmp_path)}
    try:
        for command in printed["reproduction"]["commands"]:
            program, *arguments = shlex.split(command)
            assert program == "headroom"
            words = [sys.executable, "-m", "core", *arguments]
            done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200)
            assert done.returncode == 0, done.stderr
            if "train" in words:
                assert done.stdout.strip() == run.run_id
                assert "GAP (linear maps), seed 0: test accuracy " in done.stderr
    finally:
        if pid := doctor.find_dispatcher(home):
            os.kill(pid, signal.SIGTERM)
    assert_same_training(run, RunStore(home).open(run.run_id))
    reproduced = report_of(run, home, tmp_path / "reproduced.json")
    assert reproduced["headline"] == printed["headline"]
    assert reproduced["runs"] == printed["runs"]
    for name in ("confusion", "class_accuracy", "calibration", "layers"):
        old, new = ([s["frame"] for s in one["sections"] if s["display"] == name] for one in (printed, reproduced))
        assert old == new != []


@long
def test_killed_training_lists_nothing_and_resumes_to_the_same_result(tmp_path):
    from core.training.pool import is_compiled

    straight, stopped = Home(tmp_path / "straight"), Home(tmp_path / "stopped")
    settings = {"epochs": 8, "dropout": 0.5, "blocks": 1, "filters": 64, "padding": "same", "batch_size": 4}
    assert is_compiled(4, 4, settings["filters"])  # of the pooled maps
    assert train(make_job(straight, **settings)) == 0
    folder = make_job(stopped, **settings)
    for epochs, end in ((1, signal.SIGKILL), (4, signal.SIGTERM)):
        process = start(folder)
        wait_until(lambda least=epochs: epochs_of(folder) > least)
        os.kill(process.pid, end)
        process.join()
        assert process.exitcode == -end
        assert not stopped.runs.exists()
    assert train(folder) == 0, (folder / "log.txt").read_text()
    resumed = RunStore(stopped).open(folder.name)
    starts = re.findall(r"from epoch (\d+) of 8", (resumed.path / "log.txt").read_text())
    assert starts[0] == "1"
    assert 1 < int(starts[1]) < int(starts[2])
    assert_same_training(RunStore(straight).open(folder.name), resumed)


@pytest.fixture
def continued(run, tmp_path) -> Path:
    """A job for 5 epochs with the model after 3 and a history with a fourth epoch, whose model was not saved."""
    folder = make_job(Home(tmp_path), head="gap_linear", epochs=5)
    shutil.copy(run.path / "model.keras", folder / "checkpoint-0003.keras")
    lines = (run.path / "history.jsonl").read_text().splitlines(keepends=True)
    (folder / "history.jsonl").write_text("".join([*lines, lines[-1].replace('"epoch": 3', '"epoch": 4')]))
    return folder


def test_finished_run_continued_to_more_epochs_equals_a_single_training(continued, tmp_path):
    other = Home(tmp_path / "other")
    at_once = make_job(other, head="gap_linear", epochs=5)
    assert (train(continued), train(at_once)) == (0, 0)
    first, second = RunStore(Home(tmp_path)).open(continued.name), RunStore(other).open(at_once.name)
    assert_same_training(first, second)
    assert first.history["seconds"].is_monotonic_increasing
    assert "from epoch 4 of 5" in (first.path / "log.txt").read_text()


@long
def test_damaged_checkpoint_is_skipped(continued):
    (continued / "checkpoint-0003.keras").write_bytes(b"no model")
    assert train(continued) == 0
    run = RunStore(Home(continued.parents[1])).open(continued.name)
    assert run.history["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert "from epoch 1 of 5" in (run.path / "log.txt").read_text()


@long  # a whole training for one field of the record
def test_continuation_mark_is_deleted_with_its_checkpoint(continued):
    write_json(continued / "resumed.json", [3])
    (continued / "checkpoint-0003.keras").write_bytes(b"no model")
    assert train(continued) == 0
    assert RunStore(Home(continued.parents[1])).open(continued.name).record.resumed_at == ()


def test_bad_cached_model_is_not_copied_and_training_starts_from_scratch(tmp_path, make_run, capsys):
    from core.training.job import JobFolder

    cached = add_models(make_run(head="gap_linear", epochs=3))
    folder = make_job(Home(tmp_path / "home"), **cached.spec.replace(epochs=5).model_dump())
    job = JobFolder(folder)
    assert job.continue_from(RunStore(job.home)) is None
    assert sorted(path.name for path in folder.iterdir()) == ["attempt", "spec.json"]
    assert f"Cannot continue from model.keras of {cached.run_id}: " in capsys.readouterr().out


def test_diverged_training_fails_with_a_message(continued):
    import keras

    path = continued / "checkpoint-0003.keras"
    model = keras.saving.load_model(path)
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(path)
    words = fail(continued)
    assert words == ("The training diverged: the loss is nan in epoch 4. Use a learning rate below 0.001.")


@long
def test_checkpoint_compiled_with_a_former_loss_is_continued(continued):
    import keras

    path = continued / "checkpoint-0003.keras"
    model = keras.saving.load_model(path)
    model.compile(optimizer=model.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(path)
    assert train(continued) == 0
    run = RunStore(Home(continued.parents[1])).open(continued.name)
    assert "from epoch 4 of 5" in (run.path / "log.txt").read_text()


def test_data_of_another_fingerprint_is_rejected(home):
    open_dataset(home, "digits")
    spec = RunSpec(**SMALL, data="0123456789abcdef")
    folder = home.jobs / spec.run_id
    write_json(folder / "spec.json", spec.model_dump())
    (folder / "attempt").write_text("1")
    assert fail(folder).startswith("The fingerprint of Digits does not match: 0123456789abcdef in the spec, ")


def test_progress_counts_epochs_and_steps_and_older_attempt_writes_nothing_more(home):
    folder = make_job(home, epochs=1000, batch_size=1)
    process = start(folder)
    messages = []

    def training() -> bool:
        try:
            messages.append(json.loads((folder / "progress.json").read_text()))
        except FileNotFoundError:
            return False
        return messages[-1].get("eta_seconds") is not None

    wait_until(training)
    epochs = epochs_of(folder)
    (folder / "attempt").write_text("2")
    process.join(60)
    assert process.exitcode == 1
    assert (folder / "log.txt").read_text().splitlines()[-1] == "Attempt 1 was replaced by attempt 2 and stops."
    assert json.loads((folder / "progress.json").read_text())["attempt"] == 1
    assert not home.runs.exists()
    order = ["loading", "building", "compiling", "training"]
    seen = [message["phase"] for message in messages]
    assert seen == sorted(seen, key=order.index)
    last = messages[-1]
    assert last["phase"] == "training"
    assert (last["attempt"], last["epochs"], last["steps"]) == (1, 1000, 160)
    assert last["epoch"] in (epochs, epochs - 1)
    assert 0 < last["step"] <= 160
    assert last["images_per_second"] > 0
    assert last["eta_seconds"] > 0
    assert abs(last["updated_at"] - time.time()) < 60


def test_two_processes_do_not_share_a_job(home):
    folder = make_job(home, epochs=1)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert fail(folder) == f"Job {folder.name} is in use by another process. Cancel the job, then retry it."


@long  # trains twice; the older attempt is tested above
def test_replaced_attempt_stops_and_no_epoch_is_recorded_twice(home):
    """The attempt is stopped, as on a machine without a network, and continues when the next attempt is already
    waiting.
    """
    folder = make_job(home, epochs=12, batch_size=4)
    zombie = start(folder)
    wait_until(lambda: epochs_of(folder) >= 2)
    os.kill(zombie.pid, signal.SIGSTOP)
    (folder / "attempt").write_text("2\n")
    second = start(folder)
    wait_until(lambda: "waiting for an earlier attempt" in (folder / "progress.json").read_text())
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(60)
    second.join(120)
    assert (zombie.exitcode, second.exitcode) == (1, 0), (folder / "log.txt").read_text()
    run = RunStore(home).open(folder.name)
    assert run.history["epoch"].tolist() == list(range(1, 13))
    assert "Attempt 1 was replaced by attempt 2" in (run.path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("share", "memory", "limit"),
    [("", 80_000, None), ("0.5", 80_000, 36_000), ("0.25", 16_000, 3_600), ("1", 80_000, None), ("0", 80_000, None),
     ("0.5", None, None), ("half", 80_000, None), ("nan", 80_000, None), ("-1", 80_000, None)],
)  # fmt: skip
def test_gpu_share_limits_memory_and_a_whole_gpu_grows(share, memory, limit):
    from core.training.device import compute_limit

    assert compute_limit(share, memory) == limit


def test_folder_without_a_spec_is_rejected_with_a_message(home):
    folder = home.jobs / "0123456789ab"
    folder.mkdir(parents=True)
    assert fail(folder).startswith("Cannot read spec.json in ")


def test_corrupted_images_are_also_evaluated_clean(run, measured):
    found = measured.robustness
    assert [
        (str(name), round(float(value), 4)) for name, value in zip(found.corruptions, found.values, strict=True)
    ] == list_rows()
    assert np.array_equal(found.images, select_corrupted_images(360, run.model.flops))
    predictions = run.predictions.test_probs.argmax(axis=1)[found.images]
    assert (found.predictions[0] == predictions).mean() > 0.99
    right = (found.predictions == run.predictions.test_labels[found.images]).mean(axis=1)
    assert right[list_rows().index(("shift", 8))] < right[0]


def test_litert_model_gives_the_probabilities_and_maps_of_keras(run, shared_home):
    import keras
    from ai_edge_litert.interpreter import Interpreter

    images = open_dataset(shared_home, "digits").arrays().test_images[:7].astype(np.float32) / 255
    interpreter = Interpreter(model_path=str(run.path / "model.tflite"), num_threads=1)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], images.shape)
    outputs = interpreter.get_signature_runner("serving_default")(
        **{next(iter(interpreter.get_signature_list()["serving_default"]["inputs"])): images}
    )
    probs, maps = outputs["probabilities"], outputs["feature_maps"]
    model = keras.saving.load_model(run.path / "model.keras")
    assert np.abs(probs - model.predict(images, verbose=0)).max() < 1e-5
    assert np.abs(probs - run.predictions.test_probs[:7]).max() < 1e-5
    assert maps.shape == (7, 5, 5, 10)
    scores = np.exp(maps.mean(axis=(1, 2)))
    assert np.abs(scores / scores.sum(axis=1, keepdims=True) - probs).max() < 1e-5


def test_exported_model_has_no_class_of_this_project(run):
    with zipfile.ZipFile(run.path / "model.keras") as archive:
        modules = set(re.findall(r'"module": "([\w.]+)"', archive.read("config.json").decode()))
    assert modules
    assert all(name.partition(".")[0] == "keras" for name in modules)


@long  # imports Keras in one more process
def test_exported_model_is_plain_keras(run):
    code = "import keras, sys; print(keras.saving.load_model(sys.argv[1]).count_params()); print('core' in sys.modules)"
    command = [sys.executable, "-c", code, str(run.path / "model.keras")]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [str(run.model.params), "False"]


@long  # imports TensorFlow in one more process
def test_importing_worker_modules_starts_no_tensorflow_runtime():
    code = (
        "from core.training import preload; from tensorflow.python.eager import context; "
        "print(context.context()._initialized)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["False"], done.stderr


@long
def test_many_epochs_of_few_images_train_to_the_end(home):
    """The check every quarter second must not skip an epoch that takes less."""
    folder = make_job(home, train_images=20, epochs=120)
    assert train(folder) == 0, (folder / "log.txt").read_text()[-400:]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a limit on memory that is kept: only Linux'")
@pytest.mark.parametrize(
    ("settings", "epoch"),
    [({"head": "dense", "filters": 512, "units": 8192}, 0), ({"filters": 512, "batch_size": 4096}, 1)],
    ids=["for the model", "for its training"],
)
@long  # fills the memory of the machine
def test_too_little_memory_fails_with_a_message(home, settings, epoch):
    folder = make_job(home, **{"train_images": 1437, **settings})
    spare = 600 * 2**20
    code = train(folder, spare)
    log = (folder / "log.txt").read_text()
    assert not home.runs.exists()
    # TensorFlow reports some failed allocations and crashes at others.
    reason = explain_failure(log) if code == 1 else explain_loss(Status("lost", code, memory_limit=spare), log, 3)
    assert reason.startswith("The training ran out of memory")
    assert ("from epoch 1 of" in (folder / "log.txt").read_text()) == bool(epoch)


@long
def test_full_disk_fails_with_a_message_and_keeps_the_cache_readable(tmp_path):
    found = full_disk.run(tmp_path / "disk")
    sentence = "The disk is full. Free disk space, then train this run again."
    failed = {"state": "failed", "reason": sentence, "last": sentence}
    assert found["no space for the model"] == {**failed, "attempt": 1}
    assert found["no space for the export"] == {**failed, "attempt": 2}
    assert found["no space"] == {**failed, "attempt": 1}
    assert found["listed"] == [found["cached"]]
    assert found["whole while full"]
    assert (found["space again"]["state"], found["space again"]["attempt"]) == ("finished", 3)
    read_only = found["read-only"]
    assert len(read_only["messages"]) == 3
    assert all(sentence.startswith("Cannot write") for sentence in read_only["messages"]), read_only
    assert (read_only["same"], read_only["ensured"]) == (True, False)
    assert read_only["listed"] > 1
