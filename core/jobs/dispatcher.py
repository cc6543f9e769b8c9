"""The dispatcher: claims, starts, retries and cancels jobs. One process per home; it exits after an idle time."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from core.entry_point import DISPATCHER, build_command
from core.errors import HeadroomError, HomeError, JobError
from core.files import parse_json, read_file, replacing, write_json
from core.home import Home
from core.installation import find_training_problem
from core.jobs.between_jobs import advance_races, has_open_races
from core.jobs.evidence_work import EvidenceWork, list_requested
from core.jobs.executor import Executor, Status
from core.jobs.failure_reason import explain_failure, explain_loss
from core.jobs.health import HEARTBEAT_SECONDS
from core.jobs.leftover import describe_leftovers, remove_leftovers
from core.jobs.notice import note_end
from core.jobs.process import ROOT
from core.jobs.queue import Job, JobQueue, State
from core.jobs.source_check import is_outdated
from core.jobs.sweep_store import list_overdue
from core.store.run_store import RunStore

MAX_ATTEMPTS = 3
IDLE_SECONDS = 60.0
RESTART = "restart"  # file in a job folder with the attempt that is to be stopped and started again
_TICK_SECONDS = 0.1
_MAX_RESTART_BYTES = 100


def ensure_dispatcher(home: Home) -> bool:
    """Start the dispatcher of a home if jobs are left or a race is open, and no dispatcher is running. Cheap otherwise:
    call it often.

    Returns:
        Whether a dispatcher is running; False if there is nothing to do, this installation cannot train, or the home
        is read-only.
    """
    if not _has_work(home) or find_training_problem():  # another machine may train
        return False
    try:
        lock = _open_lock(home)
    except HomeError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(lock)  # its first sign of life, until it has loaded its libraries
        with (home.jobs / "dispatcher.log").open("ab") as log:
            # The process inherits the lock, so no other process starts a second dispatcher in the meantime.
            process = subprocess.Popen(
                build_command(DISPATCHER, str(home.path.absolute()), "--lock", str(lock)),
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(lock,),
            )  # fmt: skip
        threading.Thread(target=process.wait, name="dispatcher-reaper", daemon=True).start()
    except BlockingIOError:
        pass
    except OSError as error:
        raise HomeError(f"Cannot start a dispatcher in {home.jobs}: {error.strerror}.") from error
    finally:
        os.close(lock)
    return True


def _has_work(home: Home) -> bool:
    """Return whether a dispatcher is needed; races and evidence do not need one while the queue is paused."""
    queue = JobQueue(home)
    return queue.has_work() or ((has_open_races(home) or bool(list_requested(home))) and queue.paused() is None)


def _open_lock(home: Home) -> int:
    try:
        home.jobs.mkdir(parents=True, exist_ok=True)
        return os.open(home.jobs / "dispatcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise HomeError(f"Cannot write {home.jobs}: {error.strerror}.") from error


class Dispatcher:
    """Process that moves jobs from queued to running to finished, failed or cancelled.

    Its state is kept in the job table and in the job folders, so it can be killed at any time: the next dispatcher
    adopts running attempts and requeues lost ones. It stops with `outdated` set when the code on disk has changed and a
    job was submitted after it started, so that a new process runs the new code. Jobs submitted earlier run with the
    loaded code; otherwise every saved file would delay them.
    """

    def __init__(self, home: Home, executor: Executor, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self.home = home
        self.queue = JobQueue(home)
        self.executor = executor
        self.idle_seconds = idle_seconds
        self.outdated = False
        self._newest_at_start = self.queue.newest_number()
        self._store = RunStore(home)
        self._evidence = EvidenceWork(home, executor)
        self._ended: dict[str, Status] = {}
        self._checked_overdue_at = -1.0
        self._raced_at = -1.0
        self._beat_at = -HEARTBEAT_SECONDS

    def run(self, lock: int | None = None) -> None:
        """Process jobs until the queue has been idle for `idle_seconds` or the code is outdated. Return immediately if
        another dispatcher is running.

        Args:
            lock: descriptor of the lock file, if the caller already holds the lock.
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
        if removed := describe_leftovers(remove_leftovers(self.home)):
            _log(f"Deleted {removed}.")
        try:
            while True:
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)  # for users who inspect the file
                self._work()
                os.ftruncate(lock, 0)
                # Submitters write the table first and try the lock second, so check the table again after releasing it.
                fcntl.flock(lock, fcntl.LOCK_UN)
                if self.outdated or not _has_work(self.home):
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
            if time.monotonic() - self._beat_at >= HEARTBEAT_SECONDS:
                self._beat_at = time.monotonic()
                with suppress(OSError):
                    os.utime(self.home.jobs / "dispatcher.lock")
            try:
                if self.step():
                    busy_at = time.monotonic()
            except HomeError as error:  # a full disk may be freed; a missing table ends the loop
                _log(str(error))
                if not self.queue.path.exists():
                    return
                time.sleep(1)
            time.sleep(_TICK_SECONDS)

    def step(self) -> bool:
        """Check every running job once and start queued jobs in free slots, evidence in those that no job needs. Return
        whether work is left."""
        running = [job for job in self.queue.running() if not self._has_ended(job)]
        self._evidence.check()
        self._advance_races()
        self._drop_overdue(1)
        paused = self.queue.paused() is not None
        # Reading the slots makes an executor prepare itself, so it is done only when something is to be started.
        if not paused and self.queue.has("queued"):
            self._start_jobs(self.executor.slots - len(running))
            return True
        requested = [] if paused else list_requested(self.home)
        if requested:
            self._evidence.start(requested, self.executor.slots - len(running))
        return bool(running or requested or self._evidence.running) or (not paused and has_open_races(self.home))

    def _start_jobs(self, slots: int) -> None:
        """Start queued jobs in slots that no other job uses. Evidence in them is stopped, and its slots are free when
        it has ended."""
        queued = [job.number for job in self.queue.unfinished() if job.state == "queued"] if slots > 0 else []
        self._evidence.keep(max(slots - len(queued), 0))
        if not queued:
            return
        if max(queued) > self._newest_at_start and is_outdated():
            _log("The code has changed: restarting the dispatcher.")
            self.outdated = True
            return
        self._drop_overdue(_TICK_SECONDS)  # no slot may go to an overdue job
        for _ in range(slots - self._evidence.running):
            job = self.queue.claim()
            if job is None:
                return
            self._start(job)

    def _drop_overdue(self, seconds: float) -> None:
        """Cancel queued jobs whose sweep has used its time budget, unless that was done in the last seconds."""
        if time.monotonic() - self._checked_overdue_at < seconds:
            return
        self._checked_overdue_at = time.monotonic()
        for job, reason in list_overdue(self.home, self.queue.unfinished()):
            self._end(job, "cancelled", reason)

    def _advance_races(self) -> None:
        """Continue the open races, at most once per second and when a job has ended."""
        if time.monotonic() - self._raced_at < 1:
            return
        self._raced_at = time.monotonic()
        try:
            advance_races(self.home)
        except HomeError as error:  # jobs continue
            _log(str(error))

    def _has_ended(self, job: Job) -> bool:
        """Poll an attempt, stop it if the job was cancelled, and return whether it has ended."""
        if job.cancel or self._is_restart_requested(job):
            self.executor.stop(job.handle)
        status = self._ended.get(job.handle) or self.executor.poll(job.handle)
        if status.ended:
            self._ended[job.handle] = status  # reported once by the executor; saving it may fail on a full disk
            self._settle(job, status)
            del self._ended[job.handle]
        return status.ended

    def _is_restart_requested(self, job: Job) -> bool:
        try:
            return read_file(self.home.jobs / job.run_id / RESTART, _MAX_RESTART_BYTES).strip() == b"%d" % job.attempt
        except OSError:
            return False

    def _start(self, job: Job) -> None:
        if self._store.path(job.run_id):
            self._finish(job)
            return
        folder = self.home.jobs / job.run_id
        try:
            write_json(folder / "spec.json", _parse_spec(job))
            with replacing(folder / "attempt") as temporary:
                temporary.write_text(f"{job.attempt}\n", encoding="utf-8")
            self.executor.start(job.handle, folder)
            _log(f"{job.run_id}: attempt {job.attempt} started.")
        except HeadroomError as error:
            self._end(job, "failed", str(error))

    def _settle(self, job: Job, status: Status) -> None:
        if self._store.path(job.run_id):
            self._finish(job)
        elif status.state == "failed" and not job.cancel:
            log, exists = self.executor.logs(job.handle), (self.home.jobs / job.run_id / "attempt").exists()
            self._end(job, "failed", explain_failure(log, folder_exists=exists))
        elif job.cancel or job.deaths + 1 < MAX_ATTEMPTS:
            state = self.queue.requeue(job)
            _log(f"{job.run_id}: attempt {job.attempt} ended without a result ({status}); {state}.")
            if state == "cancelled":
                note_end(self.home, job.run_id)
        else:
            self._end(job, "failed", explain_loss(status, self.executor.logs(job.handle), MAX_ATTEMPTS))

    def _finish(self, job: Job) -> None:
        # If the run already existed, the worker could not publish its folder.
        shutil.rmtree(self.home.jobs / job.run_id, ignore_errors=True)
        self._end(job, "finished")

    def _end(self, job: Job, state: State, reason: str = "") -> None:
        self.queue.settle(job, state, reason)
        self._raced_at = -1.0
        _log(f"{job.run_id}: {state}. {reason}".rstrip())
        note_end(self.home, job.run_id)


def _parse_spec(job: Job) -> Any:
    """Return the hyperparameters, which the worker validates."""
    try:
        return parse_json(job.spec_json)
    except ValueError:
        raise JobError("The hyperparameters of this job are damaged. Submit the run again.") from None


def _log(message: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), message, file=sys.stderr, flush=True)
