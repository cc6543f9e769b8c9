"""What people add to runs: a name, tags, a note, a star, and whether one is put away. A run itself never changes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HomeError, NoteError
from core.home import Home

if TYPE_CHECKING:
    import pandas as pd

MOST_NAME, MOST_TEXT, MOST_TAGS, MOST_TAG = 100, 10_000, 20, 40

_SCHEMA = "CREATE TABLE IF NOT EXISTS note (run_id TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL)"
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Note:
    """`version` counts the changes; 0 is that of a run nobody has added anything to."""

    name: str = ""
    tags: tuple[str, ...] = ()
    text: str = ""
    star: bool = False
    archived: bool = False
    version: int = 0


_NOTHING = Note()


@dataclass(frozen=True)
class NoteBook:
    """One SQLite table in the home.

    Raises:
        HomeError: from every method, when it cannot be read or written.
    """

    home: Home

    @property
    def path(self) -> Path:
        return self.home.path / "notes.sqlite"

    def read_all(self) -> dict[str, Note]:
        """The notes by run id; those of deleted runs stay, for when one comes back."""
        if not self.path.is_file():
            return {}
        with self._open() as connection:
            rows = connection.execute("SELECT run_id, version, value FROM note").fetchall()
        return {run_id: _parse(version, value) for run_id, version, value in rows}

    def read(self, run_id: str) -> Note:
        return self.read_all().get(run_id, Note())

    def write(self, run_id: str, note: Note) -> Note:
        """Keeps what somebody made of the note of `note.version`.

        Raises:
            NoteError: when something in it is too long or cannot be shown in a line, or somebody else changed the note
                of the run since: the other's words stay.
        """
        note = _check(note)
        with self._open() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            found = connection.execute("SELECT version FROM note WHERE run_id = ?", (run_id,)).fetchone()
            here = found[0] if found else 0
            if here != note.version:
                raise NoteError(
                    f"Expected the note of run {run_id} as you saw it; got a newer one of somebody else: open it again."
                )
            kept = replace(note, version=here + 1)
            value = {name: part for name, part in asdict(kept).items() if name != "version"}
            row = (run_id, kept.version, json.dumps(value))
            connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", row)
        return kept

    def change(self, run_ids: list[str], **changes: Any) -> None:
        """Sets a star or puts away, whatever else the notes say."""
        notes = self.read_all()
        for run_id in run_ids:
            self.write(run_id, replace(notes.get(run_id, Note()), **changes))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.home.path.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
                connection.execute(_SCHEMA)
                yield connection
        except (OSError, sqlite3.Error) as error:
            detail = error.strerror if isinstance(error, OSError) else error
            raise HomeError(f"Expected to be able to use {self.path}; got: {detail}.") from error


def join_notes(frame: "pd.DataFrame", notes: dict[str, Note]) -> "pd.DataFrame":
    """A list of runs with the columns name, tags (with blanks between), note, star and archived."""
    added = [notes.get(run_id, _NOTHING) for run_id in frame["run_id"]]
    return frame.assign(
        name=[note.name for note in added],
        tags=[" ".join(note.tags) for note in added],
        note=[note.text for note in added],
        star=[note.star for note in added],
        archived=[note.archived for note in added],
    )


def read_tags(text: str) -> tuple[str, ...]:
    """Tags that are typed in a line, with blanks or commas between them.

    >>> read_tags("paper, Draft paper")
    ('paper', 'draft')
    """
    return tuple(dict.fromkeys(text.replace(",", " ").lower().split()))


def _parse(version: int, value: str) -> Note:
    found = json.loads(value)
    return Note(**{**found, "tags": tuple(found["tags"])}, version=version)


def _check(note: Note) -> Note:
    note = replace(note, name=note.name.strip())
    if len(note.name) > MOST_NAME or not note.name.isprintable():
        raise NoteError(f"Expected a name of at most {MOST_NAME} characters that can be seen; got {_show(note.name)}.")
    if len(note.tags) > MOST_TAGS:
        raise NoteError(f"Expected at most {MOST_TAGS} tags; got {len(note.tags)}.")
    for tag in note.tags:
        if not 1 <= len(tag) <= MOST_TAG or not tag.isprintable() or any(sign in tag for sign in ' ,:"'):
            raise NoteError(f"Expected tags of at most {MOST_TAG} letters, without colons; got {_show(tag)}.")
    if len(note.text) > MOST_TEXT:
        raise NoteError(f"Expected a note of at most {MOST_TEXT:,} characters; got {len(note.text):,}.")
    return note


def _show(text: str) -> str:
    return f"{ascii(text)[:60]} ({len(text):,} characters)"
