"""The queue, the dispatcher and local processes: real processes, really killed."""

import fcntl
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from core.datasets.cache import open_dataset, pin
from core.errors import DatasetError, HomeError, JobError, RunDamagedError, SpecError
from core.home import Home
from core.jobs import source
from core.jobs.dispatcher import Dispatcher, ensure_dispatcher
from core.jobs.listing import list_runs
from core.jobs.local import LocalExecutor, read_slots
from core.jobs.progress import read_log, read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.source import read_sources
from core.jobs.submit import cancel, check, submit, submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.runs import RunStore
from tests.support.dispatcher import (
    LONG,
    SPEC,
    alive,
    dispatcher_pid,
    end_all,
    end_dispatcher,
    kill,
    read_history_of,
    running,
    start_dispatcher,
    state,
    until,
    worker_pid,
)
from tests.support.markers import long
from tests.support.page import navigated, open_page
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import CRASHES, CRASHES_ONCE, FAILS, PARENT, STAND_IN, STUBBORN

pytestmark = pytest.mark.xdist_group("jobs")


def change_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    open_dataset(home, "digits")
    yield home
    end_all(home)


@pytest.fixture
def spec(home: Home) -> RunSpec:
    return pin(home, SPEC)


Dispatch = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def dispatch(home: Home) -> Iterator[Dispatch]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        started.append(start_dispatcher(home, *options, cwd=cwd))
        return started[-1]

    yield start
    for process in started:
        end_dispatcher(home, process)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a dispatcher at work, shared by tests that ask for different seeds and kill nobody."""
    home = Home(tmp_path_factory.mktemp("served"))
    open_dataset(home, "digits")
    process = start_dispatcher(home)
    yield home
    end_dispatcher(home, process)


# -- asking -----------------------------------------------------------------------------------------------------------


def test_home_without_jobs_has_none_and_reading_makes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "absent")
    assert JobQueue(home).jobs() == []
    assert JobQueue(home).job("0" * 12) is None
    assert read_progress(home, "0" * 12) is None
    assert read_log(home, "0" * 12) == ""
    assert list_runs(home).query("status != 'finished'").empty
    assert not ensure_dispatcher(home)
    assert not home.path.exists()


def test_jobs_of_a_read_only_home_can_be_read(home: Home, spec: RunSpec) -> None:
    JobQueue(home).submit([spec])
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table:
        table.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    home.jobs.chmod(0o555)
    try:
        assert state(home, spec) == "queued"
        assert sorted(path.name for path in home.jobs.iterdir()) == ["queue.sqlite"] or os.geteuid() == 0
    finally:
        home.jobs.chmod(0o755)


def test_check_names_the_data_and_counts_parameters_without_asking_for_anything(home: Home) -> None:
    pinned, model = check(home, SPEC)
    assert pinned.data == open_dataset(home, "digits").info.fingerprint
    assert model.params == 24_586
    assert not home.jobs.exists()


def test_spec_that_does_not_fit_is_refused_and_takes_the_others_with_it(home: Home) -> None:
    with pytest.raises(SpecError, match="Choose fewer blocks"):
        submit_all(home, [SPEC, SPEC.replace(blocks=6)])
    with pytest.raises(SpecError, match="Expected train_images between"):
        submit(home, SPEC.replace(train_images=5_000))
    with pytest.raises(DatasetError):
        submit(home, SPEC.replace(data="0" * 16))
    assert not home.jobs.exists()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1025", "1.5", "9" * 30])
def test_senseless_number_of_slots_is_refused_in_a_sentence(
    text: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", text)
    with pytest.raises(JobError, match="Expected HEADROOM_SLOTS to be a whole number between 1 and 1024; got"):
        submit(home, SPEC)
    assert not home.jobs.exists()


def test_slots_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "7")
    assert read_slots() == 7
    monkeypatch.delenv("HEADROOM_SLOTS")
    assert 1 <= read_slots() <= (os.cpu_count() or 1)


def test_home_that_cannot_be_written_is_said_in_a_sentence(home: Home) -> None:
    home.jobs.write_text("a file where a folder should be")
    with pytest.raises(HomeError, match="Expected to be able to write the table of jobs"):
        submit(home, SPEC)
    home.jobs.unlink()


def test_damaged_table_is_said_in_a_sentence(home: Home) -> None:
    home.jobs.mkdir()
    (home.jobs / "queue.sqlite").write_bytes(b"no table " * 200)
    with pytest.raises(HomeError, match="Expected a readable table of jobs"):
        JobQueue(home).jobs()
    (home.jobs / "queue.sqlite").unlink()


# -- the table --------------------------------------------------------------------------------------------------------


def test_queued_job_is_cancelled_at_once_and_can_be_asked_for_again(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    assert queue.submit([spec], "a test") == {spec.run_id: "queued"}
    queue.cancel(spec.run_id)
    assert state(home, spec) == "cancelled"
    with pytest.raises(JobError, match="Expected the id of a queued or running job"):
        queue.cancel(spec.run_id)
    assert queue.claim() is None
    assert queue.submit([spec]) == {spec.run_id: "queued"}


def test_jobs_are_claimed_in_the_order_of_asking_and_listed_newest_first(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    specs = [spec.replace(seed=seed) for seed in range(3)]
    queue.submit(specs)
    assert [job.spec for job in queue.jobs()] == specs[::-1]
    claimed = [queue.claim() for _ in range(4)]
    assert [job and job.spec.seed for job in claimed] == [0, 1, 2, None]


def test_asking_again_takes_a_cancel_back(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    queue.submit([spec])
    job = queue.claim()
    assert job is not None
    queue.cancel(spec.run_id)
    assert queue.submit([spec]) == {spec.run_id: "running"}
    assert queue.requeue(job) == "queued"


def test_cancel_wins_over_a_retry(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    queue.submit([spec])
    job = queue.claim()
    assert job is not None
    queue.cancel(spec.run_id)
    assert queue.requeue(job) == "cancelled"


# -- the dispatcher, with jobs that only pretend to train -------------------------------------------------------------


def test_ten_processes_that_ask_at_once_get_one_job(served: Home) -> None:
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
        assert [json.loads(line)["epoch"] for line in (folder / "history.jsonl").read_text().splitlines()] == [0, 1, 2]
        assert not (served.jobs / run_id).exists()
    assert list((served.jobs / "processes").iterdir()) == []


def test_job_that_fails_with_a_sentence_is_not_tried_again(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=FAILS)).run_id
    assert wait(served, [run_id]) == {run_id: "failed"}
    job = JobQueue(served).job(run_id)
    assert job is not None
    assert (job.attempt, job.reason) == (1, "Expected a test to fail; got one.")
    assert read_log(served, run_id).splitlines()[0] == "Loading …"
    assert read_log(served, run_id, lines=1) == ""
    row = list_runs(served).set_index("run_id").loc[run_id]
    assert (row["status"], row["params"], row["recipe"]) == ("failed", 24_586, "digits-heads")


def test_job_that_keeps_dying_is_tried_three_times(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=CRASHES)).run_id
    wait(served, [run_id])
    job = JobQueue(served).job(run_id)
    assert job is not None
    assert (job.state, job.attempt) == ("failed", 3)
    assert (
        job.reason
        == "Expected a training to end with a result; 3 attempts got killed by signal 11 (Segmentation fault)."
    )


def test_crashed_job_goes_on_where_it_was(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=CRASHES_ONCE)).run_id
    assert wait(served, [run_id]) == {run_id: "finished"}
    folder = RunStore(served).path(run_id)
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["attempt"]) for line in lines] == [(0, 1), (1, 1), (2, 2)]


@pytest.mark.parametrize(("seed", "seconds"), [(PARENT, 0.0), (STUBBORN, 1.5)])
def test_cancelled_job_is_gone_with_its_children(seed: int, seconds: float, served: Home) -> None:
    """One leaves a child behind that refuses to end, the other refuses itself and is given two seconds."""
    spec = pin(served, LONG.replace(seed=seed))
    submit(served, spec)
    job = running(served, spec)
    pid, child = worker_pid(served, job), int((served.jobs / job.run_id / "child").read_text())
    started = time.monotonic()
    cancel(served, job.run_id)
    until(lambda: not alive(pid) and not alive(child), 3)
    assert time.monotonic() - started > seconds
    until(lambda: state(served, spec) == "cancelled")
    assert RunStore(served).path(job.run_id) is None
    row = list_runs(served).set_index("run_id").loc[job.run_id]
    assert row["status"] == "cancelled"
    assert pd.isna(row["test_accuracy"])


def test_next_dispatcher_adopts_what_runs_and_cancels_it(home: Home, dispatch: Dispatch) -> None:
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


def test_cached_run_starts_nobody(home: Home, dispatch: Dispatch) -> None:
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
    assert list_runs(home)["run_id"].tolist().count(run_id) == 1


def test_deleted_run_is_trained_again(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=20)).run_id
    wait(served, [run_id])
    folder = RunStore(served).path(run_id)
    assert folder is not None
    until(lambda: not JobQueue(served).unfinished())
    os.rename(folder, served.path / "away")
    assert submit(served, SPEC.replace(seed=20)).status == "queued"
    assert wait(served, [run_id]) == {run_id: "finished"}


def test_idle_dispatcher_ends_and_a_second_one_does_not_begin(home: Home, dispatch: Dispatch) -> None:
    first = dispatch("--idle-seconds", "1")
    Dispatcher(home, LocalExecutor(home, warm=False)).run()
    assert dispatcher_pid(home) == first.pid
    assert first.wait(10) == 0
    assert dispatcher_pid(home) is None


def test_job_asked_for_while_a_dispatcher_goes_is_not_forgotten(home: Home, spec: RunSpec) -> None:
    """Between the last look at the table and the release of the lock, a submitter sees a dispatcher at work."""

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


def test_wait_tells_how_far_each_run_is(served: Home) -> None:
    run_id = submit(served, SPEC.replace(seed=21)).run_id
    seen = []
    wait(served, [run_id], lambda run, state, progress: seen.append((run, state, progress)), every_seconds=0.05)
    assert seen[-1][:2] == (run_id, "finished")
    epochs = [progress.epoch for _, _, progress in seen if progress and progress.epoch]
    assert epochs == sorted(epochs)
    assert 1 in epochs
    with pytest.raises(JobError, match="Expected the id of a run or a job"):
        wait(served, ["0" * 12])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"epoch": "three"}'])
def test_half_written_progress_is_no_progress(text: str, home: Home, spec: RunSpec) -> None:
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text(text)
    assert read_progress(home, spec.run_id) is None
    assert read_progress(home, "../escape") is None


def test_job_of_an_unknown_version_does_not_hide_the_list(home: Home, spec: RunSpec) -> None:
    JobQueue(home).submit([spec])
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table, table:
        table.execute("""UPDATE job SET spec = '{"wings": 2}'""")
    row = list_runs(home).set_index("run_id").loc[spec.run_id]
    assert row["status"] == "queued"
    assert pd.isna(row["params"])


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_job_of_an_unknown_head_is_shown_on_the_train_page_among_the_others(
    state: str, home: Home, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = spec.replace(seed=3)
    JobQueue(home).submit([spec, known])
    unknown = json.dumps({**spec.model_dump(), "head": "capsule"})
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table, table:
        table.execute("UPDATE job SET spec = ? WHERE run_id = ?", (unknown, spec.run_id))
        table.execute("UPDATE job SET state = ?, reason = 'Expected a head.'", (state,))
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    with (home.jobs / "dispatcher.lock").open("w") as lock, navigated():
        fcntl.flock(lock, fcntl.LOCK_EX)  # nobody is to be started for these
        app = open_page("train")
        assert not [*app.exception, *app.error]
        names = [f"Job {spec.run_id}", "GAP · Digits · seed 3"]
        if state == "failed":
            shown = [text.value for text in app.markdown if "· failed" in text.value]
            assert [text.value for text in app.text if "head" in text.value] == ["Expected a head."] * 2
        else:
            shown = [bar.proto.text for bar in app.get("progress")]
            assert f"stop-{spec.run_id}" in [button.key for button in app.button]
        assert all(any(name in text for text in shown) for name in names), shown


def test_damaged_run_that_is_trained_again_is_listed_as_the_job(home: Home) -> None:
    run, queue = RunWriter(home)(), JobQueue(home)

    def status() -> list[str]:
        frame = list_runs(home)
        return list(frame.loc[frame["run_id"] == run.run_id, "status"])

    queue.submit([run.spec])
    assert status() == ["finished"]
    change_byte(run.path / "predictions.npz")
    assert status() == ["queued"]
    queue.cancel(run.run_id)
    assert status() == ["finished"]


def test_process_whose_log_is_on_a_full_disk_leaves_its_exit_code(home: Home, spec: RunSpec, tmp_path: Path) -> None:
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


# -- the dispatcher that a submission starts, with trainings ----------------------------------------------------------

TRAINING = SPEC.replace(train_images=1000, epochs=6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home whose dispatcher, and with it the loaded TensorFlow, lives through several tests if none kills it."""
    home = Home(tmp_path_factory.mktemp("trained"))
    open_dataset(home, "digits")
    yield home
    end_all(home)


def assert_every_epoch_once(home: Home, spec: RunSpec) -> None:
    assert RunStore(home).open(spec.run_id).history["epoch"].tolist() == list(range(1, spec.epochs + 1))


def attempt(home: Home, spec: RunSpec) -> int:
    job = JobQueue(home).job(spec.run_id)
    assert job is not None
    return job.attempt


@pytest.mark.training
def test_killed_worker_is_replaced(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=1))
    assert submit(trained, spec).status == "queued"
    kill(worker_pid(trained, running(trained, spec)))
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    assert attempt(trained, spec) == 2
    assert_every_epoch_once(trained, spec)
    assert submit(trained, spec).status == "finished"


@pytest.mark.training
def test_killed_dispatcher_is_replaced_and_the_worker_adopted(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=3))
    submit(trained, spec)
    pid = worker_pid(trained, running(trained, spec))
    kill(dispatcher_pid(trained))
    assert alive(pid)
    assert ensure_dispatcher(trained)
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    assert attempt(trained, spec) == 1
    assert_every_epoch_once(trained, spec)


@pytest.mark.training
@long
def test_command_that_a_damaged_run_names_makes_it_whole_again(trained: Home) -> None:
    spec = pin(trained, SPEC.replace(epochs=1, seed=5, head="gmp_dense", units=16))
    submit(trained, spec)
    wait(trained, [spec.run_id])
    store = RunStore(trained)
    path = store.open(spec.run_id).path / "predictions.npz"
    whole = store.open(spec.run_id).predictions
    change_byte(path)
    with pytest.raises(RunDamagedError, match="got other bytes; train it again with: python ") as caught:
        _ = store.open(spec.run_id).predictions
    command = shlex.split(str(caught.value).partition("with: python ")[2])
    env = {**os.environ, "HEADROOM_HOME": str(trained.path)}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{spec.run_id}\n"), done.stderr
    assert "cached" not in done.stderr
    again = store.open(spec.run_id)
    again.verify()
    assert all((getattr(again.predictions, name) == array).all() for name, array in vars(whole).items())
    assert submit(trained, spec).status == "finished"
    assert len(list(trained.runs.glob(f".damaged-{spec.run_id}-*"))) == 1


# -- the dispatcher and the code it runs ------------------------------------------------------------------------------

BOTTLENECK = '''
from core.architecture.head import head
from core.architecture.layers import Conv, Dense, Flatten, Layer, Softmax
from core.spec import RunSpec


@head(label="Bottleneck", place=7)
def bottleneck(spec: RunSpec, classes: int) -> list[Layer]:
    """A head of the test's own."""
    return [Conv(8, kernel_size=1), Flatten(), Dense(classes), Softmax()]
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the code, to be changed."""
    for package in ("core", "tests/support/stand_in_worker"):
        shutil.copytree(ROOT / package, tmp_path / "tree" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tree"


def ask_in(tree: Path, home: Home, knobs: dict[str, object]) -> str:
    """Queues a run as a process with the code of `tree` does; its id."""
    script = (
        "import json, sys; from pathlib import Path; from core.home import Home; from core.spec import RunSpec\n"
        "from core.datasets.cache import pin; from core.jobs.queue import JobQueue\n"
        "home = Home(Path(sys.argv[1])); spec = pin(home, RunSpec(**json.loads(sys.argv[2])))\n"
        "JobQueue(home).submit([spec]); print(spec.run_id)"
    )
    command = [sys.executable, "-c", script, str(home.path), json.dumps({"train_images": 200, "epochs": 3, **knobs})]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout.strip()


def test_head_that_is_new_is_trained_by_a_dispatcher_that_is_older(tree: Path, home: Home, dispatch: Dispatch) -> None:
    queue = JobQueue(home)

    def job(run_id: str) -> Job:
        found = queue.job(run_id)
        assert found is not None
        return found

    process = dispatch(cwd=tree)
    long = ask_in(tree, home, {"epochs": 1000})
    until(lambda: not read_history_of(home, long).empty)
    pid = worker_pid(home, job(long))
    (tree / "core/architecture/heads/bottleneck.py").write_text(BOTTLENECK)
    new = ask_in(tree, home, {"head": "bottleneck"})
    until(lambda: job(new).state in ("finished", "failed"))
    assert (job(new).state, job(new).reason, job(new).attempt) == ("finished", "", 1)
    assert process.poll() is None
    assert alive(pid)
    assert (job(long).state, job(long).attempt) == ("running", 1)
    log = (home.jobs / "dispatcher.log").read_text()
    assert log.count("The code has changed: starting anew with it.") == 1
    older = ask_in(tree, home, {"seed": 1})
    until(lambda: job(older).state == "finished")
    assert (home.jobs / "dispatcher.log").read_text().count("starting anew") == 1


def test_sources_tell_new_changed_and_deleted_files_apart(tmp_path: Path) -> None:
    (tmp_path / "family").mkdir()
    seen = [read_sources(tmp_path)]
    path = tmp_path / "family" / "one.py"
    for change in (path.touch, lambda: os.utime(path, (1, 1)), path.with_name("two.py").touch, path.unlink):
        change()
        seen.append(read_sources(tmp_path))
    assert len(set(seen)) == len(seen)
    path.with_suffix(".txt").touch()
    assert read_sources(tmp_path) == seen[-1]


def test_job_asked_for_before_the_code_was_loaded_does_not_wait_for_newer_code(
    monkeypatch: pytest.MonkeyPatch, home: Home, spec: RunSpec
) -> None:
    JobQueue(home).submit([spec])
    dispatcher = Dispatcher(home, LocalExecutor(home, warm=False, module=STAND_IN), idle_seconds=0.5)
    monkeypatch.setattr(source, "LOADED", frozenset())  # as if every file had changed since
    monkeypatch.setattr(time, "time", lambda: 0.0)  # and whatever the clock says
    dispatcher.run()
    assert (state(home, spec), dispatcher.outdated) == ("finished", False)
    JobQueue(home).submit([spec.replace(seed=1)])
    dispatcher.run()
    assert (state(home, spec.replace(seed=1)), dispatcher.outdated) == ("queued", True)
