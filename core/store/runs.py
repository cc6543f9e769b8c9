"""All runs of a home and of the examples: list, open, publish."""

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core.errors import HomeError, RunDamagedError, RunError, RunNotFoundError
from core.home import EXAMPLES, Home
from core.spec import KNOBS
from core.store.record import Cost, Metrics, Record
from core.store.run import Run

COLUMNS = (
    "run_id", "recipe", *KNOBS, "status", *Metrics.model_fields, *Cost.model_fields, "fitted_images", "official",
    "finished_at",
)  # fmt: skip

_SETTLED_SECONDS = 2.0


@dataclass
class _Folder:
    """One folder of runs with its index: rows are read from records once, then from SQLite.

    A published run never changes, so the index only has to follow which folders exist. It is derived data: when it
    cannot be kept in the home, it is kept in memory.
    """

    path: Path
    index: str
    rows: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    seen: tuple[int, float] = (-1, 0.0)

    def refresh(self) -> None:
        try:
            changed = self.path.stat().st_mtime_ns
        except FileNotFoundError:
            self.rows, self.damaged, self.seen = {}, {}, (-1, 0.0)
            return
        if self.seen[0] == changed and self.seen[1] > changed / 1e9 + _SETTLED_SECONDS:
            return
        looked = time.time()
        with os.scandir(self.path) as entries:
            names = {entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")}
        if not self.rows:
            self.rows = self._load()
        gone, new = self.rows.keys() - names, names - self.rows.keys()
        self.damaged = {}
        fresh: dict[str, str] = {}
        for name in new:
            try:
                fresh[name] = json.dumps(list(Run.open(self.path / name).record.row().values()))
            except RunNotFoundError:
                self.damaged[name] = f"Expected run {name} to hold a record.json; got none, so it is no finished run."
            except Exception as error:  # a foreign folder can be damaged in any way; the list goes on
                self.damaged[name] = str(error) if isinstance(error, RunError) else f"Run {name}: {error}"
        self.rows = {name: row for name, row in self.rows.items() if name not in gone} | fresh
        self._save(fresh, gone)
        self.seen = (changed, looked)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.index, timeout=5, isolation_level=None)
        connection.execute("CREATE TABLE IF NOT EXISTS row (columns TEXT, run_id TEXT PRIMARY KEY, value TEXT)")
        return connection

    def _load(self) -> dict[str, str]:
        try:
            with closing(self._connect()) as connection:
                found = connection.execute("SELECT run_id, value FROM row WHERE columns = ?", (_VERSION,))
                return dict(found.fetchall())
        except sqlite3.Error:
            return {}

    def _save(self, fresh: dict[str, str], gone: set[str]) -> None:
        if not fresh and not gone:
            return
        try:
            with closing(self._connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "INSERT OR REPLACE INTO row VALUES (?, ?, ?)", [(_VERSION, *item) for item in fresh.items()]
                )
                connection.executemany("DELETE FROM row WHERE run_id = ?", [(name,) for name in gone])
                connection.execute("COMMIT")
        except sqlite3.Error:
            pass


_VERSION = ",".join(COLUMNS)


class RunStore:
    """The runs of one home, with the examples beside them read-only. A run of the home hides its example twin."""

    def __init__(self, home: Home, examples: Path = EXAMPLES) -> None:
        self.home = home
        self._folders = (_Folder(home.runs, str(home.path / "index.sqlite")), _Folder(examples, ":memory:"))
        self._frame: tuple[tuple[tuple[int, float], ...], pd.DataFrame] | None = None

    def frame(self) -> pd.DataFrame:
        """One row a finished run with the columns of COLUMNS and `source` (home or example), newest first."""
        for folder in self._folders:
            folder.refresh()
        key = tuple(folder.seen for folder in self._folders)
        if self._frame is None or self._frame[0] != key:
            home, examples = self._folders
            rows = json.loads("[" + ",".join([*home.rows.values(), *self._only_examples().values()]) + "]")
            frame = pd.DataFrame(rows, columns=list(COLUMNS))
            frame["source"] = ["home"] * len(home.rows) + ["example"] * (len(frame) - len(home.rows))
            frame["train_images"] = frame["train_images"].astype("Int64")
            self._frame = key, frame.sort_values("finished_at", ascending=False, ignore_index=True)
        return self._frame[1]

    def _only_examples(self) -> dict[str, str]:
        home, examples = self._folders
        return {name: row for name, row in examples.rows.items() if name not in home.rows}

    def damaged(self) -> dict[str, str]:
        """Folders that look like runs and are none: name to one sentence."""
        for folder in self._folders:
            folder.refresh()
        return {name: sentence for folder in self._folders for name, sentence in folder.damaged.items()}

    def path(self, run_id: str) -> Path | None:
        """Folder of a finished run, None when there is none. Asks the disk, not the index."""
        if not run_id.isalnum():
            return None
        folders = (folder.path / run_id for folder in self._folders)
        return next((path for path in folders if (path / "record.json").is_file()), None)

    def open(self, run_id: str) -> Run:
        """
        Raises:
            RunNotFoundError: when no finished run has that id.
            RunDamagedError: when its record cannot be trusted.
        """
        path = self.path(run_id)
        if path is None:
            raise RunNotFoundError(f"Expected the id of a finished run; got {run_id!r:.60}.")
        return Run.open(path)

    def find(self, beginning: str) -> Run:
        """Opens the run whose id starts so; the beginning must fit one run only."""
        ids = [name for name in self.frame()["run_id"] if name.startswith(beginning)] if beginning else []
        if len(ids) > 1 and beginning not in ids:
            raise RunNotFoundError(f"Expected an id that fits one run; got {beginning!r}, which fits {len(ids)}.")
        return self.open(ids[0] if len(ids) == 1 else beginning)

    def open_all(self, run_ids: Sequence[str]) -> list[Run]:
        return [self.open(run_id) for run_id in run_ids]

    def publish(self, folder: Path) -> Run:
        """Moves a finished working folder into the store in one step.

        When the run is already there, the one that was first stays: both answer the same spec.

        Raises:
            RunDamagedError: when the folder holds no valid record.
            HomeError: when the home cannot be written.
        """
        record = Record.parse((folder / "record.json").read_bytes(), folder.name)
        target = self.home.runs / record.run_id
        try:
            self.home.runs.mkdir(parents=True, exist_ok=True)
            os.rename(folder, target)
        except OSError as error:
            if not (target / "record.json").is_file():
                raise HomeError(f"Expected to publish run {record.run_id}; got: {error.strerror}.") from error
        return Run.open(target)


__all__ = ["COLUMNS", "Record", "Run", "RunDamagedError", "RunStore"]
