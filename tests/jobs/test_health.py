"""Signs of life: what is read after processes were killed or stopped, and how jobs are revived."""

import json
import os
import signal
import time

import pytest
from typer.testing import CliRunner

from core.access.role import Role, User
from core.actions.job import revive_queue
from core.cli.app import app
from core.datasets.cache import pin
from core.displays.job_table import list_active_jobs
from core.displays.progress import describe_progress
from core.errors import AccessError
from core.home import Home
from core.jobs import health
from core.jobs.health import SILENT_SECONDS, is_dispatcher_silent, list_silent, read_health, read_live_progress
from core.jobs.progress import STARTING
from core.jobs.queue import JobQueue
from core.jobs.submit import revive_jobs
from core.jobs.wait import wait
from tests.support.dispatcher import LONG, SPEC, Dispatch, kill, queue_up, running, until, worker_pid
from tests.support.markers import long
from tests.support.run_writer import RunWriter

pytestmark = pytest.mark.xdist_group("health")


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SILENT_SECONDS", 1.0)


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        ({"attempt": 1, "phase": "training", "epoch": 1, "epochs": 4, "eta_seconds": 22.2}, "no sign of life for 40 s"),
        ({"attempt": 1, "phase": "exporting", "epoch": 4, "epochs": 4}, "no sign of life for 40 s"),
        ({"attempt": 0, "phase": "training", "epoch": 1, "epochs": 4}, "no sign of life for 40 s"),  # of an old attempt
        (None, "no sign of life for 40 s"),
    ],
)
def test_missing_sign_of_life_replaces_the_last_progress(home: Home, progress: dict | None, text: str) -> None:
    spec = queue_up(home, train_images=300)
    queue = JobQueue(home)
    job = queue.claim()
    assert job is not None
    with queue._table.writing() as table:
        table.execute("UPDATE job SET queued_at = ?, started_at = ?", (time.time() - 39.6,) * 2)
    (job,) = queue.running()
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    if progress:
        (folder / "progress.json").write_text(json.dumps({**progress, "updated_at": time.time() - 39.6}))
    found = read_live_progress(home, job)
    assert describe_progress("running", found)[1] == text
    row = list_active_jobs([job], {job.run_id: found}).iloc[0]
    assert (row["Status"], row["Time left"]) == (text, "–")
    assert [silent.run_id for silent in list_silent(home)] == [spec.run_id]
    assert is_dispatcher_silent(home)
    assert read_health(home).startswith("The dispatcher is not running")
    assert text.removesuffix("0 s") in CliRunner().invoke(app, ["jobs", "--json"]).output
    alive = {"attempt": 1, "phase": "training", "epoch": 1, "epochs": 4, "updated_at": time.time() - 1}
    (folder / "progress.json").write_text(json.dumps(alive))
    assert describe_progress("running", read_live_progress(home, job))[1] == "epoch 2 of 4"
    (home.jobs / "dispatcher.lock").touch()
    assert not is_dispatcher_silent(home)
    until(lambda: not read_health(home))


def test_attempt_that_waits_for_a_machine_is_starting_while_the_dispatcher_lives(home: Home) -> None:
    queue_up(home, train_images=300)
    queue = JobQueue(home)
    queue.claim()
    with queue._table.writing() as table:
        table.execute("UPDATE job SET started_at = ?", (time.time() - 10 * SILENT_SECONDS,))
    (job,) = queue.running()
    (home.jobs / "dispatcher.lock").touch()
    assert describe_progress("running", read_live_progress(home, job)) == (0.0, "starting worker")


def test_job_has_a_true_text_before_its_worker_and_after_its_publication(home: Home, make_run: RunWriter) -> None:
    spec = queue_up(home, train_images=300)
    queue = JobQueue(home)
    (job,) = queue.unfinished()
    (home.jobs / "dispatcher.lock").touch()
    assert describe_progress(job.state, read_live_progress(home, job)) == (0.0, STARTING)
    job = queue.claim()
    assert job is not None
    make_run(spec)
    assert describe_progress("running", read_live_progress(home, job)) == (1.0, "finishing: publishing")
    queue.submit([spec.replace(seed=1)])
    (waiting,) = [other for other in queue.unfinished() if other.state == "queued"]
    assert describe_progress(waiting.state, read_live_progress(home, waiting)) == (0.0, "queued")


def test_viewer_cannot_revive(home: Home) -> None:
    with pytest.raises(AccessError):
        revive_queue(User("somebody", Role.VIEWER), home)


def test_killed_dispatcher_and_worker_are_read_as_silent_and_revived(
    home: Home, dispatch: Dispatch, short_timeout: None
) -> None:
    spec = pin(home, SPEC.replace(epochs=15))
    JobQueue(home).submit([spec])
    dispatcher = dispatch()
    job = running(home, spec)
    worker = worker_pid(home, job)
    dispatcher.kill()
    dispatcher.wait()
    kill(worker)
    until(lambda: list_silent(home))
    assert JobQueue(home).running()
    assert "no sign of life" in describe_progress("running", read_live_progress(home, job))[1]
    assert read_health(home)
    dispatch()
    assert wait(home, [spec.run_id]) == {spec.run_id: "finished"}
    lines = (home.runs / spec.run_id / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [*range(1, 16)]
    until(lambda: not read_health(home))


@long
def test_stopped_worker_is_restarted_on_request(home: Home, dispatch: Dispatch, short_timeout: None) -> None:
    spec = pin(home, LONG.replace(epochs=15))
    JobQueue(home).submit([spec])
    dispatch()
    job = running(home, spec)
    pid = worker_pid(home, job)
    os.kill(pid, signal.SIGSTOP)
    until(lambda: list_silent(home))
    time.sleep(0.3)
    assert JobQueue(home).job(spec.run_id).attempt == 1  # the dispatcher does not restart it on its own
    assert revive_jobs(home) == [spec.run_id]
    assert wait(home, [spec.run_id]) == {spec.run_id: "finished"}
    assert JobQueue(home).job(spec.run_id).attempt == 2
