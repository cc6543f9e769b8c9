"""The index over one folder of runs: a row for each finished run, read from its record once, then from one file."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import HomeError, RunError
from core.files import replacing
from core.recipes import RECIPES
from core.spec import SETTINGS
from core.store.record import Cost, Metrics, Record
from core.store.run import Run

COLUMNS = (
    "run_id", "recipe", *SETTINGS, "status", *Metrics.model_fields, *Cost.model_fields, "fitted_images", "trained_epochs",
    "cpu", "cores", "official", "targets", "finished_at",
)  # fmt: skip

_DTYPES: dict[str, str] = {
    **dict.fromkeys(COLUMNS, "str"),
    **{
        name: {int: "int64", float: "float64", str: "str", bool: "bool"}[setting.kind]
        for name, setting in SETTINGS.items()
    },
    **{
        name: "Int64" for name, setting in SETTINGS.items() if setting.default is None
    },  # nothing stands for all, or for as is
    **dict.fromkeys(Metrics.model_fields, "float64"),
    **{name: "float64" if name.endswith("seconds") else "int64" for name in Cost.model_fields},
    "fitted_images": "int64",
    "trained_epochs": "int64",
    "cores": "Int64",
    "official": "bool",
    "stamp": "int64",
    "version": "int64",
}

# What rows mean: those that were written with other columns or other recipes are not read.
_MEANING = [_DTYPES, [(name, recipe.spec.dataset, recipe.spec.backbone) for name, recipe in RECIPES.items()]]
_VERSION = int(hashlib.sha256(json.dumps(_MEANING).encode()).hexdigest()[:8], 16)

# Two changes within one tick of the file system's clock leave the folder the same time of change. The coarsest
# clock that homes live on ticks every two seconds.
_TICK_SECONDS = 2.0

# A record that changes in its place leaves the folder as it was, so every record is looked at again, though for no more
# than this share of the time: a few runs at every call, ten thousand about once a second.
_LOOKING_SHARE = 0.05


def _build(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(_DTYPES)
    named = zip(_DTYPES.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=dtype) for (name, dtype), values in named})


def read_records(records: Iterable[Record]) -> pd.DataFrame:
    """A row a record with the columns of COLUMNS, in the order given and of the types of an index."""
    rows = (record.row() for record in records)
    return _build([[*(row[column] for column in COLUMNS), 0, _VERSION] for row in rows])[[*COLUMNS]]


@cache
def _build_empty() -> pd.DataFrame:
    """Shared by all indexes that have read nothing: it takes ten milliseconds, and a look at one run needs no frame."""
    return _build([])


@dataclass
class Index:
    """Which finished runs the folder `path` holds: `frame` has a row each, newest first, with at least COLUMNS.

    A row holds as long as its record keeps its time of change and its size. Rows are derived: when `file` is None or
    cannot be written they are kept in memory, when it is damaged they are read anew, and of two processes that write it
    the last one wins. `generation` grows with every change of frame or damaged.
    """

    path: Path
    file: Path | None
    frame: pd.DataFrame = field(default_factory=_build_empty)
    damaged: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    _stamps: dict[str, int] = field(default_factory=dict)
    _changed: int = -1
    _settles: float = 0.0
    _scanned: float = 0.0
    _rests: float = 0.0

    def refresh(self) -> None:
        """Follows published, deleted and changed runs; most calls cost one stat once there were none for a while.

        Raises:
            HomeError: when the folder is there and cannot be read.
        """
        try:
            changed = self.path.stat().st_mtime_ns
            now = time.monotonic()
            if changed != self._changed:
                self._changed, self._settles = changed, now + _TICK_SECONDS
            elif self._scanned >= self._settles and now < self._rests:
                return
            stamps = self._scan()
            scanned = time.monotonic()
            self._rests = scanned + (scanned - now) / _LOOKING_SHARE
        except FileNotFoundError:
            now, self._changed, stamps = 0.0, -1, {}
        except OSError as error:
            raise HomeError(f"Expected to be able to read {self.path}; got: {error.strerror}.") from error
        self._follow(stamps)
        self._scanned = now

    def _scan(self) -> dict[str, int]:
        """Folder to what tells one state of its record from another; 0 where there is none that can be looked at."""
        stamps = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name[0] == "." or not entry.is_dir():
                    continue
                try:
                    record = os.stat(f"{entry.path}/record.json")
                    # Time of change, not of writing: copying and unpacking can set the latter to what it was.
                    stamps[entry.name] = hash((record.st_ctime_ns, record.st_size))
                except OSError:
                    if os.path.isdir(entry.path):  # else deleted since
                        stamps[entry.name] = 0
        return stamps

    def _follow(self, stamps: dict[str, int]) -> None:
        if stamps and not self._stamps:
            self._load()
        if stamps == self._stamps:
            return
        fresh = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        away = (self._stamps.keys() - stamps.keys()).union(fresh)
        damaged = {name: sentence for name, sentence in self.damaged.items() if name not in away}
        rows = []
        for name in fresh:
            try:
                row = Run.open(self.path / name).record.row()
            except RunError as error:
                damaged[name] = str(error)
            else:
                rows.append([*(row[column] for column in COLUMNS), stamps[name], _VERSION])
        stay = self.frame[[name not in away for name in self.frame["run_id"]]]
        if rows or len(stay) < len(self.frame):
            frame = pd.concat([stay, _build(rows)]) if len(stay) else _build(rows)
            self.frame = frame.sort_values(["finished_at", "run_id"], ascending=[False, True], ignore_index=True)
            self._save()
        self.damaged, self._stamps = damaged, stamps
        self.generation += 1

    def _load(self) -> None:
        if self.file is None:
            return
        try:
            frame = pd.read_feather(self.file, use_threads=False)
        except (OSError, ValueError):  # absent, damaged or of another format: the next save makes it anew
            return
        if frame.dtypes.astype("str").to_dict() == _DTYPES and (frame["version"] == _VERSION).all():
            self.frame = frame
            self._stamps = dict(zip(frame["run_id"], frame["stamp"].tolist(), strict=True))
            self.generation += 1

    def _save(self) -> None:
        if self.file is not None:
            with suppress(HomeError), replacing(self.file) as temporary:
                self.frame.to_feather(temporary)
