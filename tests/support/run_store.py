"""A reopened store, and damaged runs in it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.store.run import Run
from core.store.run_store import RunStore

ABSENT = "0123456789ab"


def ids(store: RunStore) -> list[str]:
    return list(store.frame()["run_id"])


def reopened(store: RunStore) -> RunStore:
    """Return the same runs as read by a new process."""
    return RunStore(store.home, examples=store._indexes[1].path)


def edit_record(run: Run, change: Callable[[dict[str, Any]], object]) -> None:
    path = run.path / "record.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def change_byte(path: Path, *, keep_times: bool = True) -> None:
    """Flip one bit in the middle; the size and the folder stay unchanged, with `keep_times` also the file times."""
    content, stat = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if keep_times:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
