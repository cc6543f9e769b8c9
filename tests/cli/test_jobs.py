"""The command jobs."""

import re
import shutil
from collections.abc import Callable

import pytest

from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.spec import RunSpec
from core.store.run_store import RunStore
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
    assert (code, line.strip()) == (
        1,
        f"Job {other.run_id} is cancelled; only failed jobs can be retried. "
        f"To resume it from its checkpoint, run: headroom jobs resume {other.run_id}",
    )
    assert f"{other.run_id}: queued." in call("jobs", "resume", other.run_id).stderr
    JobQueue(home).cancel(queued.run_id)
    JobQueue(home).cancel(other.run_id)
    assert call("jobs", "go-on").stderr == "The queue is no longer paused.\n"
    assert JobQueue(home).paused() is None
    assert not (home.jobs / "dispatcher.lock").exists()


COMMANDS = {
    "cancel": "cancelled",
    "resume": "resumed",
    "retry": "retried",
    "first": "moved",
    "up": "moved",
    "down": "moved",
}
MOVES = {"first", "up", "down"}


def claim(home: Home) -> Job:
    job = JobQueue(home).claim()
    assert job is not None
    return job


def cancel_running(home: Home) -> None:
    JobQueue(home).cancel(claim(home).run_id)


def publish(home: Home, spec: RunSpec, make_run: RunWriter) -> None:
    JobQueue(home).settle(claim(home), "finished")
    make_run(spec)


def delete(home: Home, spec: RunSpec, make_run: RunWriter) -> None:
    publish(home, spec, make_run)
    RunStore(home).delete(spec.run_id)


def damage(home: Home, spec: RunSpec, make_run: RunWriter) -> None:
    publish(home, spec, make_run)
    (home.runs / spec.run_id / "predictions.npz").write_bytes(b"")


# For each state: how a job gets into it, how a sentence names it, and the commands that it allows.
STATES: dict[str, tuple[Callable[[Home, RunSpec, RunWriter], object], str, set[str]]] = {
    "queued": (lambda *_: None, "is queued", {"cancel", *MOVES}),
    "paused": (lambda home, *_: JobQueue(home).pause(), "is queued", {"cancel", *MOVES}),
    "running": (lambda home, *_: claim(home), "is running", {"cancel"}),
    "stopping": (lambda home, *_: cancel_running(home), "is being cancelled", {"cancel"}),
    "cancelled": (lambda home, spec, _: JobQueue(home).cancel(spec.run_id), "is cancelled", {"resume"}),
    "failed": (lambda home, *_: JobQueue(home).settle(claim(home), "failed", "No disk."), "has failed", {"retry"}),
    "finished": (publish, "is finished", set()),
    "damaged": (damage, "is finished", set()),
    "deleted": (delete, "is finished", set()),
    "without a job": (lambda home, *_: shutil.rmtree(home.jobs), "has no job", set()),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.usefixtures("no_dispatcher")
def test_command_that_a_state_does_not_allow_says_what_to_do(
    state: str, home: Home, queued: RunSpec, make_run: RunWriter
) -> None:
    enter, named, allowed = STATES[state]
    if state == "without a job":
        make_run(queued)
    enter(home, queued, make_run)
    followed = set()
    for command in sorted(COMMANDS.keys() - allowed):
        code, line = refused("jobs", command, queued.run_id)
        assert code == 1
        assert re.match(rf"(Job|Run) '?{queued.run_id}'? {named}; only ", line), line
        assert f" jobs can be {COMMANDS[command]}. " in line
        followed |= {*re.findall(rf"run: headroom ([a-z ]+?) {queued.run_id}", line)}
        assert followed or state in ("paused", "deleted", "damaged")
    assert ("run: headroom jobs unpause" in line) == (state == "paused")
    assert ("was deleted" in line) == (state == "deleted")
    assert ("predictions.npz" in line) == (state == "damaged")
    for command in sorted(allowed - {one.removeprefix("jobs ") for one in followed}):
        result = call("jobs", command, queued.run_id)
        assert result.exit_code == 0, result.stderr
        assert queued.run_id in result.stderr
    for words in sorted(followed - ({"jobs resume"} if state == "stopping" else set()), reverse=True):  # cancels last
        result = call(*words.split(), queued.run_id)
        assert result.exit_code == 0, result.stderr
