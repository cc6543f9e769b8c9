"""The dispatcher and local processes: real processes, really killed, with jobs that only simulate training."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.datasets.cache import pin
from core.errors import JobError
from core.home import Home
from core.jobs.dispatcher import Dispatcher
from core.jobs.local_executor import LocalExecutor
from core.jobs.progress import read_log
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.jobs.submit import cancel_job, submit, submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.damage import DAMAGES
from tests.support.dispatcher import (
    LONG,
    SPEC,
    Dispatch,
    alive,
    dispatcher_pid,
    running,
    state,
    until,
    worker_pid,
)
from tests.support.paths import ROOT
from tests.support.stand_in_worker import CRASHES, CRASHES_ONCE, FAILS, PARENT, STAND_IN, STUBBORN

pytestmark = pytest.mark.xdist_group("jobs")


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


def test_ten_concurrent_submissions_create_one_job(served: Home) -> None:
    script = """if True:
        import os, sys
        from pathlib import Path
        from core.home import Home
        from core.jobs.submit import submit
        from core.spec import RunSpec
        ready, go = os.pipe()
        for _ in range(10):
            if os.fork() == 0:
                os.close(go)
                os.read(ready, 1)
                answer = submit(Home(Path(sys.argv[1])), RunSpec(train_images=200, epochs=20))
                os.write(1, answer.status.encode() + b" ")
                os._exit(0)
        os.close(go)
        for _ in range(10):
            os.wait()
    """
    answers = subprocess.run(
        [sys.executable, "-c", script, str(served.path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(answers.stdout.split()) == 10, answers.stderr
    assert set(answers.stdout.split()) <= {"queued", "running"}
    run_id = pin(served, SPEC.replace(epochs=20)).run_id
    assert [job.run_id for job in JobQueue(served).jobs() if job.spec.epochs == 20] == [run_id]
    wait(served, [run_id])
    job = JobQueue(served).job(run_id)
    assert job is not None
    assert job.attempt == 1


def test_slots_are_never_exceeded_and_every_job_runs_once(served: Home) -> None:
    specs = [SPEC.replace(seed=seed) for seed in range(6)]
    run_ids = [submission.run_id for submission in submit_all(served, specs)]
    most = 0
    while JobQueue(served).unfinished():
        at_work = [p for p in (served.jobs / "processes").glob("*-?") if p.is_file()]
        most = max(most, len(at_work))
        time.sleep(0.01)
    assert most == 2
    store = RunStore(served)
    for run_id in run_ids:
        folder = store.path(run_id)
        assert folder is not None
        assert [json.loads(line)["epoch"] for line in (folder / "history.jsonl").read_text().splitlines()] == [1, 2, 3]
        assert not (served.jobs / run_id).exists()
    assert list((served.jobs / "processes").iterdir()) == []


def test_job_that_fails_with_a_message_is_not_retried(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=FAILS)).run_id
    assert wait(served, [run_id]) == {run_id: "failed"}
    job = JobQueue(served).job(run_id)
    assert job is not None
    assert (job.attempt, job.reason) == (1, "Expected a test to fail; got one.")
    assert read_log(served, run_id).splitlines()[0] == "Loading …"
    assert read_log(served, run_id, lines=1) == ""
    row = next(row for row in list_runs(served) if row["run_id"] == run_id)
    assert (row["status"], row["params"], row["recipe"]) == ("failed", 24_586, "digits-heads")


def test_job_that_keeps_dying_is_tried_three_times(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=CRASHES)).run_id
    wait(served, [run_id])
    job = JobQueue(served).job(run_id)
    assert job is not None
    assert (job.state, job.attempt) == ("failed", 3)
    assert job.reason == (
        "The training process crashed 3 times: killed by signal 11 (Segmentation fault). See the job log, then retry "
        "the job."
    )


def test_crashed_job_continues_from_its_checkpoint(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=CRASHES_ONCE)).run_id
    assert wait(served, [run_id]) == {run_id: "finished"}
    folder = RunStore(served).path(run_id)
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["attempt"]) for line in lines] == [(1, 1), (2, 1), (3, 2)]


@pytest.mark.parametrize(("seed", "seconds"), [(PARENT, 0.0), (STUBBORN, 1.5)])
def test_cancelled_job_ends_with_its_children(seed: int, seconds: float, served: Home) -> None:
    """One job leaves a child that ignores SIGTERM, the other ignores it itself and is killed after two seconds."""
    spec = pin(served, LONG.replace(seed=seed))
    submit(served, spec)
    job = running(served, spec)
    pid, child = worker_pid(served, job), int((served.jobs / job.run_id / "child").read_text())
    started = time.monotonic()
    cancel_job(served, job.run_id)
    until(lambda: not alive(pid) and not alive(child), 3)
    assert time.monotonic() - started > seconds
    until(lambda: state(served, spec) == "cancelled")
    assert RunStore(served).path(job.run_id) is None
    row = next(row for row in list_runs(served) if row["run_id"] == job.run_id)
    assert row["status"] == "cancelled"
    assert row["test_accuracy"] is None


def test_next_dispatcher_adopts_running_jobs_and_can_cancel_them(home: Home, dispatch: Dispatch) -> None:
    first = dispatch()
    spec = pin(home, LONG)
    submit(home, spec)
    job = running(home, spec)
    pid = worker_pid(home, job)
    first.kill()
    first.wait()
    assert alive(pid)
    dispatch()
    time.sleep(0.5)
    assert alive(pid)
    assert JobQueue(home).job(job.run_id) == job
    JobQueue(home).cancel(job.run_id)
    until(lambda: not alive(pid), 3)
    until(lambda: state(home, spec) == "cancelled")


def test_cached_run_starts_no_process(home: Home, dispatch: Dispatch) -> None:
    first = dispatch("--idle-seconds", "1")
    run_id = submit(home, SPEC).run_id
    assert wait(home, [run_id]) == {run_id: "finished"}
    first.wait(10)
    before = (home.jobs / "queue.sqlite").stat()
    started = time.process_time()
    submission = submit(home, SPEC)
    seconds = time.process_time() - started
    assert (submission.run_id, submission.status) == (run_id, "finished")
    assert (home.jobs / "queue.sqlite").stat() == before
    assert dispatcher_pid(home) is None
    assert seconds < 0.05
    assert [row["run_id"] for row in list_runs(home)].count(run_id) == 1


def test_deleted_run_is_retrained(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=20)).run_id
    wait(served, [run_id])
    folder = RunStore(served).path(run_id)
    assert folder is not None
    until(lambda: not JobQueue(served).unfinished())
    os.rename(folder, served.path / "away")
    assert submit(served, SPEC.replace(seed=20)).status == "queued"
    assert wait(served, [run_id]) == {run_id: "finished"}


def test_idle_dispatcher_ends_and_a_second_one_does_not_start(home: Home, dispatch: Dispatch) -> None:
    first = dispatch("--idle-seconds", "1")
    Dispatcher(home, LocalExecutor(home, warm=False)).run()
    assert dispatcher_pid(home) == first.pid
    assert first.wait(10) == 0
    assert dispatcher_pid(home) is None


def test_job_submitted_while_a_dispatcher_ends_is_not_lost(home: Home, spec: RunSpec) -> None:
    """Between the last read of the table and the release of the lock, the submitting process sees a running
    dispatcher.
    """

    class Late(Dispatcher):
        rounds = 0

        def _work(self) -> None:
            self.rounds += 1
            if self.rounds == 1:
                self.queue.submit([spec])
            else:
                super()._work()

    executor = LocalExecutor(home, warm=False, module=STAND_IN)
    late = Late(home, executor, idle_seconds=0.5)
    late.run()
    assert late.rounds == 2
    assert state(home, spec) == "finished"


def test_job_can_run_as_a_plain_process(home: Home, spec: RunSpec) -> None:
    JobQueue(home).submit([spec, spec.replace(seed=FAILS)])
    executor = LocalExecutor(home, warm=False, module=STAND_IN)
    Dispatcher(home, executor, idle_seconds=0.5).run()
    assert [job.state for job in JobQueue(home).jobs()] == ["failed", "finished"]
    assert [job.attempt for job in JobQueue(home).jobs()] == [1, 1]


def test_damaged_file_of_a_process_counts_as_a_lost_attempt(home: Home) -> None:
    executor = LocalExecutor(home, warm=False, module=STAND_IN)
    executor.processes.mkdir(parents=True)
    for kind, damage in DAMAGES.items():
        path = executor.processes / "0-1"
        path.write_bytes(b"999999999 ")
        damage(path)
        executor.stop("0-1")
        assert executor.poll("0-1").state == "lost", kind
        assert not path.exists() or kind == "folder"
        if path.is_dir():
            path.rmdir()
    executor.processes.rmdir()
    executor.processes.touch()
    assert executor.poll("0-1").state == "lost"


def test_wait_reports_the_progress_of_each_run(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=21, epochs=20)).run_id
    seen = []
    wait(served, [run_id], lambda run, state, progress: seen.append((run, state, progress)), every_seconds=0.05)
    assert seen[-1][:2] == (run_id, "finished")
    epochs = [progress.epoch for _, _, progress in seen if progress and progress.epoch]
    assert epochs == sorted(epochs)
    assert len({*epochs}) > 1, "progress before the last epoch"
    with pytest.raises(JobError, match="was not found; it may have been deleted"):
        wait(served, ["0" * 12])


def test_process_whose_log_is_on_a_full_disk_writes_its_exit_code(home: Home, spec: RunSpec, tmp_path: Path) -> None:
    folder = home.jobs / spec.replace(seed=FAILS).run_id
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(spec.replace(seed=FAILS).model_dump()))
    (folder / "attempt").write_text("1")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs a file that is always full: /dev/full is not there")
    (folder / "log.txt").symlink_to(full)
    with (tmp_path / "lock").open("w+") as lock:
        words = ["core.jobs.process", STAND_IN, str(folder), str(tmp_path), str(lock.fileno())]
        done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, pass_fds=[lock.fileno()], check=False)
        assert done.returncode == 1
        assert lock.read().split()[1:] == ["1"]
