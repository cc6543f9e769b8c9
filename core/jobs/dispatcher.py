"""The loop that owns the table: claims, attempts, retries and cancels. One a home, gone when idle for a while."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time

from core.entry_point import DISPATCHER, build_command
from core.errors import HeadroomError, HomeError
from core.files import replacing, write_json
from core.home import Home
from core.jobs.executor import Executor, Status
from core.jobs.failure_reason import explain_failure, explain_loss
from core.jobs.process import ROOT
from core.jobs.queue import Job, JobQueue, State
from core.jobs.source_check import is_outdated
from core.jobs.sweep_store import list_overdue
from core.store.run_store import RunStore

MAX_ATTEMPTS = 3
IDLE_SECONDS = 60.0
_TICK_SECONDS = 0.1


def ensure_dispatcher(home: Home) -> bool:
    """Starts the dispatcher of a home when there is work left and nobody does it. Cheap otherwise: call it often.

    Returns whether a dispatcher is at work; False where there is nothing to do or nothing can be written.
    """
    if not JobQueue(home).has_work():
        return False
    try:
        lock = _open_lock(home)
    except HomeError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (home.jobs / "dispatcher.log").open("ab") as log:
            # It inherits the lock, so between this line and its first nobody else starts one.
            process = subprocess.Popen(
                build_command(DISPATCHER, str(home.path.absolute()), "--lock", str(lock)),
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        threading.Thread(target=process.wait, name="dispatcher-reaper", daemon=True).start()
    except BlockingIOError:
        pass
    except OSError as error:
        raise HomeError(f"Expected to be able to start a dispatcher in {home.jobs}; got: {error.strerror}.") from error
    finally:
        os.close(lock)
    return True


def _open_lock(home: Home) -> int:
    try:
        home.jobs.mkdir(parents=True, exist_ok=True)
        return os.open(home.jobs / "dispatcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise HomeError(f"Expected to be able to write {home.jobs}; got: {error.strerror}.") from error


class Dispatcher:
    """Moves jobs from queued to running to their end.

    Everything it must remember stands in the table and in the jobs' folders, so it may be killed at any moment: the
    next one adopts what still runs and queues what died. It ends by itself, with `outdated` set, when the
    code on disk has changed and a job waits that was asked for since it began: a fresh process should take over. (Who
    asked before gets the code at hand; else somebody who keeps saving files would keep them waiting.)
    """

    def __init__(self, home: Home, executor: Executor, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self.home = home
        self.queue = JobQueue(home)
        self.executor = executor
        self.idle_seconds = idle_seconds
        self.outdated = False
        self._begun_at = self.queue.newest_number()
        self._store = RunStore(home)
        self._ended: dict[str, Status] = {}
        self._dropped_at = -1.0

    def run(self, lock: int | None = None) -> None:
        """Works until there has been nothing to do for `idle_seconds`, or it is outdated; returns at once when another
        one is at work.

        Args:
            lock: descriptor of the lock file when the caller holds it already.
        """
        if lock is None:
            lock = _open_lock(self.home)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return
        os.ftruncate(lock, 0)
        os.set_inheritable(lock, False)
        try:
            while True:
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)  # for people
                self._work()
                os.ftruncate(lock, 0)
                # Who submits writes the table first and tries the lock second; so after letting go, look once more.
                fcntl.flock(lock, fcntl.LOCK_UN)
                if self.outdated or not self.queue.has_work():
                    return
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
        finally:
            os.close(lock)

    def _work(self) -> None:
        busy_at = time.monotonic()
        while not self.outdated and time.monotonic() - busy_at < self.idle_seconds:
            try:
                if self.step():
                    busy_at = time.monotonic()
            except HomeError as error:  # a full disk may have room again; an absent table ends the loop
                _say(str(error))
                if not self.queue.path.exists():
                    return
                time.sleep(1)
            time.sleep(_TICK_SECONDS)

    def step(self) -> bool:
        """Looks once after every running job and starts what there is room for. Returns whether work is left."""
        running = [job for job in self.queue.running() if not self._look_after(job)]
        self._drop_overdue()
        if self.queue.paused() or not self.queue.has("queued"):
            return bool(running)
        # Asked for last and only when something waits: an executor may need seconds to get ready.
        free = self.executor.slots - len(running)
        queued = [job.number for job in self.queue.unfinished() if job.state == "queued"] if free > 0 else []
        if queued and max(queued) > self._begun_at and is_outdated():
            _say("The code has changed: starting anew with it.")
            self.outdated = True
            return True
        for _ in range(free):
            job = self.queue.claim()
            if job is None:
                break
            self._start(job)
        return True

    def _drop_overdue(self) -> None:
        """What its sweep has no time left for is not started. Looked up once a second: budgets are in minutes."""
        if time.monotonic() - self._dropped_at < 1:
            return
        self._dropped_at = time.monotonic()
        for job, reason in list_overdue(self.home, self.queue.unfinished()):
            self._end(job, "cancelled", reason)

    def _look_after(self, job: Job) -> bool:
        """Returns whether the attempt has ended."""
        if job.cancel:
            self.executor.stop(job.handle)
        status = self._ended.get(job.handle) or self.executor.poll(job.handle)
        if status.ended:
            self._ended[job.handle] = status  # an executor tells it once, and a full disk may refuse to have it written
            self._settle(job, status)
            del self._ended[job.handle]
        return status.ended

    def _start(self, job: Job) -> None:
        if self._store.path(job.run_id):
            self._finish(job)
            return
        folder = self.home.jobs / job.run_id
        try:
            write_json(folder / "spec.json", json.loads(job.spec_json))
            with replacing(folder / "attempt") as temporary:
                temporary.write_text(f"{job.attempt}\n", encoding="utf-8")
            self.executor.start(job.handle, folder)
            _say(f"{job.run_id}: attempt {job.attempt} started.")
        except HeadroomError as error:
            self._end(job, "failed", str(error))

    def _settle(self, job: Job, status: Status) -> None:
        if self._store.path(job.run_id):
            self._finish(job)
        elif status.state == "failed" and not job.cancel:
            log, own = self.executor.logs(job.handle), (self.home.jobs / job.run_id / "attempt").exists()
            self._end(job, "failed", explain_failure(log, folder_there=own))
        elif job.cancel or job.deaths + 1 < MAX_ATTEMPTS:
            state = self.queue.requeue(job)
            _say(f"{job.run_id}: attempt {job.attempt} ended without a result ({status}); {state}.")
        else:
            self._end(job, "failed", explain_loss(status, self.executor.logs(job.handle), MAX_ATTEMPTS))

    def _finish(self, job: Job) -> None:
        # When the run was there before, the worker could not publish its folder.
        shutil.rmtree(self.home.jobs / job.run_id, ignore_errors=True)
        self._end(job, "finished")

    def _end(self, job: Job, state: State, reason: str = "") -> None:
        self.queue.settle(job, state, reason)
        _say(f"{job.run_id}: {state}. {reason}".rstrip())


def _say(sentence: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, file=sys.stderr, flush=True)
