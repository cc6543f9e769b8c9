"""Early stopping of the real worker."""

import os
import shutil
import signal

import pytest

from core.home import Home
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.markers import long
from tests.support.training_run import assert_same_training, epochs_of, make_job, start, train, wait_until

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    # Keras passes TensorFlow's variables to np.array, which they support in the way of NumPy 1.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
PATIENT = {"epochs": 40, "learning_rate": 0.02, "dropout": 0.0}  # overfits soon


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Run:
    """A run that ended early by its patience."""
    home = Home(tmp_path_factory.mktemp("patient"))
    folder = make_job(home, **PATIENT, patience=2)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    return RunStore(home).open(folder.name)


def test_training_ends_when_its_patience_is_exhausted(stopped):
    losses = stopped.history["val_loss"].tolist()
    epochs = len(losses)
    assert stopped.record.trained_epochs == epochs < 40
    assert losses.index(min(losses)) == epochs - 3
    assert f"Stopped after epoch {epochs} of 40" in (stopped.path / "log.txt").read_text()
    assert stopped.record.metrics.validation_loss == pytest.approx(losses[-1], rel=1e-5)


@long
def test_patience_counts_the_epochs_before_a_kill(stopped, tmp_path):
    folder = make_job(Home(tmp_path), **PATIENT, patience=2)
    process = start(folder)
    wait_until(lambda: epochs_of(folder) >= 2)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert train(folder) == 0
    assert_same_training(stopped, RunStore(Home(tmp_path)).open(folder.name))


@long
def test_stopped_run_equals_a_longer_one_with_the_same_patience(stopped, tmp_path):
    """With the same patience, a run of more epochs ends at the same epoch; epochs 7 to 40 were never trained."""
    home, epochs = Home(tmp_path), stopped.record.trained_epochs
    shutil.copytree(stopped.path, home.runs / stopped.run_id)
    longer = make_job(home, **{**PATIENT, "epochs": 60}, patience=2)
    assert train(longer) == 0, (longer / "log.txt").read_text()
    run = RunStore(home).open(longer.name)
    assert (run.record.trained_epochs, run.record.resumed_at) == (epochs, (epochs,))
    assert_same_training(stopped, run)


@long
def test_run_without_patience_is_not_continued_by_one_that_would_have_stopped(stopped, tmp_path):
    home, epochs = Home(tmp_path), stopped.record.trained_epochs
    far, near = make_job(home, **{**PATIENT, "epochs": epochs + 2}), make_job(home, **PATIENT, patience=2)
    assert (train(far), train(near)) == (0, 0)
    run = RunStore(home).open(near.name)
    assert run.record.resumed_at == ()
    assert_same_training(stopped, run)
