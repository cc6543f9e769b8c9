"""The index over one folder of runs: a row for each finished run, read from its record once, then from SQLite."""

import hashlib
import json
import os
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import HomeError, RunError
from core.recipes import RECIPES
from core.spec import KNOBS
from core.store.record import Cost, Metrics
from core.store.run import Run

COLUMNS = (
    "run_id", "recipe", *KNOBS, "status", *Metrics.model_fields, *Cost.model_fields, "fitted_images",
    "official", "finished_at",
)  # fmt: skip

# Two changes within one tick of the file system's clock leave the folder the same time of change. The coarsest
# clock that homes live on ticks every two seconds.
_TICK_SECONDS = 2.0


def _version() -> int:
    """A number for what rows mean: SQLite's `user_version`, so that an index of other columns or recipes is dropped."""
    meaning = [COLUMNS, [(name, recipe.spec.dataset, recipe.spec.backbone) for name, recipe in RECIPES.items()]]
    return int(hashlib.sha256(json.dumps(meaning).encode()).hexdigest()[:7], 16)


@dataclass
class Index:
    """Which finished runs the folder `path` holds; `rows` maps a run id to a JSON list in the order of COLUMNS.

    A published run never changes, so a row holds as long as its folder keeps its time of change. Rows are derived:
    when `file` is None or cannot be written, they are kept in memory; when it is damaged, it is made anew.
    `generation` grows whenever rows or damaged do change.
    """

    path: Path
    file: Path | None
    rows: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    _stamps: dict[str, int] = field(default_factory=dict)
    _changed: int = -1
    _settles: float = 0.0
    _scanned: float = 0.0

    def refresh(self) -> None:
        """Follows published and deleted folders; costs one stat when none was.

        Raises:
            HomeError: when the folder is there and cannot be read.
        """
        try:
            changed = self.path.stat().st_mtime_ns
            now = time.monotonic()
            if changed != self._changed:
                self._changed, self._settles = changed, now + _TICK_SECONDS
            elif self._scanned >= self._settles:
                return
            stamps = self._scan()
        except FileNotFoundError:
            now, self._changed, stamps = 0.0, -1, {}
        except OSError as error:
            raise HomeError(f"Expected to be able to read {self.path}; got: {error.strerror}.") from error
        self._follow(stamps)
        self._scanned = now

    def _scan(self) -> dict[str, int]:
        stamps = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # deleted since
                    if entry.is_dir() and not entry.name.startswith("."):
                        stamps[entry.name] = entry.stat().st_mtime_ns
        return stamps

    def _follow(self, stamps: dict[str, int]) -> None:
        if stamps and not self._stamps:
            self._load()
        gone = self._stamps.keys() - stamps.keys()
        fresh = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        if not gone and not fresh:
            return
        kept = self._stamps.keys() - gone - set(fresh)
        rows = {name: row for name, row in self.rows.items() if name in kept}
        damaged = {name: sentence for name, sentence in self.damaged.items() if name in kept}
        for name in fresh:
            try:
                rows[name] = json.dumps(list(Run.open(self.path / name).record.row().values()))
            except RunError as error:
                damaged[name] = str(error)
        self._save({name: (stamps[name], rows[name]) for name in fresh if name in rows}, self.rows.keys() - rows.keys())
        self.rows, self.damaged, self._stamps = rows, damaged, stamps
        self.generation += 1

    def _load(self) -> None:
        if self.file is None or not self.file.exists():
            return
        try:
            with closing(self._connect()) as connection:
                found = connection.execute("SELECT run_id, stamp, value FROM row").fetchall()
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:  # no database, or a damaged one: the next save makes it anew
            for name in (self.file.name, f"{self.file.name}-journal"):
                with suppress(OSError):
                    self.file.with_name(name).unlink()
            return
        self.rows = {name: row for name, _, row in found}
        self._stamps = {name: stamp for name, stamp, _ in found}
        self.generation += 1

    def _save(self, fresh: dict[str, tuple[int, str]], gone: set[str]) -> None:
        if self.file is None or not (fresh or gone):
            return
        with suppress(sqlite3.Error), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM row WHERE run_id = ?", [(name,) for name in gone])
            connection.executemany(
                "INSERT OR REPLACE INTO row VALUES (?, ?, ?)", [(name, *item) for name, item in fresh.items()]
            )
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(str(self.file), timeout=5, isolation_level=None)
        try:
            if connection.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DROP TABLE IF EXISTS row")
                connection.execute("CREATE TABLE row (run_id TEXT PRIMARY KEY, stamp INTEGER, value TEXT)")
                connection.execute(f"PRAGMA user_version = {_VERSION}")
                connection.execute("COMMIT")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


_VERSION = _version()
