"""The evidence of finished runs, computed by the executor in slots that no job needs."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from core.errors import HomeError, JobError, RunError
from core.files import replacing
from core.home import Home
from core.jobs.executor import Executor, Status
from core.store.evidence import publish_evidence
from core.store.run import Run

_MAX_LOST = 3


def list_requested(home: Home) -> list[str]:
    """Return the IDs of the finished runs whose evidence was requested and has not been computed, oldest first."""
    found = []
    with suppress(OSError), os.scandir(home.evidence) as entries:
        for entry in entries:
            with suppress(OSError):
                found.append(((home.runs / entry.name / "record.json").stat().st_mtime, entry.name))
    return [run_id for _, run_id in sorted(found)]


class EvidenceWork:
    """Processes that compute evidence, one run each. Jobs come first: their slots are freed at once.

    Attempts are numbered in the folders of the runs, so the next dispatcher follows those of this one. An attempt that
    was stopped is repeated; after three failures, the evidence of the run contains only the reason.
    """

    def __init__(self, home: Home, executor: Executor) -> None:
        self.home = home
        self.executor = executor
        self._lost: Counter[str] = Counter()
        self._running = {run_id: self._name(run_id) for run_id in list_requested(home) if self._read_attempt(run_id)}

    @property
    def running(self) -> int:
        """The number of its processes."""
        return len(self._running)

    def check(self) -> None:
        """Follow the processes, and settle the runs whose process has ended."""
        for run_id, handle in [*self._running.items()]:
            status = self.executor.poll(handle)
            if status.ended:
                del self._running[run_id]
                self._settle(run_id, status)

    def start(self, run_ids: Iterable[str], slots: int) -> None:
        """Start processes for runs that have none, until all slots are in use."""
        for run_id in run_ids:
            if len(self._running) >= slots:
                return
            if run_id not in self._running:
                with replacing(self.home.evidence / run_id / "attempt") as temporary:
                    temporary.write_text(f"{self._read_attempt(run_id) + 1}\n", encoding="utf-8")
                self._running[run_id] = self._name(run_id)
                with suppress(JobError):  # then it is lost
                    self.executor.start(self._running[run_id], self.home.evidence / run_id)

    def keep(self, count: int) -> None:
        """Stop all processes but `count`, because jobs need their slots."""
        for handle in [*self._running.values()][count:]:
            self.executor.stop(handle)

    def _settle(self, run_id: str, status: Status) -> None:
        if status.state == "stopped":
            return
        self._lost[run_id] += status.state != "ok"
        if status.state == "ok" or self._lost[run_id] >= _MAX_LOST:
            with suppress(RunError):  # deleted in the meantime
                run = Run.open(self.home.runs / run_id)
                if run.awaits_evidence:
                    self._give_up(run)
            shutil.rmtree(self.home.evidence / run_id, ignore_errors=True)

    def _give_up(self, run: Run) -> None:
        """
        Raises:
            HomeError: when the home is not writable; the evidence is then computed again later.
        """
        lines = []
        with suppress(OSError):
            path = self.home.evidence / run.run_id / "log.txt"
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        problem = f"{lines[-1]:.1000}" if lines else "The process was killed."
        print(time.strftime("%Y-%m-%d %H:%M:%S"), f"{run.run_id}: no evidence. {problem}", flush=True)
        try:
            publish_evidence(run.record, self.home, problem=problem)
        except HomeError:
            self._lost.pop(run.run_id, None)
            raise

    def _name(self, run_id: str) -> str:
        return f"{run_id}-evidence{self._read_attempt(run_id)}"

    def _read_attempt(self, run_id: str) -> int:
        try:
            return int((self.home.evidence / run_id / "attempt").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0
