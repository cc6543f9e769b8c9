"""A real Ray cluster: a head and two nodes on this machine, a sweep of eight runs, one node killed meanwhile."""

import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.dispatcher import end_all, until

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.skipif(not os.environ.get("HEADROOM_LONG"), reason="takes minutes: run with make test-all"),
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="needs Ray: pip install -r requirements-ray.txt"),
]

EPOCHS = 60  # long enough to train for half a minute after the node died: Ray takes that long to notice

# Seconds for the processes of a node to find each other; Ray's default of 30 is too short on a busy machine.
PATIENCE = {
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
}
# A raylet waits 15 seconds for the ports of its agents, then exits.
AGENTS = ("metrics-export", "dashboard-agent-listen", "dashboard-agent-grpc", "runtime-env-agent")
TRIES = 3


@dataclass
class RealCluster:
    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(32))
    ports: Iterator[int] = field(default_factory=lambda: free_ports())
    dashboard: int = 0
    nodes: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Start the nodes in sequence: if two start at the same time on one machine, one may fail."""
        port, self.dashboard = next(self.ports), next(self.ports)
        where = [f"--port={port}", f"--dashboard-port={self.dashboard}", f"--temp-dir={self.folder}"]
        self._start("--head", "--num-cpus=0", *where)
        for _ in range(2):
            self.nodes.append(self._start(f"--address=127.0.0.1:{port}", "--num-cpus=2", "--num-gpus=1"))

    def _start(self, *words: str) -> int:
        """Return the process ID of the raylet, or None if it gave up because the processes around it started too
        slowly.
        """
        before, more = raylets(self.folder), ["--disable-usage-stats", "--object-store-memory=80000000"]
        for _ in range(TRIES):
            ports = [f"--{name}-port={next(self.ports)}" for name in AGENTS]
            done = subprocess.run(
                [Path(sys.executable).with_name("ray"), "start", *words, *ports, *more], timeout=900,
                env=self.environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
            fresh = raylets(self.folder) - before
            if done.returncode == 0 and fresh:
                (pid,) = fresh
                return pid
            if "--head" in words:
                self.end()
            for pid in fresh:
                kill(pid)
        raise AssertionError(done.stdout + done.stderr)

    def environment(self) -> dict[str, str]:
        # An inherited CUDA_VISIBLE_DEVICES would reject --num-gpus.
        mine = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        return {**mine, **PATIENCE, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def end(self) -> None:
        """End the processes of this cluster; `ray stop` would end every Ray on the machine."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if self.token.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                    kill(int(path.parent.name))


def free_ports() -> Iterator[int]:
    """Return free ports below those that Ray assigns to its workers."""
    for port in range(6400 + secrets.randbelow(2000), 9900):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                yield port


def processes(words: str) -> set[int]:
    """Return the other processes whose command line contains the words."""
    found = subprocess.run(["ps", "-wweo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 1) for line in found.splitlines() if words in line]
    return {int(pid) for pid, _ in lines} - {os.getpid()}


def raylets(folder: Path) -> set[int]:
    return processes("raylet/raylet ") & processes(str(folder))


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[RealCluster]:
    # Ray's sockets are in the folder, and the system limits their paths to about 100 characters.
    folder = Path(f"/tmp/headroom-ray-{secrets.token_hex(4)}")
    folder.mkdir()
    cluster = RealCluster(folder)
    try:
        cluster.start()
        monkeypatch.setenv("HEADROOM_EXECUTOR", "ray")
        monkeypatch.setenv("HEADROOM_RAY_ADDRESS", f"http://127.0.0.1:{cluster.dashboard}")
        monkeypatch.setenv("HEADROOM_RAY_GPUS", "0.5")
        monkeypatch.setenv("RAY_AUTH_TOKEN", cluster.token)
        yield cluster
    finally:
        cluster.end()
        shutil.rmtree(folder, ignore_errors=True)


def test_sweep_survives_the_death_of_a_node(home: Home, cluster: RealCluster) -> None:
    open_dataset(home, "digits")
    spec = RunSpec(dataset="digits", train_images=1000, epochs=EPOCHS)
    specs = [spec.replace(head=head, seed=seed) for head in ("gap", "dense") for seed in range(4)]
    began = time.monotonic()
    try:
        run_ids = [found.run_id for found in submit_all(home, specs)]
        until(lambda: len(list(home.jobs.glob("*/history.jsonl"))) >= 3, 900)
        killed = time.monotonic()
        kill(cluster.nodes[1])
        states = wait(home, run_ids)
    finally:
        end_all(home)
    log = (home.jobs / "dispatcher.log").read_text()
    assert set(states.values()) == {"finished"}, log
    attempts = {job.run_id: job.attempt for job in JobQueue(home).jobs()}
    retried = [run_id for run_id in run_ids if attempts[run_id] > 1]
    assert retried, log
    for run_id in run_ids:
        run = RunStore(home).open(run_id)
        run.verify()
        assert epochs_of(run) == list(range(1, EPOCHS + 1))
    seconds = round(time.monotonic() - began), round(time.monotonic() - killed)
    print(json.dumps({"runs": len(run_ids), "retried": len(retried), "seconds": seconds[0], "after_kill": seconds[1]}))


def epochs_of(run: Run) -> list[int]:
    text = (run.path / "history.jsonl").read_text()
    return [int(number) for number in re.findall(r'"epoch": (\d+)', text)]
