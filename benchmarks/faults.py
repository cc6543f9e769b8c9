"""Fault injection into the queue, reproducible by seed: submits, cancels, moves, pauses, and kills with SIGKILL.

    python -m benchmarks.faults
    python -m benchmarks.faults --module core.training --events 40

Prints one line of JSON with the events and the violated invariants. During the events: no more workers than slots,
and at most one worker per spec. Afterwards: no lost, duplicated or partially published runs.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.datasets.cache import open_dataset, pin
from core.errors import JobError
from core.home import Home
from core.jobs.evidence_work import list_requested
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.dispatcher import alive, dispatcher_pid
from tests.support.paths import ROOT
from tests.support.stand_in_worker import STAND_IN, WITH_EVIDENCE

SLOTS = 3
SPECS = 40
PAUSE_SECONDS = 1.0
DRAIN_SECONDS = 600.0
CANCEL_BUDGET_SECONDS = 3.0


class FaultInjection:
    """A home with its dispatchers and submitters, and the events that disturb them."""

    def __init__(self, home: Home, module: str, seed: int) -> None:
        self.home, self.module = home, module
        self.queue, self.store = JobQueue(home), RunStore(home, examples=home.path / "none")
        self.random = random.Random(seed)
        first = WITH_EVIDENCE + 3 if module == STAND_IN else 0
        seeds = range(first, first + SPECS)
        self.specs = [pin(home, RunSpec(train_images=200, epochs=5, seed=seed)) for seed in seeds]
        self.wanted: dict[str, str] = {}  # last request: "submitted" or "cancelled"
        self.events: Counter[str] = Counter()
        self.violations: list[str] = []
        self.most_workers = self.finished_early = 0
        self.cancel_seconds = 0.0
        self._dispatchers: list[subprocess.Popen[bytes]] = []

    # -- events

    def submit(self) -> None:
        specs = self.random.sample(self.specs, self.random.randint(1, 3))
        self.queue.submit([spec for spec in specs if self.store.path(spec.run_id) is None], "benchmark")
        self.wanted |= {spec.run_id: "submitted" for spec in specs}

    def submit_and_die(self) -> None:
        """Kill a submitter during a submission; its job may or may not be queued."""
        spec, after = self.random.choice(self.specs), self.random.uniform(0, 0.01)
        if self.store.path(spec.run_id) is not None:
            return
        submitter = os.fork()
        if submitter == 0:
            with suppress(BaseException):
                self.queue.submit([spec], "killed submitter")
            os._exit(0)
        time.sleep(after)
        os.kill(submitter, signal.SIGKILL)
        os.waitpid(submitter, 0)
        self.wanted.pop(spec.run_id, None)

    def cancel(self) -> None:
        unfinished = self.queue.unfinished()
        if not unfinished:
            return
        running = [job for job in unfinished if job.state == "running"]
        job = self.random.choice(running or unfinished)
        pid = self._workers().get(job.handle)
        begin, dispatcher = time.monotonic(), dispatcher_pid(self.home)
        try:
            self.queue.cancel(job.run_id)
        except JobError:  # it ended in the meantime
            return
        self.wanted[job.run_id] = "cancelled"
        if pid and dispatcher and dispatcher == dispatcher_pid(self.home):
            while alive(pid) and time.monotonic() - begin < 2 * CANCEL_BUDGET_SECONDS:
                time.sleep(0.02)
            self.cancel_seconds = max(self.cancel_seconds, time.monotonic() - begin)

    def retry(self) -> None:
        ended = [job for job in self.queue.ended(SPECS) if job.state in ("cancelled", "failed")]
        if ended:
            job = self.random.choice(ended)
            self.queue.submit([job.spec], "benchmark")
            self.wanted[job.run_id] = "submitted"

    def move(self) -> None:
        queued = [job for job in self.queue.unfinished() if job.state == "queued"]
        if queued:
            with suppress(JobError):  # it was started in the meantime
                self.queue.move(self.random.choice(queued).run_id, self.random.randint(-5, 5))

    def pause(self) -> None:
        self.queue.pause("benchmark")

    def unpause(self) -> None:
        self.queue.unpause()

    def kill_worker(self) -> None:
        workers = list(self._workers().values())
        if workers:
            self._kill(self.random.choice(workers))

    def kill_dispatcher(self) -> None:
        self._kill(dispatcher_pid(self.home))

    def kill_all(self) -> None:
        for pid in (dispatcher_pid(self.home), *self._workers().values()):
            self._kill(pid)

    def start_dispatchers(self) -> None:
        """Start two dispatchers; one of them exits because the other is running."""
        self._dispatchers = [process for process in self._dispatchers if process.poll() is None]
        with (self.home.jobs / "dispatcher.log").open("ab") as log:
            for _ in range(2):
                command = [sys.executable, "-m", "core.jobs", str(self.home.path), "--module", self.module]
                env = {**os.environ, "HEADROOM_SLOTS": str(SLOTS)}
                self._dispatchers.append(
                    subprocess.Popen(command, cwd=ROOT, env=env, stderr=log, start_new_session=True)
                )

    # -- procedure

    def inject(self, events: int) -> None:
        kinds: dict[Callable[[], None], int] = {
            self.submit: 8, self.submit_and_die: 2, self.cancel: 4, self.retry: 3, self.move: 2, self.pause: 1,
            self.unpause: 2, self.kill_worker: 4, self.kill_dispatcher: 2, self.kill_all: 1, self.start_dispatchers: 6,
        }  # fmt: skip
        self.submit()
        self.start_dispatchers()
        for event in self.random.choices(list(kinds), list(kinds.values()), k=events):
            event()
            self.events[event.__name__] += 1
            end = time.monotonic() + self.random.uniform(0, PAUSE_SECONDS)
            while time.monotonic() < end:
                self._check_workers()
                time.sleep(0.01)
        self.finished_early = sum(job.state == "finished" for job in self.queue.jobs())

    def drain(self) -> None:
        """Process all remaining jobs, and the evidence of their runs."""
        self.queue.unpause()
        end = time.monotonic() + DRAIN_SECONDS
        while (self.queue.unfinished() or list_requested(self.home)) and time.monotonic() < end:
            if dispatcher_pid(self.home) is None and not [p for p in self._dispatchers if p.poll() is None]:
                self.start_dispatchers()
            self._check_workers()
            time.sleep(0.05)

    def end(self) -> None:
        for pid in (dispatcher_pid(self.home), *self._workers().values()):
            self._kill(pid)
        for process in self._dispatchers:
            process.kill()
            process.wait()

    def check(self) -> None:
        jobs = {job.run_id: job for job in self.queue.jobs()}
        for run_id, wanted in self.wanted.items():
            job = jobs.get(run_id)
            if job is None and self.store.path(run_id) is None:
                self.violations.append(f"lost: {run_id}, {wanted}")
            elif job and job.state == "cancelled" and wanted == "submitted":
                self.violations.append(f"cancelled, though submitted: {run_id}")
        for run_id, job in jobs.items():
            if job.state in ("queued", "running"):
                self.violations.append(f"not ended: {run_id}, {job.state}")
            if job.state == "failed" and not (job.reason.startswith("The ") and job.deaths == 2):
                self.violations.append(f"failed without three lost attempts: {run_id}, {job.deaths + 1}, {job.reason}")
            if (job.state == "finished") != (self.store.path(run_id) is not None):
                self.violations.append(f"state does not match the published runs: {run_id}, {job.state}")
            if job.state == "finished" and (self.home.jobs / run_id).exists():
                self.violations.append(f"job folder not deleted: {run_id}")
        for folder in self.home.runs.iterdir() if self.home.runs.exists() else ():
            lines = (folder / "history.jsonl").read_text().splitlines()
            epochs = [json.loads(line)["epoch"] for line in lines]
            if len(epochs) != 5 or epochs != list(range(epochs[0], epochs[0] + 5)):
                self.violations.append(f"missing or repeated epochs: {folder.name}, {epochs}")
            if self.store.path(folder.name) is None:
                self.violations.append(f"partially published: {folder.name}")
            elif self.store.open(folder.name).awaits_evidence:
                self.violations.append(f"no evidence: {folder.name}")
        if self.cancel_seconds > CANCEL_BUDGET_SECONDS:
            self.violations.append(f"cancelled in {self.cancel_seconds:.1f} s")

    def _check_workers(self) -> None:
        workers = self._workers()
        self.most_workers = max(self.most_workers, len(workers))
        if len(workers) > SLOTS:
            self.violations.append(f"more than {SLOTS} workers: {sorted(workers)}")
        if len({handle.partition("-")[0] for handle in workers}) < len(workers):
            self.violations.append(f"two workers for one spec: {sorted(workers)}")

    def _workers(self) -> dict[str, int]:
        """Return the process ID of every running attempt by handle."""
        found = {}
        for path in (self.home.jobs / "processes").glob("*"):
            with suppress(OSError, ValueError, IndexError):
                values = path.read_text().split()
                if len(values) == 1 and _is_running(int(values[0])):
                    found[path.name] = int(values[0])
        return found

    def _kill(self, pid: int | None) -> None:
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _is_running(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="Fault injection into the queue.")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--module", default=STAND_IN, help="module that each job runs; core.training trains models")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder) / "home")
        open_dataset(home, "digits")
        home.jobs.mkdir()
        faults = FaultInjection(home, options.module, options.seed)
        try:
            faults.inject(options.events)
            faults.drain()
            faults.check()
        finally:
            faults.end()
        states = Counter(job.state for job in faults.queue.jobs())
        if faults.violations:
            print((home.jobs / "dispatcher.log").read_text(), file=sys.stderr)
    found = {
        "benchmark": "faults", "module": options.module, "seed": options.seed, "events": options.events,
        "seconds": round(time.monotonic() - begin, 1), "event_counts": dict(faults.events), "jobs": dict(states),
        "finished_during_faults": faults.finished_early,
        "most_workers": faults.most_workers, "slots": SLOTS, "cancel_seconds": round(faults.cancel_seconds, 2),
        "violations": faults.violations,
    }  # fmt: skip
    print(json.dumps(found))
    sys.exit(bool(faults.violations))


if __name__ == "__main__":
    main()
