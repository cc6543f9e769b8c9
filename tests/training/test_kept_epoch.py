"""The kept epoch of the real worker: predictions of both epochs, kills and continuation."""

import os
import shutil
import signal

import pytest

from core.home import Home
from core.store.import_validation import check_run
from core.store.metrics import compute_metrics
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.markers import long
from tests.support.training_run import FILES, assert_same_training, make_job, start, train, wait_until

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    # Keras passes TensorFlow's variables to np.array, which they support in the way of NumPy 1.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]
KEPT = {"head": "dense", "epochs": 16, "learning_rate": 0.01, "dropout": 0.0, "keep": "best_val_loss"}  # overfits


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Run:
    """A run that keeps its best epoch, which is not the last."""
    home = Home(tmp_path_factory.mktemp("kept"))
    folder = make_job(home, **KEPT)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    return RunStore(home).open(folder.name)


def test_best_epoch_is_kept_with_the_predictions_of_both_epochs(kept, tmp_path):
    losses = kept.history["val_loss"].tolist()
    record = kept.record
    assert record.kept_epoch == 1 + losses.index(min(losses)) < record.trained_epochs == 16
    assert record.metrics.validation_loss == pytest.approx(min(losses), rel=1e-5)
    assert record.last_metrics is not None
    assert record.last_metrics.validation_loss == pytest.approx(losses[-1], rel=1e-5)
    for found, metrics in ((kept.predictions, record.metrics), (kept.last_predictions, record.last_metrics)):
        assert compute_metrics(found.test_probs, found.test_labels)[1] == metrics.test_accuracy
    assert {path.name for path in kept.path.iterdir()} == FILES | {"predictions-last.npz", "last.keras"}
    exported = shutil.copytree(kept.path, tmp_path / kept.run_id, ignore=shutil.ignore_patterns("log.txt"))
    check_run(exported)


@long
def test_killed_training_keeps_the_same_epoch(kept, tmp_path):
    """Kill after a best epoch, so that its weights come from the file next to the checkpoint."""
    folder = make_job(Home(tmp_path), **KEPT)
    process = start(folder)
    wait_until(lambda: [*folder.glob("best-*.npz")])
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert [*folder.glob("best-*.npz")]
    assert not Home(tmp_path).runs.exists()
    assert train(folder) == 0, (folder / "log.txt").read_text()
    resumed = RunStore(Home(tmp_path)).open(folder.name)
    assert "from epoch 1 of" not in (resumed.path / "log.txt").read_text().partition("Epoch 2:")[2]
    assert_same_training(kept, resumed)
    assert resumed.record.kept_epoch == kept.record.kept_epoch
    assert resumed.record.last_metrics == kept.record.last_metrics


@long  # trains twice; the resumption of a best epoch is tested above
def test_continuation_of_a_shorter_run_keeps_the_epoch_of_an_uninterrupted_one(kept, tmp_path):
    home = Home(tmp_path)
    shorter = make_job(home, **{**KEPT, "epochs": kept.record.kept_epoch + 2})
    assert train(shorter) == 0
    folder = make_job(home, **KEPT)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    run = RunStore(home).open(folder.name)
    assert run.record.resumed_at == (kept.record.kept_epoch + 2,)
    assert_same_training(kept, run)
    assert run.record.kept_epoch == kept.record.kept_epoch
    assert run.record.last_metrics == kept.record.last_metrics
