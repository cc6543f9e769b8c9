"""The file that the table of jobs is in: read without making one, written in transactions, brought up to its schema."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import HomeError

_PATIENCE_SECONDS = 20.0
_FULL_SECONDS = 2.0


class JobDatabase:
    """A SQLite file with the tables of a schema.

    Raises:
        HomeError: from every method, when it cannot be read or written.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._fits = False

    def select(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a statement finds; none where there is no file, or it has no such table yet."""
        if not self.path.is_file():
            return []
        try:
            try:
                return self._read("mode=ro", statement, values)
            except sqlite3.OperationalError as error:
                if "no such column" in str(error):
                    with self.writing():  # brings the table of a former version up to this one
                        pass
                    return self._read("mode=ro", statement, values)
                # A write-ahead log needs a file beside the table; where none can be made, nobody writes the table.
                if os.access(self.path.parent, os.W_OK):
                    raise
                return self._read("immutable=1", statement, values)
        except sqlite3.Error as error:
            if "no such table" in str(error):  # somebody is making it at this moment
                return []
            raise HomeError(f"Expected a readable table of jobs in {self.path}; got: {error}.") from error

    def _read(self, mode: str, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        """A training that fills the disk leaves no room for the file beside the table, until it has failed."""
        until = time.monotonic() + _FULL_SECONDS
        while True:
            try:
                with closing(self._connect(mode)) as connection:
                    return connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                if "disk I/O error" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self.path.absolute().as_uri()}?{mode}"
        return sqlite3.connect(address, uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)

    @contextmanager
    def writing(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction on the table."""
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("mode=rwc" if create else "mode=rw")) as connection:
                if create:
                    _create(connection, self._schema)
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    if not self._fits:
                        add_columns(connection, self._schema)
                        self._fits = True
                    yield connection
        except (OSError, sqlite3.Error) as error:
            detail = error.strerror if isinstance(error, OSError) else error
            raise HomeError(f"Expected to be able to write the table of jobs in {self.path}; got: {detail}.") from error


def _create(connection: sqlite3.Connection, schema: str) -> None:
    """Makes the table. Switching to a write-ahead log does not wait for other connections, so it is tried again."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'job'").fetchone():
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            if connection.in_transaction:
                connection.rollback()
            time.sleep(0.02)


def add_columns(connection: sqlite3.Connection, schema: str) -> None:
    """Adds the tables and columns that the schema has and the database lacks, with their defaults; takes none away, so
    that a dispatcher of the former version goes on with it.

    Args:
        connection: within a transaction.
        schema: statements that make every table anew.

    Raises:
        HomeError: when a column without a default is absent: nobody can know what stands in it.
    """
    with closing(sqlite3.connect(":memory:")) as wanted:
        wanted.executescript(schema)
        for (table,) in wanted.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            here = {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}
            if not here:
                (statement,) = wanted.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
                connection.execute(statement)
                continue
            for _, name, kind, needed, default, _ in wanted.execute(f"PRAGMA table_info({table})"):
                if name in here:
                    continue
                if needed and default is None:
                    raise HomeError(
                        f"Expected a table of jobs of this version or a former one; got one without {name}: move "
                        "jobs/queue.sqlite away, then ask for its trainings again. Finished runs are not in it."
                    )
                rule = f"NOT NULL DEFAULT {default}" if needed else ""
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} {rule}")
