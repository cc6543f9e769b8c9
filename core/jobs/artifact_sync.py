"""Copies finished runs to HEADROOM_ARTIFACTS while the dispatcher works; a run that was missed is copied next time."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import HeadroomError, RunError
from core.home import Home
from core.store.artifact import ArtifactStore
from core.store.run import Run

_LOOK_SECONDS = 2.0
_RETRY_SECONDS = 30.0


@contextmanager
def keeping(home: Home) -> Iterator[None]:
    """Beside the block, then once more, copies what the store lacks; does nothing where none is named.

    A store that cannot be reached is told in the log and tried again; it holds up no training.

    Raises:
        ArtifactError: when HEADROOM_ARTIFACTS is no URL that can be used.
    """
    store = ArtifactStore.read()
    if store is None:
        yield
        return
    keeper = _Keeper(home, store)
    thread = threading.Thread(target=keeper.run, name="keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        keeper.ended.set()
        thread.join()


class _Keeper:
    def __init__(self, home: Home, store: ArtifactStore) -> None:
        self.ended = threading.Event()
        self._home = home
        self._store = store
        self._kept: set[str] | None = None
        self._problem = ""

    def run(self) -> None:
        while not self.ended.wait(_LOOK_SECONDS if self._keep_all() else _RETRY_SECONDS):
            pass
        self._keep_all()

    def _keep_all(self) -> bool:
        """Returns whether all went well."""
        problem = ""
        try:
            if self._kept is None:
                self._kept = self._store.list_ids()
            here = set(os.listdir(self._home.runs)) if self._home.runs.is_dir() else set()
            for run_id in sorted(name for name in here - self._kept if name[0] != "."):
                with suppress(RunError):  # a damaged one is none, and is not looked at again
                    self._store.upload(Run.open(self._home.runs / run_id))
                self._kept.add(run_id)
        except (HeadroomError, OSError) as error:
            problem = str(error)
        if problem and problem != self._problem:
            print(time.strftime("%Y-%m-%d %H:%M:%S"), problem, file=sys.stderr, flush=True)
        self._problem = problem
        return not problem
