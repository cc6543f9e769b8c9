"""The SQLite file of the job table: read without creating it, written in transactions, migrated to the schema."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import HomeError
from core.store.side_file import decode_text, describe_side_file, is_missing

_TIMEOUT_SECONDS = 20.0
_DISK_FULL_SECONDS = 2.0


class JobDatabase:
    """A SQLite file with the tables of a schema.

    Raises:
        HomeError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._migrated = False

    def select(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query; an empty list if the file or the table does not exist yet."""
        if is_missing(self.path):
            return []
        try:
            try:
                return self._read("mode=ro", statement, values)
            except sqlite3.OperationalError as error:
                if "no such column" in str(error):
                    with self.writing():  # migrates the table of an earlier version
                        pass
                    return self._read("mode=ro", statement, values)
                # A write-ahead log needs a second file. In a read-only folder, no process writes the table.
                if os.access(self.path.parent, os.W_OK):
                    raise
                return self._read("immutable=1", statement, values)
        except sqlite3.Error as error:
            if "no such table" in str(error):  # another process is creating it
                return []
            raise HomeError(describe_side_file(self.path, error)) from error

    def _read(self, mode: str, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """Run a query. Retries on a full disk, which has no space for SQLite's second file until the job has failed."""
        deadline = time.monotonic() + _DISK_FULL_SECONDS
        while True:
            try:
                with closing(self._connect(mode)) as connection:
                    return connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                if "disk I/O error" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self.path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(address, uri=True, timeout=_TIMEOUT_SECONDS, isolation_level=None)
        connection.text_factory = decode_text
        return connection

    @contextmanager
    def writing(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a transaction."""
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("mode=rwc" if create else "mode=rw")) as connection:
                if create:
                    _create(connection, self._schema)
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    if not self._migrated:
                        add_columns(connection, self._schema)
                        self._migrated = True
                    yield connection
        except (OSError, sqlite3.Error) as error:
            raise HomeError(describe_side_file(self.path, error)) from error


def _create(connection: sqlite3.Connection, schema: str) -> None:
    """Create the tables. Switching to a write-ahead log does not wait for other connections, so it is retried."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'job'").fetchone():
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            if connection.in_transaction:
                connection.rollback()
            time.sleep(0.02)


def add_columns(connection: sqlite3.Connection, schema: str) -> None:
    """Add missing tables and columns with their defaults. None are removed, so a dispatcher of an earlier version can
    still use the database.

    Args:
        connection: within a transaction.
        schema: statements that create every table.

    Raises:
        HomeError: when a column without a default is missing, because its values are unknown.
    """
    with closing(sqlite3.connect(":memory:")) as expected:
        expected.executescript(schema)
        for (table,) in expected.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            existing = {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}
            if not existing:
                (statement,) = expected.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
                connection.execute(statement)
                continue
            for _, name, kind, required, default, _ in expected.execute(f"PRAGMA table_info({table})"):
                if name in existing:
                    continue
                if required and default is None:
                    raise HomeError(
                        f"The job database is from an incompatible version (column {name} is missing). Move "
                        "jobs/queue.sqlite to another folder and submit its jobs again. Finished runs are not affected."
                    )
                rule = f"NOT NULL DEFAULT {default}" if required else ""
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} {rule}")
