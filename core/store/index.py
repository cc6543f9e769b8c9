"""Index of a folder of runs: one row per finished run, read from its record and cached in one file."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from core.datasets.trees.litter import is_litter
from core.errors import HomeError, RunError
from core.files import read_file, replacing
from core.recipes import RECIPES
from core.spec import SETTINGS
from core.store.record import Cost, Metrics
from core.store.run import Run

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "run_id", "recipe", *SETTINGS, "elsewhere", "content", "status", *Metrics.model_fields, *Cost.model_fields,
    "fitted_images", "trained_epochs", "measured_epoch", "cpu", "cores", "official", "targets", "finished_at",
)  # fmt: skip

_DTYPES: dict[str, str] = {
    **dict.fromkeys(COLUMNS, "str"),
    **{
        name: {int: "int64", float: "float64", str: "str", bool: "bool"}[setting.kind]
        for name, setting in SETTINGS.items()
    },
    **{
        name: "Int64" for name, setting in SETTINGS.items() if setting.default is None
    },  # null represents all images, or the stored size
    **dict.fromkeys(Metrics.model_fields, "float64"),
    **{name: "float64" if name.endswith("seconds") else "Int64" for name in Cost.model_fields},
    "fitted_images": "Int64",
    "trained_epochs": "int64",
    "measured_epoch": "int64",
    "cores": "Int64",
    "official": "bool",
    "stamp": "int64",
    "version": "int64",
}

_TYPES = {
    "str": pa.large_string(), "bool": pa.bool_(), "float64": pa.float64(), "int64": pa.int64(), "Int64": pa.int64()
}  # fmt: skip
_SCHEMA = pa.schema([(name, _TYPES[dtype]) for name, dtype in _DTYPES.items()])

# Rows that were written with different columns or recipes, or by another rule for the recipe of a run, are not read.
_RECIPE_RULE = 2
_FORMAT = [
    _RECIPE_RULE,
    _DTYPES,
    [(name, recipe.spec.canonical(), [*recipe.settings]) for name, recipe in RECIPES.items()],
]
_VERSION = int(hashlib.sha256(json.dumps(_FORMAT).encode()).hexdigest()[:8], 16)

# Two changes within one tick of the file system's clock give the folder the same modification time. The coarsest
# supported file system has a resolution of two seconds; a time with a fraction of a second shows a finer one, of which
# the coarsest has 10 ms.
_TICK_SECONDS, _FINE_TICK_SECONDS = 2.0, 0.1

# A change inside a run folder does not change the modification time of its parent, so all records are checked again,
# but for at most this fraction of the time: a few runs on each call, ten thousand about once per second.
_SCAN_FRACTION = 0.05

_GENERATIONS = count(1)

# The file ends with the SHA-256 of its rows, because the format does not detect damage.
_DIGEST_BYTES = 32
_MAX_BYTES = 500_000_000


def _build(rows: Iterable[dict[str, Any]], stamps: Mapping[str, int]) -> pa.Table:
    """Return a table of rows, newest first, with the stamp of each folder and the version of the columns."""
    listed = [{**row, "stamp": stamps.get(row["run_id"], 0), "version": _VERSION} for row in rows]
    listed.sort(key=lambda row: row["run_id"])
    listed.sort(key=lambda row: row["finished_at"], reverse=True)
    return pa.Table.from_pylist(listed, _SCHEMA)


def _to_frame(table: pa.Table) -> "pd.DataFrame":
    import pandas as pd

    frame = table.to_pandas(use_threads=False, types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    known = [name for name in frame if _DTYPES[str(name)] == "int64"]  # never missing
    return frame.astype(dict.fromkeys(known, "int64"))


def list_rows_of(runs: Iterable[Run]) -> "pd.DataFrame":
    """Convert runs to a run list: one row per run in this order, with the columns of COLUMNS."""
    return _to_frame(pa.Table.from_pylist([run.row() for run in runs], _SCHEMA).select([*COLUMNS]))


@dataclass
class Index:
    """Index of the finished runs in a folder.

    A row is valid until the modification time or the size of its record changes. If `file` is None or cannot be
    written, rows are kept in memory only; if it is damaged, it is rebuilt. If two processes write it, the last one
    wins.

    Attributes:
        path: The folder.
        file: Cache of the rows.
        stamps: Hash of modification time and size of each record, by folder.
        damaged: Error messages by name of the damaged folders.
        generation: Number that changes with each change of `frame` or `damaged`; no other index of the process has it,
            so that caches never mix them up.
    """

    path: Path
    file: Path | None
    stamps: dict[str, int] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    _table: pa.Table | None = None
    _frame: "tuple[pa.Table, pd.DataFrame] | None" = None
    _changed: int = -1
    _settles: float = 0.0
    _scanned: float = 0.0
    _next_scan: float = 0.0

    @property
    def frame(self) -> "pd.DataFrame":
        """One row per run, newest first, with at least the columns of COLUMNS."""
        table = _SCHEMA.empty_table() if self._table is None else self._table
        if self._frame is None or self._frame[0] is not table:
            self._frame = table, _to_frame(table)
        return self._frame[1]

    def list_rows(self, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return columns of `frame` as dictionaries with Python values. It imports pandas only after a change."""
        return [] if self._table is None else self._table.select([*columns]).to_pylist()

    def __contains__(self, run_id: str) -> bool:
        return run_id in self.stamps and run_id not in self.damaged

    def refresh(self) -> None:
        """Update the index after runs were added, deleted or changed. Without recent changes it calls stat once.

        Raises:
            HomeError: when the folder exists but cannot be read.
        """
        try:
            changed = self.path.stat().st_mtime_ns
            now = time.monotonic()
            if changed != self._changed:
                self._changed = changed
                self._settles = now + (_FINE_TICK_SECONDS if changed % 10**9 else _TICK_SECONDS)
            elif self._scanned >= self._settles and now < self._next_scan:
                return
            stamps = self._scan()
            scanned = time.monotonic()
            self._next_scan = scanned + (scanned - now) / _SCAN_FRACTION
        except FileNotFoundError:
            now, self._changed, stamps = 0.0, -1, {}
        except OSError as error:
            raise HomeError(f"Cannot read {self.path}: {error.strerror}.") from error
        self._update(stamps)
        self._scanned = now

    def _scan(self) -> dict[str, int]:
        """Return a hash of modification time and size of each record, by folder; 0 if it cannot be read."""
        stamps = {}
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name[0] == "." or not entry.is_dir():
                    continue
                try:
                    record = os.stat(f"{entry.path}/record.json")
                    # ctime, because copying and unpacking may preserve mtime
                    stamps[entry.name] = hash((record.st_ctime_ns, record.st_size))
                except OSError:
                    if os.path.isdir(entry.path) and not is_litter(entry.name):  # else deleted in the meantime
                        stamps[entry.name] = 0
        return stamps

    def _update(self, stamps: dict[str, int]) -> None:
        if stamps and not self.stamps:
            self._load()
        if stamps == self.stamps:
            return
        fresh = [name for name, stamp in stamps.items() if self.stamps.get(name) != stamp]
        removed = (self.stamps.keys() - stamps.keys()).union(fresh)
        damaged = {name: message for name, message in self.damaged.items() if name not in removed}
        rows = []
        for name in fresh:
            try:
                row = Run.open(self.path / name).row()
            except RunError as error:
                damaged[name] = str(error)
            else:
                rows.append(row)
        kept = [row["run_id"] not in removed for row in self.list_rows(["run_id"])]
        if rows or not all(kept):
            self._table = self._merge(kept, _build(rows, stamps))
            self._save(self._table)
        self.damaged, self.stamps = damaged, stamps
        self.generation = next(_GENERATIONS)

    def _merge(self, kept: list[bool], added: pa.Table) -> pa.Table:
        if self._table is None or not any(kept):
            return added
        table = pa.concat_tables([self._table.filter(pa.array(kept)), added])
        return table.sort_by([("finished_at", "descending"), ("run_id", "ascending")])

    def _load(self) -> None:
        if self.file is None:
            return
        try:
            content = read_file(self.file, _MAX_BYTES)
            rows, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
            if hashlib.sha256(rows).digest() != digest:
                return
            with pa.ipc.open_file(rows) as reader:
                table = reader.read_all().replace_schema_metadata(None)
        except (OSError, ValueError):  # missing, damaged or of another format: replaced by the next save
            return
        if table.schema == _SCHEMA and {*table["version"].to_pylist()} == {_VERSION}:
            self._table = table
            self.stamps = dict(zip(table["run_id"].to_pylist(), table["stamp"].to_pylist(), strict=True))
            self.generation = next(_GENERATIONS)

    def _save(self, table: pa.Table) -> None:
        if self.file is not None and self.file.parent.is_dir():  # to read does not create a home
            buffer = pa.BufferOutputStream()
            with pa.ipc.new_file(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
                writer.write_table(table)
            rows = buffer.getvalue().to_pybytes()
            with suppress(HomeError), replacing(self.file) as temporary:
                temporary.write_bytes(rows + hashlib.sha256(rows).digest())
