"""The job table: its order, its pause, tables of former versions, and clocks that jump."""

import itertools
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.cache import open_dataset, pin
from core.displays.job_table import list_active_jobs, list_completed_jobs
from core.errors import HomeError, JobStateError
from core.home import Home
from core.jobs import database as table_module
from core.jobs.dispatcher import Dispatcher, ensure_dispatcher
from core.jobs.executor import Status
from core.jobs.failure_reason import DISK_FULL, OUT_OF_MEMORY, explain_failure, explain_loss
from core.jobs.failure_reason import OUT_OF_GPU_MEMORY as GPU
from core.jobs.local_executor import LocalExecutor
from core.jobs.memory_kills import count_memory_kills
from core.jobs.progress import Progress
from core.jobs.queue import JobQueue
from core.jobs.submit import requeue_job
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.dispatcher import SPEC
from tests.support.paths import ROOT
from tests.support.stand_in_worker import FAILS, STAND_IN


@pytest.fixture
def specs(home: Home) -> list[RunSpec]:
    open_dataset(home, "digits")
    return [pin(home, SPEC.replace(seed=seed)) for seed in range(4)]


@pytest.fixture
def queue(home: Home, specs: list[RunSpec]) -> JobQueue:
    """Four queued jobs, submitted in the order of their seeds."""
    queue = JobQueue(home)
    queue.submit(specs)
    return queue


def seeds(queue: JobQueue) -> list[int]:
    return [job.spec.seed for job in queue.unfinished()]


# -- order ------------------------------------------------------------------------------------------------------------


def test_moved_job_is_started_at_its_new_position(queue: JobQueue, specs: list[RunSpec]) -> None:
    queue.move(specs[3].run_id, -99)
    assert seeds(queue) == [3, 0, 1, 2]
    queue.move(specs[0].run_id, 1)
    assert seeds(queue) == [3, 1, 0, 2]
    queue.move(specs[2].run_id, -1)
    assert seeds(queue) == [3, 1, 2, 0]
    claimed = [queue.claim() for _ in range(4)]
    assert [job and job.spec.seed for job in claimed] == [3, 1, 2, 0]
    with pytest.raises(JobStateError, match="is running; only queued jobs can be moved"):
        queue.move(specs[3].run_id, -1)


def test_longer_training_waits_for_the_run_that_it_continues(home: Home) -> None:
    queue = JobQueue(home)
    short, long, other = RunSpec(epochs=3), RunSpec(epochs=5), RunSpec(epochs=5, seed=1)
    queue.submit([short, long, other])
    first, second = queue.claim(), queue.claim()
    assert (first and first.spec, second and second.spec) == (short, other)
    assert queue.claim() is None
    assert first is not None
    queue.settle(first, "finished")
    third = queue.claim()
    assert third is not None
    assert third.spec == long


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), max_size=6))
def test_moving_a_job_equals_moving_a_list_item(moves: list[tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        queue = JobQueue(Home(Path(folder)))
        specs = [SPEC.replace(seed=seed) for seed in range(4)]
        queue.submit(specs)
        order = [0, 1, 2, 3]
        for seed, positions in moves:
            queue.move(specs[seed].run_id, positions)
            index = min(max(order.index(seed) + positions, 0), 3)
            order.remove(seed)
            order.insert(index, seed)
        assert seeds(queue) == order
        queue.submit([SPEC.replace(seed=4)])
        assert seeds(queue) == [*order, 4]


# -- pause ------------------------------------------------------------------------------------------------------------


def test_paused_queue_starts_no_job_until_it_is_unpaused(home: Home, queue: JobQueue) -> None:
    queue.pause("a test")
    queue.pause("another")
    pause = JobQueue(home).paused()
    assert pause is not None
    assert pause.submitted_by == "a test"
    assert queue.claim() is None
    assert not queue.has_work()
    assert not ensure_dispatcher(home)
    assert not (home.jobs / "dispatcher.lock").exists()
    queue.unpause()
    queue.unpause()
    assert queue.paused() is None
    assert queue.claim() is not None


def test_dispatcher_of_a_paused_queue_settles_running_jobs_and_ends_when_idle(home: Home, queue: JobQueue) -> None:
    """It neither imports what workers need nor waits for a queue that may be paused for days."""
    job = queue.claim()
    queue.pause()
    assert job is not None
    assert queue.has_work()
    executor = LocalExecutor(home, warm=False, module=STAND_IN)
    Dispatcher(home, executor, idle_seconds=0.3).run()
    assert sorted(job.state for job in queue.unfinished()) == ["queued"] * 4  # the lost one is queued again
    assert not list(executor.processes.glob("*")) if executor.processes.exists() else True


def test_home_without_jobs_has_none_to_change(home: Home) -> None:
    queue = JobQueue(home)
    for change in (lambda: queue.cancel("0" * 12), lambda: queue.move("0" * 12, 1)):
        with pytest.raises(JobStateError, match="has no job; only queued"):
            change()
    queue.unpause()
    assert queue.remove_damaged() == 0
    assert not home.path.exists()


def test_home_without_jobs_can_be_paused(home: Home) -> None:
    queue = JobQueue(home)
    assert queue.paused() is None
    queue.unpause()
    assert not home.path.exists()
    queue.pause()
    assert queue.paused() is not None


# -- retry ------------------------------------------------------------------------------------------------------------


def test_only_a_job_in_the_given_state_is_retried(home: Home, queue: JobQueue, specs: list[RunSpec]) -> None:
    queue.pause()
    queue.cancel(specs[0].run_id)
    with pytest.raises(JobStateError, match="is cancelled; only failed jobs can be retried"):
        requeue_job(home, specs[0].run_id, "failed")
    with pytest.raises(JobStateError, match="Run '0' has no job; only failed jobs can be retried"):
        requeue_job(home, "0", "failed")
    assert requeue_job(home, specs[0].run_id, "cancelled", submitted_by="a test").status == "queued"
    assert seeds(queue) == [1, 2, 3, 0]
    job = queue.job(specs[0].run_id)
    assert job is not None
    assert job.submitted_by == "a test"


# -- former versions --------------------------------------------------------------------------------------------------

OLD = """
CREATE TABLE job (run_id TEXT PRIMARY KEY, number INTEGER NOT NULL, spec TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', attempt INTEGER NOT NULL DEFAULT 0, cancel INTEGER NOT NULL DEFAULT 0,
    queued_at REAL NOT NULL, started_at REAL, ended_at REAL);
INSERT INTO job (run_id, number, spec, queued_at) SELECT run_id, number, spec, queued_at FROM new.job;
"""


@pytest.fixture
def old(home: Home, queue: JobQueue) -> Path:
    """The same jobs in a table of a version without columns for deaths, priorities, reasons and pauses."""
    new = queue.path.rename(queue.path.with_name("new.sqlite"))
    with closing(sqlite3.connect(queue.path)) as table:
        table.execute("ATTACH ? AS new", (str(new),))
        table.executescript(OLD)
    return queue.path


def test_table_of_a_former_version_is_upgraded(home: Home, old: Path) -> None:
    queue = JobQueue(home)
    assert seeds(queue) == [0, 1, 2, 3]
    job = JobQueue(home).claim()
    assert job is not None
    assert (job.spec.seed, job.deaths, job.priority, job.reason) == (0, 0, 0, "")
    queue.settle(job, "failed", "Expected a test to fail; got one.")
    queue.pause()
    assert [job.reason for job in queue.ended(9)] == ["Expected a test to fail; got one."]


def test_former_version_can_use_the_current_table(home: Home, old: Path) -> None:
    assert len(JobQueue(home).jobs()) == 4
    with closing(sqlite3.connect(old)) as table, table:
        table.execute("INSERT INTO job (run_id, number, spec, queued_at) VALUES ('abcdefabcdef', 9, '{}', 1.0)")
    assert JobQueue(home).newest_number() == 9


def test_table_without_required_columns_is_rejected(home: Home, old: Path) -> None:
    with closing(sqlite3.connect(old)) as table, table:
        table.execute("ALTER TABLE job DROP COLUMN number")
    for read in (JobQueue(home).jobs, JobQueue(home).claim, JobQueue(home).pause):
        with pytest.raises(HomeError, match=r"from an incompatible version \(column .* is missing\)"):
            read()


def test_former_table_in_a_read_only_home_is_reported(home: Home, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(table_module, "_TIMEOUT_SECONDS", 0.1)
        with pytest.raises(HomeError, match="Cannot"):
            JobQueue(home).jobs()


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_clock_jumps_change_neither_order_nor_attempts(
    home: Home, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, jumps = time.time(), itertools.cycle((-86_400.0, 86_400.0, 0.0, -3_600.0))
    monkeypatch.setattr(time, "time", lambda: now + next(jumps))
    queue = JobQueue(home)
    for spec in (*specs, specs[0].replace(seed=FAILS)):
        queue.submit([spec])
    assert seeds(queue) == [0, 1, 2, 3, FAILS]
    assert [job.spec.seed for job in queue.jobs()] == [FAILS, 3, 2, 1, 0]
    for spec in specs[1:]:
        queue.cancel(spec.run_id)
    executor = LocalExecutor(home, warm=False, module=STAND_IN)
    Dispatcher(home, executor, idle_seconds=0.3).run()
    jobs = queue.jobs()
    assert [(job.state, job.attempt) for job in jobs] == [("failed", 1), *[("cancelled", 0)] * 3, ("finished", 1)]
    frame = list_completed_jobs(jobs, time.time(), RunStore(home))
    assert list(frame["Test accuracy"]) == [*["–"] * 4, "90.0%"]
    assert not frame["Duration"].str.contains("-").any()
    assert not frame["Completed"].str.contains("-").any()


# -- reasons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("Loading\nThe training diverged: the loss is nan.\n\n", "The training diverged: the loss is nan."),
        ("MemoryError\nExpected epochs between 1 and 2; got 0.", "Expected epochs between 1 and 2; got 0."),
        ("MemoryError\nValueError: It has failed.", OUT_OF_MEMORY),
        ("core.errors.DatasetError: The data is damaged.", "The data is damaged."),
        ("Traceback …\n  numpy\nMemoryError", OUT_OF_MEMORY),
        ("terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc", OUT_OF_MEMORY),
        ("OSError: [Errno 28] No space left on device: 'x'\ncleaning up", DISK_FULL),
        ("OSError: [Errno 122] Disk quota exceeded", DISK_FULL),
        ("ResourceExhaustedError: OOM when allocating tensor with shape[9] on /device:GPU:0 by GPU_0_bfc", GPU),
        ("InternalError: CUDA_ERROR_OUT_OF_MEMORY: out of memory", GPU),
        ("ResourceExhaustedError: OOM when allocating tensor with shape[9] on /device:CPU:0 by cpu", OUT_OF_MEMORY),
        ("ResourceExhaustedError: /tmp/x; No space left on device", DISK_FULL),
        ("ZeroDivisionError: division by zero", "ZeroDivisionError: division by zero"),
        ("", "The training failed without any output. Retry the job."),
    ],
)
def test_failure_reason_is_a_message(log: str, reason: str) -> None:
    assert explain_failure(log) == reason


@pytest.mark.parametrize(
    ("status", "log", "reason"),
    [
        (Status("lost", -6), "std::bad_alloc", OUT_OF_MEMORY),
        (Status("lost", -9), "Epoch 1", "The system or a user killed the training 3 times (signal 9). "),
        (Status("lost", -9, out_of_memory=True), "", "The training ran out of memory: the system killed 3 attempts."),
        (Status("lost", -9), "OSError: [Errno 28] No space left on device", DISK_FULL),
        (Status("lost", -11, memory_limit=10**9), "", "The training ran out of memory: it crashed at the "),
        (Status("lost", -6, memory_limit=10**9), "Epoch 1", "The training ran out of memory: it crashed at the "),
        (Status("lost", -11), "Epoch 1", "The training process crashed 3 times: killed by signal 11 (Segmentation "),
        (Status("lost", -7), "", "The training process crashed 3 times: killed by signal 7 (Bus error)."),
        (Status("lost", -15), "", "The training stopped without a result in 3 attempts: killed by signal 15 "),
        (Status("lost"), "", "The training process ended 3 times without a result or an exit code, "),
        (Status("lost", reason="the node has failed"), "", "The training stopped without a result in 3 attempts: the "),
    ],
)
def test_reason_of_a_lost_process_is_a_message(status: Status, log: str, reason: str) -> None:
    assert explain_loss(status, log, 3).startswith(reason)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is kept only by Linux")
def test_memory_limit_is_read_from_the_limits_of_the_process() -> None:
    code = "from core.jobs.local_executor import find_memory_limit; print(find_memory_limit())"
    limits = ((2**30, 2**30), (resource.RLIM_INFINITY,) * 2)
    for limit, expected in zip(limits, (str(2**30), "None"), strict=True):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, limit),
        )  # fmt: skip
        assert done.stdout.strip() == expected


GROUPS = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        ({}, 0),
        ({"proc/vmstat": "nr_free 1\noom_kill 7\n"}, 7),
        ({"proc/vmstat": "oom_kill 1\n", "proc/self/cgroup": "0::/a", f"{GROUPS}/a/memory.events": "oom_kill 2\n"}, 2),
        ({"proc/vmstat": "oom_kill 7\n", "proc/self/cgroup": "0::/b\n", f"{GROUPS}/memory.events": "oom_kill 3\n"}, 3),
        ({"proc/self/cgroup": "4:memory:/a\n0::/\n", f"{GROUPS}/memory/a/memory.oom_control": "oom_kill 4\n"}, 4),
        ({"proc/self/cgroup": "4:cpu:/a\n", "proc/vmstat": "nr_free 1\n"}, 0),
    ],
)  # fmt: skip
def test_memory_kills_are_read_from_the_counter_of_the_kernel(
    tmp_path: Path, files: dict[str, str], kills: int
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert count_memory_kills(tmp_path) == kills


# -- formatted tables -------------------------------------------------------------------------------------------------


def test_running_jobs_come_first_and_unknown_values_are_dashes(queue: JobQueue, specs: list[RunSpec]) -> None:
    queue.move(specs[2].run_id, -99)
    job = queue.claim()
    assert job is not None
    queue.move(specs[1].run_id, -99)
    progress = Progress(
        phase="training", epoch=1, epochs=4, step=1, steps=2, loss=0.25, images_per_second=1234, eta_seconds=75
    )
    frame = list_active_jobs(queue.unfinished(), {job.run_id: progress})
    assert list(frame["Run"]) == [specs[seed].run_id for seed in (2, 1, 0, 3)]
    first, second = frame.to_dict("records")[:2]
    assert first["Job"] == "GAP · seed 2"
    assert [first[name] for name in ("Status", "Progress", "Epoch", "Loss", "Images/s", "Time left", "Attempt")] == [
        "training", 37.5, "2 of 4", "0.250", "1,234", "1 min 15 s", "1",
    ]  # fmt: skip
    assert (second["Status"], second["Progress"], second["Epoch"], second["Attempt"]) == ("queued", 0.0, "–", "–")
    queue.cancel(job.run_id)
    assert list_active_jobs(queue.unfinished(), {job.run_id: progress})["Status"][0] == "stopping"


@pytest.mark.parametrize("jump", [3.5e7, -3.5e7])
def test_duration_of_a_job_survives_a_clock_jump(
    queue: JobQueue, specs: list[RunSpec], monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    queue.submit(specs[:1])
    job = queue.claim()
    assert job
    now = time.time()
    monkeypatch.setattr("core.jobs.queue.time.time", lambda: now + jump)
    queue.settle(job, "failed", "It broke.")
    settled = queue.job(job.run_id)
    assert settled
    assert settled.started_at
    assert settled.ended_at == now + jump
    assert 0 <= settled.ended_at - settled.started_at < 60


def test_jobs_of_a_sweep_have_a_column_per_swept_value(queue: JobQueue, specs: list[RunSpec]) -> None:
    queue.submit([specs[0].replace(blocks=1), specs[0].replace(head="dense", units=64)])
    frame = list_active_jobs(queue.unfinished(), {})
    assert list(frame)[:3] == ["Job", "Blocks", "Status"]  # only one job uses units
    assert list(frame["Blocks"]) == ["2"] * 4 + ["1", "2"]
