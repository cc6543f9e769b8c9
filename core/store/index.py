"""Index of a folder of runs: one row per finished run, read from its record and cached in one file."""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

# Rows that were written with different columns or recipes are not read.
_FORMAT = [_DTYPES, [(name, recipe.spec.canonical(), [*recipe.settings]) for name, recipe in RECIPES.items()]]
_VERSION = int(hashlib.sha256(json.dumps(_FORMAT).encode()).hexdigest()[:8], 16)

# Two changes within one tick of the file system's clock give the folder the same modification time. The coarsest
# supported file system has a resolution of two seconds.
_TICK_SECONDS = 2.0

# A change inside a run folder does not change the modification time of its parent, so all records are checked again,
# but for at most this fraction of the time: a few runs on each call, ten thousand about once per second.
_SCAN_FRACTION = 0.05

_GENERATIONS = count(1)

# The file ends with the SHA-256 of its rows, because the format does not detect damage.
_DIGEST_BYTES = 32
_MAX_BYTES = 500_000_000


def _build(rows: Sequence[Sequence[Any]]) -> "pd.DataFrame":
    import pandas as pd

    columns = zip(*rows, strict=True) if rows else [()] * len(_DTYPES)
    named = zip(_DTYPES.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=dtype) for (name, dtype), values in named})


def list_rows_of(runs: Iterable[Run]) -> "pd.DataFrame":
    """Convert runs to a run list: one row per run, with the columns of COLUMNS."""
    rows = (run.row() for run in runs)
    return _build([[*(row[column] for column in COLUMNS), 0, _VERSION] for row in rows])[[*COLUMNS]]


@cache
def _build_empty() -> "pd.DataFrame":
    """Return an empty frame, shared by all indexes: it takes 10 ms to build and is not needed to open a run."""
    return _build([])


@dataclass
class Index:
    """Index of the finished runs in a folder.

    A row is valid until the modification time or the size of its record changes. If `file` is None or cannot be
    written, rows are kept in memory only; if it is damaged, it is rebuilt. If two processes write it, the last one
    wins.

    Attributes:
        path: The folder.
        file: Cache of the rows.
        damaged: Error messages by name of the damaged folders.
        generation: Number that changes with each change of `frame` or `damaged`; no other index of the process has it,
            so that caches never mix them up.
    """

    path: Path
    file: Path | None
    damaged: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    _frame: "pd.DataFrame | None" = None
    _stamps: dict[str, int] = field(default_factory=dict)
    _changed: int = -1
    _settles: float = 0.0
    _scanned: float = 0.0
    _next_scan: float = 0.0

    @property
    def frame(self) -> "pd.DataFrame":
        """One row per run, newest first, with at least the columns of COLUMNS."""
        return _build_empty() if self._frame is None else self._frame

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._stamps and run_id not in self.damaged

    def refresh(self) -> None:
        """Update the index after runs were added, deleted or changed. Without recent changes it calls stat once.

        Raises:
            HomeError: when the folder exists but cannot be read.
        """
        try:
            changed = self.path.stat().st_mtime_ns
            now = time.monotonic()
            if changed != self._changed:
                self._changed, self._settles = changed, now + _TICK_SECONDS
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
        if stamps and not self._stamps:
            self._load()
        if stamps == self._stamps:
            return
        fresh = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
        removed = (self._stamps.keys() - stamps.keys()).union(fresh)
        damaged = {name: message for name, message in self.damaged.items() if name not in removed}
        rows = []
        for name in fresh:
            try:
                row = Run.open(self.path / name).row()
            except RunError as error:
                damaged[name] = str(error)
            else:
                rows.append([*(row[column] for column in COLUMNS), stamps[name], _VERSION])
        kept = self.frame[[name not in removed for name in self.frame["run_id"]]]
        if rows or len(kept) < len(self.frame):
            import pandas as pd

            frame = pd.concat([kept, _build(rows)]) if len(kept) else _build(rows)
            self._frame = frame.sort_values(["finished_at", "run_id"], ascending=[False, True], ignore_index=True)
            self._save()
        self.damaged, self._stamps = damaged, stamps
        self.generation = next(_GENERATIONS)

    def _load(self) -> None:
        import pandas as pd

        if self.file is None:
            return
        try:
            content = read_file(self.file, _MAX_BYTES)
            rows, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
            if hashlib.sha256(rows).digest() != digest:
                return
            frame = pd.read_feather(BytesIO(rows), use_threads=False)
        except (OSError, ValueError):  # missing, damaged or of another format: replaced by the next save
            return
        if frame.dtypes.astype("str").to_dict() == _DTYPES and (frame["version"] == _VERSION).all():
            self._frame = frame
            self._stamps = dict(zip(frame["run_id"].to_numpy(), frame["stamp"].tolist(), strict=True))
            self.generation = next(_GENERATIONS)

    def _save(self) -> None:
        if self.file is not None:
            buffer = BytesIO()
            self.frame.to_feather(buffer)
            rows = buffer.getvalue()
            with suppress(HomeError), replacing(self.file) as temporary:
                temporary.write_bytes(rows + hashlib.sha256(rows).digest())
