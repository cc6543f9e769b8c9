"""The command jobs."""

from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.command import ask, call, refused
from tests.support.run_writer import RunWriter


def test_failed_job_says_why(home: Home, queued: RunSpec) -> None:
    job = JobQueue(home).claim()
    assert job is not None
    JobQueue(home).settle(job, "failed", "Not enough disk space for this run.")
    assert ask("show", queued.run_id)["reason"] == "Not enough disk space for this run."
    (row,) = ask("jobs")
    assert (row["status"], row["reason"]) == ("failed", "Not enough disk space for this run.")
    assert "Not enough disk space" in call("jobs").stdout


def test_finished_job_has_its_test_accuracy(home: Home, make_run: RunWriter) -> None:
    run = make_run()
    JobQueue(home).submit([run.spec])
    (row,) = ask("jobs")
    assert (row["status"], row["test_accuracy"]) == ("finished", run.record.metrics.test_accuracy)
    assert f"{run.record.metrics.test_accuracy:.1%}" in call("jobs").stdout


def test_cancelled_job_is_cancelled_and_not_twice(home: Home, queued: RunSpec) -> None:
    assert call("jobs", "cancel", queued.run_id[:8]).exit_code == 0
    (row,) = ask("jobs")
    assert (row["run_id"], row["status"], row["submitted_by"]) == (queued.run_id, "cancelled", "a test")
    code, line = refused("jobs", "cancel", queued.run_id)
    assert code == 1
    assert queued.run_id in line


def test_queue_is_paused_reordered_and_requeued_from_the_command_line(home: Home, queued: RunSpec) -> None:
    other = queued.replace(seed=1)
    assert call("jobs", "pause").exit_code == 0
    for words in (["jobs"], ["jobs", "pause"]):
        assert "The queue is paused" in call(*words).stderr
    JobQueue(home).submit([other])
    for word, order in (("first", [other, queued]), ("down", [queued, other]), ("up", [other, queued])):
        assert "of 2 in the queue." in call("jobs", word, other.run_id[:8]).stderr
        assert [job.spec for job in JobQueue(home).unfinished()] == order
    assert call("jobs", "cancel", other.run_id).exit_code == 0
    code, line = refused("jobs", "retry", other.run_id)
    assert (code, line.strip()) == (1, f"Cannot queue failed job {other.run_id!r} again: it is cancelled.")
    assert f"{other.run_id}: queued." in call("jobs", "resume", other.run_id).stderr
    JobQueue(home).cancel(queued.run_id)
    JobQueue(home).cancel(other.run_id)
    assert call("jobs", "go-on").stderr == "The queue is no longer paused.\n"
    assert JobQueue(home).paused() is None
    assert not (home.jobs / "dispatcher.lock").exists()
