"""Every value of a file × every extreme: it is refused or harmless."""

import copy
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from core.displays.job_table import list_active_jobs, list_completed_jobs
from core.home import Home
from core.jobs.queue import JobQueue
from core.store.note import NoteBook
from core.store.run_store import RunStore
from tests.support.damage import damaged
from tests.support.home_reader import check_home, files_of, is_chosen

EXTREMES = (
    -1, 0, 2**63, 10**400, 1e300, float("nan"), float("inf"), 0.5, True, None, "", "x" * 100_000, "\u202e\n", "../../x",
    "0001-01-01T00:00:00+00:00", [], {}, [[]] * 20_000, {"a": {"b": 1}},
)  # fmt: skip


def list_leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the path of each value; of lists, only the first member."""
    if path:
        yield path
    if path[:1] != ("document",):  # protected by the checksum of the published version
        members = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
        for name, member in members:
            yield from list_leaves(member, (*path, name))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = new
    return changed


def test_any_extreme_value_of_a_file_is_refused_or_harmless(full_home: Home) -> None:
    json_files = [path for path in files_of(full_home) if path.suffix == ".json" and path.parent.name != ".fetch"]
    number = 0
    for path in json_files:
        value = json.loads(path.read_bytes())
        for leaf in list_leaves(value):
            for extreme in EXTREMES:
                number += 1
                if not is_chosen(number, 500):
                    continue
                text = json.dumps(put(value, leaf, extreme))
                with damaged(path, lambda path, text=text: path.write_text(text) and None):
                    check_home(full_home, f"{path.name}: {leaf} = {extreme!r:.60}")
    assert number > 1000


def test_any_extreme_value_of_a_row_is_refused_or_harmless(full_home: Home) -> None:
    tables = {"notes.sqlite": ("note",), "jobs/queue.sqlite": ("job",)}
    values = ("'yesterday'", "-1", "9223372036854775807", "9e999", "''", "'{'", "x'ff00fe'", "'[1]'", "'{\"a\": 1}'",
              "'queued' || char(0)", "cast(x'ff41' as text)", "printf('%.*c', 200000, 'x')")  # fmt: skip
    number = 0
    for name, (table,) in tables.items():
        path = full_home.path / name
        with closing(sqlite3.connect(path)) as connection:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for column in columns:
            for value in values:

                def change(path: Path, column: str = column, value: str = value, table: str = table) -> None:
                    with closing(sqlite3.connect(path)) as connection, connection:
                        row = f"(SELECT max(rowid) FROM {table})"
                        connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {row}")

                number += 1
                with damaged(path, change):
                    if is_chosen(number, 24):
                        check_home(full_home, f"{name}: {column} = {value}")
                    jobs = JobQueue(full_home).jobs()
                    assert len(jobs) >= 2  # one row never hides the others
                    list_active_jobs(jobs, {})
                    list_completed_jobs(jobs, time.time(), RunStore(full_home))
                    assert NoteBook(full_home).read_all()
