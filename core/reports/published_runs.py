"""Runs of published versions, read from the end of their files, which contain images and can be large."""

import os
from functools import lru_cache
from pathlib import Path

from core.errors import ReportError
from core.files import parse_json
from core.reports.report_store import ReportEntry, ReportStore

_START, _END = b'\n  "runs": [', b"\n  ]"  # as `write_json` indents a document in a version
_TAIL_BYTES = 200_000  # the runs and the commands after them take less


def find_published(store: ReportStore, entries: list[ReportEntry], run_id: str) -> list[tuple[ReportEntry, int]]:
    """Return the reports with a published version that contains a run, and the latest such version of each."""
    found = []
    for entry in entries:
        versions = (version for version in reversed(entry.versions) if run_id in _read_runs(store, entry, version))
        if version := next(versions, None):
            found.append((entry, version))
    return found


def _read_runs(store: ReportStore, entry: ReportEntry, version: int) -> frozenset[str]:
    """Return the IDs of the runs of a version; none if it was deleted in the meantime or is damaged."""
    try:
        path = store.locate(f"{entry.draft.id}-{version}")
        return _read_file(path, path.stat().st_mtime_ns)
    except (ReportError, OSError):
        return frozenset()


@lru_cache(maxsize=4096)
def _read_file(path: Path, written: int) -> frozenset[str]:
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
        tail = file.read()
    start = tail.rfind(_START)
    rows = tail[start + len(_START) - 1 : tail.find(_END, start) + len(_END)] if start >= 0 else b"[]"
    try:
        return frozenset(row["run_id"] for row in parse_json(rows))
    except (ValueError, KeyError, TypeError):
        return frozenset()
