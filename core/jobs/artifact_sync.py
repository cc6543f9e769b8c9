"""Artifact sync: copies finished runs to HEADROOM_ARTIFACTS while the dispatcher runs; failed copies are retried."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import HeadroomError, RunError
from core.home import Home
from core.jobs.evidence_work import list_requested
from core.store.artifact import ArtifactStore
from core.store.evidence import EVIDENCE
from core.store.run import Run

_POLL_SECONDS = 2.0
_RETRY_SECONDS = 30.0


@contextmanager
def syncing(home: Home) -> Iterator[None]:
    """Copy missing runs to the artifact store in the background, and once more when the block ends.

    Without an artifact store this does nothing. If the store cannot be reached, the error is logged and the copy is
    retried; training is not delayed.

    Raises:
        ArtifactError: when HEADROOM_ARTIFACTS is not a usable URL.
    """
    store = ArtifactStore.read()
    if store is None:
        yield
        return
    sync = _ArtifactSync(home, store)
    thread = threading.Thread(target=sync.run, name="artifact-sync", daemon=True)
    thread.start()
    try:
        yield
    finally:
        sync.ended.set()
        thread.join()


class _ArtifactSync:
    def __init__(self, home: Home, store: ArtifactStore) -> None:
        self.ended = threading.Event()
        self._home = home
        self._store = store
        self._copied: set[str] | None = None
        self._problem = ""

    def run(self) -> None:
        while not self.ended.wait(_POLL_SECONDS if self._copy_all() else _RETRY_SECONDS):
            pass
        self._copy_all()

    def _copy_all(self) -> bool:
        """Return whether every missing run was copied."""
        problem = ""
        try:
            local = set(os.listdir(self._home.runs)) if self._home.runs.is_dir() else set()
            if self._copied is None:
                late = {run_id for run_id in local if (self._home.runs / run_id / EVIDENCE).exists()}
                late = late - self._store.list_with_evidence() | {*list_requested(self._home)}
                self._copied = self._store.list_ids() - late
            for run_id in sorted(name for name in local - self._copied if name[0] != "."):
                waits = False
                with suppress(RunError):  # a damaged run is skipped and not checked again
                    run = Run.open(self._home.runs / run_id)
                    waits = run.awaits_evidence and not run.imported
                    self._store.upload(run, self._home)
                if not waits:  # otherwise again, with its evidence
                    self._copied.add(run_id)
        except (HeadroomError, OSError) as error:
            problem = str(error)
        if problem and problem != self._problem:
            print(time.strftime("%Y-%m-%d %H:%M:%S"), problem, file=sys.stderr, flush=True)
        self._problem = problem
        return not problem
