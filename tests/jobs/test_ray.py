"""The Ray executor with a simulated head node that speaks HTTP and runs real processes; all other parts are real."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.doctor import examine
from core.datasets.cache import pin
from core.errors import JobError
from core.home import Home
from core.jobs.executor import Status
from core.jobs.executor_choice import check_placement
from core.jobs.health import read_health
from core.jobs.queue import JobQueue
from core.jobs.ray_client import Cluster
from core.jobs.ray_executor import RayJobsExecutor
from core.jobs.submit import cancel_job, submit, submit_all
from core.jobs.wait import wait
from core.store.run_store import RunStore
from tests.support.dispatcher import LONG, SPEC, Dispatch, alive, dispatcher_pid, end_dispatcher, running, state, until
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.ray_head import TOKEN, RayHead
from tests.support.stand_in_worker import FAILS, STAND_IN

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayHead]:
    head = RayHead(tmp_path)
    head.come()
    monkeypatch.setenv("HEADROOM_EXECUTOR", "ray")
    monkeypatch.setenv("HEADROOM_RAY_ADDRESS", head.address)
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    yield head
    head.end()


@pytest.fixture
def dispatch(home: Home, head: RayHead) -> Iterator[Dispatch]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        home.jobs.mkdir(parents=True, exist_ok=True)
        with (home.jobs / "dispatcher.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.jobs", str(home.path), "--module", STAND_IN],
                cwd=ROOT, stderr=log, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        until(lambda: dispatcher_pid(home) == process.pid)
        return process

    yield start
    for process in started:
        end_dispatcher(home, process)


def names_of(head: RayHead) -> list[str]:
    """Return the handles of the submissions, without the prefix of the home."""
    return [name.partition("-")[2] for name in head.submissions]


def lines_of(home: Home, run_id: str) -> list[tuple[int, int]]:
    folder = RunStore(home).path(run_id)
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [(line["epoch"] - 1, line["attempt"]) for line in lines]


# -- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HEADROOM_EXECUTOR", "slurm", "Expected HEADROOM_EXECUTOR to be one of 'local', 'ray'; got 'slurm'."),
        ("HEADROOM_RAY_ADDRESS", "", "Expected HEADROOM_RAY_ADDRESS to be the URL of the Ray dashboard, such as"),
        ("HEADROOM_RAY_ADDRESS", "ray://head:10001", "such as http://head:8265; got 'ray://head:10001'."),
        ("HEADROOM_RAY_ADDRESS", "http://head:many", "such as http://head:8265; got 'http://head:many'."),
        ("HEADROOM_RAY_CPUS", "0", "Expected HEADROOM_RAY_CPUS to be a number between 0.01 and 1024; got '0'."),
        ("HEADROOM_RAY_CPUS", "nan", "Expected HEADROOM_RAY_CPUS to be a number between 0.01 and 1024; got 'nan'."),
        ("HEADROOM_RAY_GPUS", "2", "Expected HEADROOM_RAY_GPUS to be a number between 0 and 1; got '2'."),
        ("HEADROOM_RAY_GPUS", "1e-1", "Expected HEADROOM_RAY_GPUS to be a number between 0 and 1; got '1e-1'."),
        (
            "RAY_AUTH_TOKEN",
            "two words",
            "RAY_AUTH_TOKEN contains spaces or special characters. Set it to the cluster's token.",
        ),
        ("HEADROOM_SLOTS", "0", "Expected HEADROOM_SLOTS to be an integer between 1 and 1024; got '0'."),
    ],
)
def test_invalid_configuration_is_rejected_with_an_error_message(
    name: str, value: str, sentence: str, head: RayHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(JobError) as caught:
        check_placement()
    assert sentence in str(caught.value)
    assert head.calls == 0


def test_configuration_is_checked_when_a_run_is_submitted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXECUTOR", "slurm")
    with pytest.raises(JobError, match="Expected HEADROOM_EXECUTOR"):
        submit(home, SPEC)
    assert not home.jobs.exists()


@pytest.mark.parametrize(
    ("cpus", "gpus", "slots"), [(1, 0, 12), (3, 0, 3), (0.5, 0.5, 4), (1, 0.1, 12), (1, 1, 2), (16, 0, 0)]
)
def test_slots_follow_from_the_capacity_of_the_nodes(cpus: float, gpus: float, slots: int, head: RayHead) -> None:
    """Dead nodes and a head without processors add no slots."""
    head.nodes = [{"memory": 1e9}, {"CPU": 4.0, "GPU": 1.0}, {"CPU": 8.0, "GPU": 1.0}]
    assert Cluster(head.address, TOKEN, cpus, gpus).count_slots() == slots


def test_slots_can_be_fewer(head: RayHead, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    head.nodes = [{"CPU": 8.0}]
    monkeypatch.setenv("HEADROOM_SLOTS", "3")
    assert RayJobsExecutor(home, Cluster.read()).slots == 3


@pytest.mark.parametrize(("token", "problem"), [("", "requires a token"), ("another", "rejected RAY_AUTH_TOKEN")])
def test_wrong_token_is_reported_and_never_shown(
    token: str, problem: str, head: RayHead, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    executor = RayJobsExecutor(home, Cluster.read())
    assert executor.slots == 0
    sentence = f"The Ray cluster at {head.address} {problem}. Set RAY_AUTH_TOKEN to the cluster's token."
    assert read_health(home) == sentence
    found = examine(home)
    assert sentence in found["missing"]
    assert found["executor"]["token"] is bool(token)
    assert "another'" not in repr(found)


def test_doctor_reports_the_cluster(head: RayHead, home: Home) -> None:
    executor = examine(home)["executor"]
    assert (executor["version"], executor["nodes"], executor["slots"], executor["token"]) == ("2.60.0", 1, 2, True)
    assert TOKEN not in repr(executor)
    head.go()
    found = examine(home)
    assert found["executor"]["slots"] is None
    assert f"Cannot reach Ray at {head.address}: connection refused." in found["missing"]


def test_server_without_ray_loses_no_job(home: Home, head: RayHead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its 404 response does not mean that Ray has no such job."""
    monkeypatch.setattr(RayHead, "_find", lambda *words: (404, "<html>Not found</html>"))
    executor = RayJobsExecutor(home, Cluster.read())
    assert executor.poll(f"{SPEC.run_id}-1") == Status("running")
    assert read_health(home) == f"Cannot use Ray at {head.address}: HTTP status 404."


# -- life cycle of a job ----------------------------------------------------------------------------------------------


def test_cluster_runs_at_most_as_many_jobs_as_fit(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    dispatch()
    run_ids = [found.run_id for found in submit_all(home, [SPEC.replace(seed=seed) for seed in range(4)])]
    most = 0
    while JobQueue(home).has("queued", "running"):
        most = max(most, sum(one.process.poll() is None for one in list(head.submissions.values())))
        time.sleep(0.01)
    assert most == 2
    assert sorted(names_of(head)) == sorted(f"{run_id}-1" for run_id in run_ids)
    assert [lines_of(home, run_id) for run_id in run_ids] == [[(0, 1), (1, 1), (2, 1)]] * 4
    request = next(iter(head.submissions.values())).request
    assert (request["entrypoint_num_cpus"], request["entrypoint_num_gpus"]) == (1.0, 0.0)
    assert request["metadata"] == {"home": str(home.path)}
    assert TOKEN not in json.dumps(request)
    assert "HEADROOM_GPU_SHARE" not in request["runtime_env"]["env_vars"]


def test_gpu_share_is_passed_to_the_worker(home: Home, head: RayHead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_RAY_GPUS", "0.25")
    RayJobsExecutor(home, Cluster.read(), module=STAND_IN).start(f"{SPEC.run_id}-1", home.jobs / SPEC.run_id)
    (submission,) = head.submissions.values()
    assert submission.request["entrypoint_num_gpus"] == 0.25
    assert submission.request["runtime_env"]["env_vars"]["HEADROOM_GPU_SHARE"] == "0.25"


def test_existing_submission_counts_as_submitted(home: Home, head: RayHead) -> None:
    spec = pin(home, LONG)
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(spec.model_dump()))
    (folder / "attempt").write_text("1")
    handle = f"{spec.run_id}-1"
    for _ in range(2):  # as if an earlier dispatcher had died before it received the response
        executor = RayJobsExecutor(home, Cluster.read(), module=STAND_IN)
        executor.start(handle, folder)
        assert executor.poll(handle) == Status("running")
    assert names_of(head) == [handle]
    assert read_health(home) == ""


def test_recreated_home_does_not_adopt_old_submissions(home: Home, head: RayHead) -> None:
    RayJobsExecutor(home, Cluster.read(), module=STAND_IN).start("0" * 12 + "-1", home.jobs / ("0" * 12))
    os.rename(home.jobs, home.path / "old")
    anew = RayJobsExecutor(home, Cluster.read(), module=STAND_IN)
    assert anew.poll("0" * 12 + "-1") == Status("lost")


@long  # a dispatcher and its cluster once more
def test_failed_training_has_its_reason_and_is_not_retried(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    dispatch()
    run_id = submit(home, SPEC.replace(seed=FAILS)).run_id
    assert wait(home, [run_id]) == {run_id: "failed"}
    job = JobQueue(home).job(run_id)
    assert job is not None
    assert (job.attempt, job.reason) == (1, "Expected a test to fail; got one.")
    assert names_of(head) == [f"{run_id}-1"]


def test_node_without_the_home_is_reported(home: Home, head: RayHead) -> None:
    executor = RayJobsExecutor(home, Cluster.read(), module=STAND_IN)
    executor.start(f"{SPEC.run_id}-1", Path("/nowhere") / SPEC.run_id)
    until(lambda: executor.poll(f"{SPEC.run_id}-1").ended)
    words = executor.logs(f"{SPEC.run_id}-1").splitlines()[-1]
    assert words.startswith(
        "A node cannot start the training. Code, Python and home must have the same paths on all nodes: "
    )
    assert f"/nowhere/{SPEC.run_id}/log.txt" in words


def test_killed_training_continues_from_its_checkpoint(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    dispatch()
    spec = pin(home, SPEC.replace(epochs=30))
    submit(home, spec)
    job = running(home, spec)
    next(iter(head.submissions.values())).kill(signal.SIGKILL)
    assert wait(home, [job.run_id]) == {job.run_id: "finished"}
    lines = lines_of(home, job.run_id)
    assert [epoch for epoch, _ in lines] == list(range(30))
    assert {attempt for _, attempt in lines} == {1, 2}
    assert "killed by signal 9" in (home.jobs / "dispatcher.log").read_text()


@long  # a dispatcher and its cluster once more
def test_process_that_outlives_its_node_stops(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    """Ray reports it as dead while it still trains: it ends automatically, and no epoch is recorded twice."""
    dispatch()
    spec = pin(home, SPEC.replace(epochs=40))
    submit(home, spec)
    job = running(home, spec)
    zombie = head.lose(next(iter(head.submissions)))
    assert wait(home, [job.run_id]) == {job.run_id: "finished"}
    assert zombie.wait(5) == 1
    assert names_of(head) == [f"{job.run_id}-1", f"{job.run_id}-2"]
    lines = lines_of(home, job.run_id)
    assert [epoch for epoch, _ in lines] == list(range(40))
    assert {attempt for _, attempt in lines} == {1, 2}


def test_cancelled_job_also_ends_on_the_cluster(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    dispatch()
    spec = pin(home, LONG)
    submit(home, spec)
    running(home, spec)
    (submission,) = head.submissions.values()
    cancel_job(home, spec.run_id)
    until(lambda: not alive(submission.process.pid), 3)
    until(lambda: state(home, spec) == "cancelled")
    assert submit(home, spec).status == "queued"
    until(lambda: len(head.submissions) == 2)


@long  # a dispatcher and its cluster once more
def test_next_dispatcher_adopts_the_jobs_of_the_cluster(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    first = dispatch()
    spec = pin(home, SPEC.replace(epochs=40))
    submit(home, spec)
    job = running(home, spec)
    first.kill()
    first.wait()
    dispatch()
    assert wait(home, [job.run_id]) == {job.run_id: "finished"}
    assert names_of(head) == [f"{job.run_id}-1"]
    assert lines_of(home, job.run_id) == [(epoch, 1) for epoch in range(40)]


# -- head without response --------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dispatcher in this process that retries after half a second."""
    monkeypatch.setattr("core.jobs.ray_executor._RETRY_SECONDS", 0.5)
    monkeypatch.setattr("core.jobs.ray_executor._POLL_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
def test_attempt_waits_for_an_unreachable_head(home: Home, head: RayHead) -> None:
    spec = pin(home, SPEC)
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(spec.model_dump()))
    (folder / "attempt").write_text("1")
    executor = RayJobsExecutor(home, Cluster.read(), module=STAND_IN)
    handle = f"{spec.run_id}-1"
    assert executor.slots == 2
    head.go()
    executor.start(handle, folder)
    assert executor.slots == 0
    assert executor.poll(handle) == Status("running")
    assert read_health(home) == f"Cannot reach Ray at {head.address}: connection refused."
    assert head.submissions == {}
    head.come()
    until(lambda: executor.poll(handle).state == "ok")
    assert names_of(head) == [handle]
    assert executor.slots == 2
    assert read_health(home) == ""


@pytest.mark.usefixtures("impatient")
def test_job_can_be_cancelled_while_the_head_is_unreachable(home: Home, head: RayHead) -> None:
    """The attempt number in its folder ends it, since Ray cannot be reached."""
    spec = pin(home, LONG)
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(spec.model_dump()))
    (folder / "attempt").write_text("1")
    executor = RayJobsExecutor(home, Cluster.read(), module=STAND_IN)
    handle = f"{spec.run_id}-1"
    executor.start(handle, folder)
    until(lambda: (folder / "history.jsonl").exists() and (folder / "history.jsonl").stat().st_size)
    head.go()
    executor.stop(handle)
    (submission,) = head.submissions.values()
    assert submission.process.wait(5) == 1
    assert executor.poll(handle) == Status("running")
    head.come()
    until(lambda: executor.poll(handle) == Status("stopped", 1))


@long  # a dispatcher and its cluster once more
def test_jobs_keep_their_state_while_the_head_is_unreachable(home: Home, head: RayHead, dispatch: Dispatch) -> None:
    process = dispatch()
    spec, other = pin(home, SPEC.replace(epochs=20)), pin(home, SPEC.replace(seed=5))
    submit(home, spec)
    running(home, spec)
    head.go()
    until(lambda: read_health(home))
    submit(home, other)  # otherwise it would be claimed before the failure is noticed, and sent later
    log = home.jobs / "dispatcher.log"
    reports = log.read_text().count("Cannot reach Ray")
    spent = cpu_seconds(process.pid)
    time.sleep(2)
    assert cpu_seconds(process.pid) - spent < 1.0
    assert log.read_text().count("Cannot reach Ray") == reports == 1
    assert (state(home, other), head.submissions.keys()) == ("queued", {next(iter(head.submissions))})
    table = subprocess.run(
        [sys.executable, "-m", "core", "jobs"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert table.stderr.splitlines() == [f"Cannot reach Ray at {head.address}: connection refused."]
    head.come()
    states = wait(home, [spec.run_id, other.run_id])
    assert set(states.values()) == {"finished"}
    assert lines_of(home, spec.run_id) == [(epoch, 1) for epoch in range(20)]
    assert "is reachable again" in log.read_text()


def cpu_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
