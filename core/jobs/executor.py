"""Where a job runs: what the dispatcher needs of a machine, and no more."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True)
class Status:
    """How an attempt fares.

    `ok` and `failed` ended by themselves with exit code 0 or another one, `stopped` because it was told to, `lost`
    without a word: killed, crashed, or its machine is gone. `out_of_memory` says that it was the system that ended it,
    for want of memory. `reason` is what is known beside the exit code.
    """

    state: Literal["running", "ok", "failed", "stopped", "lost"]
    exit_code: int | None = None
    out_of_memory: bool = False
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.state != "running"

    def __str__(self) -> str:
        """As the end of «… got killed by signal 9»."""
        if self.reason:
            return self.reason
        if self.exit_code is None:
            return "killed or crashed" if self.state == "lost" else self.state
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        return f"killed by signal {-self.exit_code} ({signal.strsignal(-self.exit_code) or 'unknown'})"


class Executor(Protocol):
    """Runs `python -m core.training FOLDER` somewhere. The dispatcher calls it from one thread and cannot wait.

    A handle is the dispatcher's name for an attempt, so it is known before the attempt is, also to the next dispatcher.
    """

    @property
    def slots(self) -> int:
        """How many attempts may run at once. 0 while there is nowhere to run yet; asking gets it ready."""

    def start(self, handle: str, folder: Path) -> None:
        """Starts an attempt; one that already runs is left alone.

        Raises:
            JobError: when it cannot be started.
        """

    def poll(self, handle: str) -> Status:
        """Also answers for attempts that an earlier dispatcher started; one that was never started is lost."""

    def stop(self, handle: str) -> None:
        """Asks an attempt to end; asked again for long enough, ends it by force."""

    def logs(self, handle: str) -> str:
        """What the attempt has printed."""
