"""The command train."""

import signal
import subprocess
import sys
import time

import pytest

from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.command import ask, call
from tests.support.dispatcher import until
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import FAILS


def test_cached_runs_are_reported_and_not_trained(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3), head=head) for head in ("gap", "dense")]
    result = call("train", "--recipe", "digits-heads", "--epochs", "3")
    assert result.exit_code == 0
    assert result.stdout.split() == [run.run_id for run in runs]
    assert result.stderr.count("cached") == 2
    assert not (home.jobs / "queue.sqlite").exists()


def test_setting_that_only_one_head_uses_reaches_that_head(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3, seed=5), head=head, units=64) for head in ("gap", "dense")]
    words = ["--epochs", "3", "--units", "64", "--seed", "5", "--heads", "gap,dense"]
    assert call("train", "--recipe", "digits-heads", *words).stdout.split() == [run.run_id for run in runs]
    assert runs[1].spec.units == 64


def test_seeds_count_upwards(make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3), head="flatten", seed=seed, predictions=False) for seed in (7, 8)]
    words = ["--heads", "flatten", "--seed", "7", "--seeds", "2", "--epochs", "3"]
    assert call("train", "--recipe", "digits-heads", *words).stdout.split() == [run.run_id for run in runs]


@pytest.mark.xdist_group("jobs")
def test_failed_training_says_why_and_ends_with_1(served: Home) -> None:
    result = call("train", "--recipe", "digits-heads", "--epochs", "2", "--heads", "gap", "--seed", str(FAILS))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip().endswith("failed: Expected a test to fail; got one.")
    (row,) = ask("runs", "--status", "failed")
    assert row["run_id"] in result.stderr


@pytest.mark.xdist_group("jobs")
def test_training_is_waited_for_or_not(served: Home) -> None:
    words = ["train", "--recipe", "digits-heads", "--epochs", "3", "--heads", "gap"]
    result = call(*words, "--no-wait")
    assert result.exit_code == 0
    assert "queued" in result.stderr
    assert ask("doctor")["dispatcher"]["pid"]
    repeated = call(*words)
    assert (repeated.exit_code, repeated.stdout) == (0, result.stdout)
    assert "test accuracy 90.0%" in repeated.stderr
    assert [row["status"] for row in ask("runs")] == ["finished"]


@pytest.mark.xdist_group("jobs")
def test_ctrl_c_ends_the_waiting_and_not_the_training(served: Home) -> None:
    words = ["train", "--recipe", "digits-heads", "--epochs", "1000", "--heads", "gap"]
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: [job.state for job in JobQueue(served).jobs()] == ["running"])
    time.sleep(1)  # from asking to waiting
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "headroom jobs" in err
    (job,) = JobQueue(served).jobs()
    assert job.state == "running"
    assert call("jobs", "cancel", job.run_id).exit_code == 0
    until(lambda: ask("jobs")[0]["status"] == "cancelled")
