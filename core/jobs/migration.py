"""A table of a former version, brought up to this one in its place."""

import sqlite3
from contextlib import closing

from core.errors import HomeError


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
