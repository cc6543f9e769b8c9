"""Progress report of a worker, repeated as a sign of life in phases without reports."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import HeadroomError, JobError
from core.files import write_json
from core.jobs.health import HEARTBEAT_SECONDS


class ProgressReport:
    """The file progress.json of a job.

    Args:
        check: raises JobError when a newer attempt has started; nothing is written then.
    """

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        self.path = path
        self.written_at = 0.0
        self._check = check
        self._values: dict[str, Any] = {}
        self._writing = threading.Lock()
        self._ended = threading.Event()

    def write(self, values: dict[str, Any]) -> None:
        """Write the progress; has no effect after `end`."""
        self._check()
        with self._writing:
            if not self._ended.is_set():
                self._values, self.written_at = values, time.monotonic()
                write_json(self.path, {**values, "updated_at": time.time()})

    @contextmanager
    def repeating(self) -> Iterator[None]:
        """Inside the block and until `end`, repeat the last progress every HEARTBEAT_SECONDS without another one."""
        threading.Thread(target=self._repeat, name="heartbeat", daemon=True).start()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Write nothing more."""
        with self._writing:
            self._ended.set()

    def _repeat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            if self._values and time.monotonic() - self.written_at >= HEARTBEAT_SECONDS:
                try:
                    self.write(self._values)
                except JobError:
                    return
                except HeadroomError:  # the disk is full; it may be freed
                    pass
