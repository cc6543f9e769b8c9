"""The runs of a home and the examples: list, open, publish and delete."""

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from core.errors import HomeError, RunDamagedError, RunError, RunNotFoundError
from core.home import Home
from core.store.damage import damaged_run
from core.store.index import COLUMNS, Index
from core.store.record import Record
from core.store.run import Run
from core.store.trash import Trash
from core.store.withheld import TEST_RESULTS, list_withheld

if TYPE_CHECKING:
    import pandas as pd

_ID = re.compile(r"[0-9a-f]{12}")


class RunStore:
    """The runs of a home, together with the read-only examples. A run of the home hides an example with the same ID.

    Thread-safe. Other processes may publish and delete runs at any time.
    """

    def __init__(self, home: Home, examples: Path | None = None) -> None:
        self.home = home
        self._indexes = (
            Index(home.runs, home.path / "index.feather"),
            Index(examples or home.examples, home.path / "examples.feather"),
        )
        self._frame: tuple[tuple[int, ...], pd.DataFrame] | None = None
        self._withheld: frozenset[str] = frozenset()
        self._lock = Lock()

    def frame(self) -> "pd.DataFrame":
        """Return the run list: one row per finished run with the columns of COLUMNS, `source` and `withheld`, newest
        first.

        `source` is "home" or "example". Test results are missing where they are withheld (see `core.store.withheld`).

        Raises:
            HomeError: when the home cannot be read.
        """
        with self._lock:
            key = self._refresh()
            if self._frame is None or self._frame[0] != key:
                self._frame = key, self._build_frame()
            return self._frame[1].copy(deep=False)  # callers may add columns

    def list_rows(self, columns: Sequence[str] = COLUMNS) -> list[dict[str, Any]]:
        """Return columns of `frame`, except `source`, as one dictionary per run; missing values are None. It does not
        import pandas."""
        with self._lock:
            self._refresh()
            home, examples = self._indexes
            names = [name for name in dict.fromkeys([*columns, "run_id", "finished_at"]) if name != "withheld"]
            rows, shown = home.list_rows(names), examples.list_rows(names)
            withheld = self._withheld
        if shown:
            rows += [row for row in shown if row["run_id"] not in home]
            rows.sort(key=lambda row: row["finished_at"], reverse=True)
        for row in rows:
            row["withheld"] = row["run_id"] in withheld
            if row["withheld"]:
                row.update(dict.fromkeys(TEST_RESULTS))
        return [{name: row[name] for name in columns} for row in rows]

    def stamps(self) -> list[dict[str, int]]:
        """Return a number per run folder of the home, and of the examples, that changes with its record."""
        with self._lock:
            self._refresh()
            return [index.stamps for index in self._indexes]

    def list_ids(self) -> list[str]:
        """Return the IDs of the finished runs, newest first."""
        return [row["run_id"] for row in self.list_rows(["run_id"])]

    @property
    def generation(self) -> tuple[int, ...]:
        """A value that changes with the run list."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> tuple[int, ...]:
        for index in self._indexes:
            index.refresh()
        self._withheld = list_withheld(self.home)
        return *(index.generation for index in self._indexes), hash(self._withheld) if self._withheld else 0

    def _build_frame(self) -> "pd.DataFrame":
        import pandas as pd

        home, examples = self._indexes
        frame = home.frame[list(COLUMNS)].assign(source="home")
        if len(examples.frame):
            shown = examples.frame.loc[[name not in home for name in examples.frame["run_id"]], list(COLUMNS)]
            frame = pd.concat([frame, shown.assign(source="example")])
        frame["source"] = frame["source"].astype("str")
        frame["withheld"] = frame["run_id"].isin(self._withheld)
        frame.loc[frame["withheld"], [*TEST_RESULTS]] = float("nan")
        return frame.sort_values("finished_at", ascending=False, kind="stable", ignore_index=True)

    def damaged(self) -> dict[str, str]:
        """Return the error messages of damaged run folders, by name."""
        with self._lock:
            self._refresh()
            return {name: message for index in self._indexes for name, message in index.damaged.items()}

    def path(self, run_id: str) -> Path | None:
        """Return the folder of a finished run after verifying all of its files; None if missing or damaged.

        The first call in a process reads all files of the run; later calls read only changed files.
        """
        try:
            run = self.open(run_id)
            run.verify()
        except RunError:
            return None
        return run.path

    def open(self, run_id: str) -> Run:
        """Open a run of the home, or of the examples if the home has none with a valid record.

        Raises:
            RunNotFoundError: when no finished run has this ID.
            RunDamagedError: when its record is damaged.
        """
        problem: RunError | None = None
        if _ID.fullmatch(run_id):  # the ID becomes part of a path
            for index in self._indexes:
                try:
                    return Run.open(index.path / run_id)
                except RunNotFoundError:
                    pass
                except RunDamagedError as error:
                    problem = error
        raise problem or RunNotFoundError(self._describe_missing(run_id))

    def find(self, prefix: str) -> Run:
        """Open the run whose ID starts with the given characters, which must be unique."""
        ids = [run_id for run_id in self.list_ids() if run_id.startswith(prefix)] if prefix else []
        if len(ids) > 1:
            raise RunNotFoundError(f"{prefix!r} matches {len(ids)} runs; enter more characters.")
        return self.open(ids[0] if ids else prefix)

    def open_all(self, run_ids: Sequence[str]) -> list[Run]:
        return [self.open(run_id) for run_id in run_ids]

    def publish(self, folder: Path) -> Run:
        """Move a finished working folder into the store, atomically.

        If the run already exists, it is kept and `folder` is not moved; both have the same spec. An existing run that
        is damaged is moved to a hidden folder.

        Raises:
            RunDamagedError: when the folder has no valid record.
            HomeError: when the home cannot be written.
        """
        try:
            record = Record.parse((folder / "record.json").read_bytes(), folder.name)
        except OSError as error:
            problem = f"Cannot read record.json in {folder}: {error.strerror}."
            raise damaged_run(problem, None, listed=False) from None
        target = self.home.runs / record.run_id
        try:
            return _open_verified(target)
        except RunError:
            pass
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                self._set_aside(target)
            os.rename(folder, target)
        except OSError as error:
            try:
                return _open_verified(target)  # another process published it in the meantime
            except RunError:
                raise HomeError(f"Cannot write run {record.run_id} to {self.home.runs}: {error.strerror}.") from error
        return Run.open(target)

    def delete(self, run_id: str) -> None:
        """Move a run of the home to the trash, atomically.

        Raises:
            RunNotFoundError: when the home has no run with this ID; examples cannot be deleted.
            HomeError: when the home cannot be written.
        """
        if self.open(run_id).path.parent != self.home.runs:
            raise RunNotFoundError(f"Run {run_id} is an example and cannot be deleted.")
        target = self._trash.path / run_id
        try:
            self._trash.path.mkdir(exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)  # an earlier run with the same spec
            os.rename(self.home.runs / run_id, target)
        except OSError as error:
            raise HomeError(f"Cannot delete run {run_id}: {error.strerror}.") from error

    def restore(self, run_id: str) -> None:
        """Restore a deleted run, unless it has been trained again since.

        Raises:
            RunNotFoundError: when the trash contains no run with this ID.
            HomeError: when the home cannot be written.
        """
        if run_id not in self.deleted():
            raise RunNotFoundError(f"Run {run_id!r:.60} is not in the trash; it may have been deleted permanently.")
        try:
            self.publish(self._trash.path / run_id)
        finally:
            if (self.home.runs / run_id).exists():
                shutil.rmtree(self._trash.path / run_id, ignore_errors=True)

    def move_damaged_aside(self) -> list[tuple[str, Path]]:
        """Move the run folders of the home without a valid record to hidden folders. Nothing is deleted.

        Returns:
            The name of each folder and its new path.

        Raises:
            HomeError: when a folder cannot be moved.
        """
        self.damaged()
        moved = []
        for name in self._indexes[0].damaged:
            try:
                moved.append((name, self._set_aside(self.home.runs / name)))
            except OSError as error:
                raise HomeError(f"Cannot move {self.home.runs / name}: {error.strerror}.") from error
        return moved

    def _set_aside(self, folder: Path) -> Path:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".damaged-{folder.name}-"))
        os.rename(folder, aside)
        return aside

    def deleted(self) -> list[str]:
        """List the IDs of the deleted runs that can be restored."""
        return self._trash.names()

    def clear(self) -> None:
        """Permanently delete the runs in the trash."""
        self._trash.clear()

    def _describe_missing(self, prefix: str) -> str:
        deleted = [run_id for run_id in self.deleted() if run_id.startswith(prefix)] if prefix else []
        if len(deleted) == 1:
            return f"Run {deleted[0]} was deleted. You can restore it on the Runs page."
        return f"Run {prefix!r:.60} was not found; it may have been deleted."

    @property
    def _trash(self) -> Trash:
        return Trash(self.home.runs / ".removed", _ID)


def _open_verified(path: Path) -> Run:
    run = Run.open(path)
    run.verify()
    return run
