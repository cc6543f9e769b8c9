"""All runs of a home and of the examples: list, open, publish."""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import pandas as pd

from core.errors import HomeError, RunDamagedError, RunError, RunNotFoundError
from core.home import Home
from core.store.index import COLUMNS, Index
from core.store.record import Record
from core.store.run import Run
from core.store.trash import Trash

_ID = re.compile(r"[0-9a-f]{12}")


class RunStore:
    """The runs of one home, with the examples beside them read-only. A run of the home hides its example twin.

    Safe to share between threads; other processes may publish and delete at any time.
    """

    def __init__(self, home: Home, examples: Path | None = None) -> None:
        self.home = home
        self._indexes = (Index(home.runs, home.path / "index.feather"), Index(examples or home.examples, None))
        self._frame: tuple[tuple[int, ...], pd.DataFrame] | None = None
        self._lock = Lock()

    def frame(self) -> pd.DataFrame:
        """One row a finished run with the columns of COLUMNS and `source` (home or example), newest first.

        Raises:
            HomeError: when the home cannot be read.
        """
        with self._lock:
            key = self._refresh()
            if self._frame is None or self._frame[0] != key:
                self._frame = key, self._build_frame()
            return self._frame[1].copy(deep=False)  # what a caller writes into it stays the caller's

    @property
    def generation(self) -> tuple[int, ...]:
        """Another value whenever the list of runs is another."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> tuple[int, ...]:
        for index in self._indexes:
            index.refresh()
        return tuple(index.generation for index in self._indexes)

    def _build_frame(self) -> pd.DataFrame:
        home, examples = (index.frame[list(COLUMNS)] for index in self._indexes)
        alone = examples[~examples["run_id"].isin(home["run_id"])]
        frame = pd.concat([home.assign(source="home"), alone.assign(source="example")])
        frame["source"] = frame["source"].astype("str")
        return frame.sort_values("finished_at", ascending=False, kind="stable", ignore_index=True)

    def damaged(self) -> dict[str, str]:
        """Folders that look like runs and are none: name to one sentence."""
        with self._lock:
            self._refresh()
            return {name: sentence for index in self._indexes for name, sentence in index.damaged.items()}

    def path(self, run_id: str) -> Path | None:
        """Folder of a finished run that is whole, None when there is none. Asks the disk, not the index.

        The first look at a run in a process reads all its files, later ones only those that were changed since.
        """
        try:
            run = self.open(run_id)
            run.verify()
        except RunError:
            return None
        return run.path

    def open(self, run_id: str) -> Run:
        """The run of the home; where the home has no record that can be trusted, that of the examples.

        Raises:
            RunNotFoundError: when no finished run has that id.
            RunDamagedError: when its record cannot be trusted.
        """
        problem: RunError = RunNotFoundError(f"Expected the id of a finished run; got {run_id!r:.60}.")
        if _ID.fullmatch(run_id):  # nothing else may become part of a path
            for index in self._indexes:
                try:
                    return Run.open(index.path / run_id)
                except RunNotFoundError:
                    pass
                except RunDamagedError as error:
                    problem = error
        raise problem

    def find(self, beginning: str) -> Run:
        """Opens the run whose id starts so; the beginning must fit one run only."""
        ids = [name for name in self.frame()["run_id"] if name.startswith(beginning)] if beginning else []
        if len(ids) > 1:
            raise RunNotFoundError(f"Expected an id that fits one run; got {beginning!r}, which fits {len(ids)}.")
        return self.open(ids[0] if ids else beginning)

    def open_all(self, run_ids: Sequence[str]) -> list[Run]:
        return [self.open(run_id) for run_id in run_ids]

    def publish(self, folder: Path) -> Run:
        """Moves a finished working folder into the store in one step.

        When the run is already there, the one that was first stays, since both answer the same spec, and `folder`
        is left to the caller. One that is not whole gives way and is kept in a hidden folder beside the runs.

        Raises:
            RunDamagedError: when the folder holds no valid record.
            HomeError: when the home cannot be written.
        """
        try:
            record = Record.parse((folder / "record.json").read_bytes(), folder.name)
        except OSError as error:
            raise RunDamagedError(f"Expected {folder} to hold a record.json; got: {error.strerror}.") from None
        target = self.home.runs / record.run_id
        try:
            return _open_whole(target)
        except RunError:
            pass
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                aside = tempfile.mkdtemp(dir=target.parent, prefix=f".damaged-{record.run_id}-")
                os.rename(target, aside)
            os.rename(folder, target)
        except OSError as error:
            try:
                return _open_whole(target)  # another process published it in between
            except RunError:
                raise HomeError(f"Expected to publish run {record.run_id}; got: {error.strerror}.") from error
        return Run.open(target)

    def delete(self, run_id: str) -> None:
        """Puts a run of the home out of sight, in one step; `restore` brings it back.

        Raises:
            RunNotFoundError: when the home has no run of that id; examples cannot be removed.
            HomeError: when the home cannot be written.
        """
        if self.open(run_id).path.parent != self.home.runs:
            raise RunNotFoundError(f"Expected a run of this home; got {run_id}, which is an example.")
        target = self._trash.path / run_id
        try:
            self._trash.path.mkdir(exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)  # of the same spec, removed before
            os.rename(self.home.runs / run_id, target)
        except OSError as error:
            raise HomeError(f"Expected to be able to remove run {run_id}; got: {error.strerror}.") from error

    def restore(self, run_id: str) -> None:
        """Brings a removed run back, unless it has been trained anew since.

        Raises:
            RunNotFoundError: when no run of that id was removed.
            HomeError: when the home cannot be written.
        """
        if run_id not in self.deleted():
            raise RunNotFoundError(f"Expected the id of a removed run; got {run_id!r:.60}.")
        try:
            self.publish(self._trash.path / run_id)
        finally:
            if (self.home.runs / run_id).exists():
                shutil.rmtree(self._trash.path / run_id, ignore_errors=True)

    def deleted(self) -> list[str]:
        """The ids of the runs that were removed and can be brought back."""
        return self._trash.names()

    def clear(self) -> None:
        """Deletes for good what was removed."""
        self._trash.clear()

    @property
    def _trash(self) -> Trash:
        return Trash(self.home.runs / ".removed", _ID)


def _open_whole(path: Path) -> Run:
    run = Run.open(path)
    run.verify()
    return run
