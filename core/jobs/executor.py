"""Executors: the interface between the dispatcher and the machines that run jobs."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True)
class Status:
    """Status of an attempt.

    `ok` and `failed` exited on their own with a zero or nonzero exit code, `stopped` was stopped on request, and `lost`
    was killed, crashed or disappeared with its machine. `out_of_memory` is True if the system killed it because memory
    ran out. `memory_limit` is the limit in bytes of the address space of its process, if it is below the memory of the
    machine. `reason` gives details that the exit code does not.
    """

    state: Literal["running", "ok", "failed", "stopped", "lost"]
    exit_code: int | None = None
    out_of_memory: bool = False
    memory_limit: int | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.state != "running"

    def __str__(self) -> str:
        """Describe how the attempt ended, such as "killed by signal 9 (Killed)"."""
        if self.reason:
            return self.reason
        if self.exit_code is None:
            return "killed or crashed" if self.state == "lost" else self.state
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        return f"killed by signal {-self.exit_code} ({signal.strsignal(-self.exit_code) or 'unknown'})"


class Executor(Protocol):
    """Runs `python -m core.training FOLDER` on some machine. Called from one thread; no method may block.

    A handle is the dispatcher's name for an attempt. It does not depend on the process, so the next dispatcher knows it
    too.
    """

    @property
    def slots(self) -> int:
        """Number of parallel attempts; 0 until the executor is ready. Reading it starts the preparation."""

    def start(self, handle: str, folder: Path) -> None:
        """Start an attempt; does nothing if it is already running.

        Raises:
            JobError: when the attempt cannot be started.
        """

    def poll(self, handle: str) -> Status:
        """Return the status of an attempt, including those of an earlier dispatcher. An unknown attempt is lost."""

    def stop(self, handle: str) -> None:
        """Stop an attempt. Call repeatedly: after a grace period the attempt is killed."""

    def logs(self, handle: str) -> str:
        """Return the end of the output of an attempt."""
