"""Annotations of runs: name, tags, note, star and archived. The files of a run never change."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.bounds import Count, check_printable, or_default
from core.errors import HomeError, NoteError
from core.files import parse_json
from core.home import Home
from core.store.side_file import decode_text, describe_side_file, is_missing

if TYPE_CHECKING:
    import pandas as pd

MAX_NAME, MAX_TEXT, MAX_TAGS, MAX_TAG = 100, 10_000, 20, 40

_SCHEMA = "CREATE TABLE IF NOT EXISTS note (run_id TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL)"
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Note:
    """Annotations of a run. `version` is the number of changes; 0 for a run without annotations."""

    name: str = ""
    tags: tuple[str, ...] = ()
    text: str = ""
    star: bool = False
    archived: bool = False
    version: int = 0


_EMPTY = Note()
_DAMAGED = "This note is damaged and cannot be read. A change replaces it."


@dataclass(frozen=True)
class NoteBook:
    """The annotations of all runs, in an SQLite table of the home.

    Raises:
        HomeError: from all methods, when the table cannot be read or written.
    """

    home: Home

    @property
    def path(self) -> Path:
        return self.home.path / "notes.sqlite"

    def read_all(self) -> dict[str, Note]:
        """Return all notes by run ID. Those of deleted runs are kept, because runs can be restored."""
        if is_missing(self.path):
            return {}
        with self._open("mode=ro") as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'note'").fetchone():
                return {}
            rows = connection.execute("SELECT run_id, version, value FROM note").fetchall()
        return {str(run_id): _parse(version, value) for run_id, version, value in rows}

    def read_available(self) -> dict[str, Note]:
        """Return all notes, or none if they cannot be read, for lists of runs that stay usable without them."""
        try:
            return self.read_all()
        except HomeError:
            return {}

    def read(self, run_id: str) -> Note:
        return self.read_all().get(run_id, Note())

    def write(self, run_id: str, note: Note) -> Note:
        """Save a changed note; `note.version` is the version that was changed.

        Raises:
            NoteError: when a value is invalid, or another user has changed the note since; that note is kept.
        """
        note = _check(note)
        with self._open("mode=rwc") as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            found = connection.execute("SELECT version, value FROM note WHERE run_id = ?", (run_id,)).fetchone()
            current = _parse(*found).version if found else 0
            if current != note.version:
                raise NoteError(f"Another user changed the note of run {run_id} since you opened it. Open it again.")
            saved = replace(note, version=current + 1)
            newer = _read_values(found[1]) if found else {}  # of a newer version, which are kept
            value = newer | {name: part for name, part in asdict(saved).items() if name != "version"}
            row = (run_id, saved.version, json.dumps(value))
            connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", row)
        return saved

    def change(self, run_ids: list[str], **changes: Any) -> None:
        """Change the given fields of several notes, such as star or archived."""
        notes = self.read_all()
        for run_id in run_ids:
            self.write(run_id, replace(notes.get(run_id, Note()), **changes))

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            if mode == "mode=rwc":
                self.home.path.mkdir(parents=True, exist_ok=True)
            address = f"{self.path.absolute().as_uri()}?{mode}"
            connection = sqlite3.connect(address, uri=True, timeout=_TIMEOUT_SECONDS, isolation_level=None)
            connection.text_factory = decode_text
            with closing(connection):
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise HomeError(describe_side_file(self.path, error)) from error


def join_notes(frame: "pd.DataFrame", notes: dict[str, Note]) -> "pd.DataFrame":
    """Add the columns name, tags (separated by spaces), note, star and archived to a run list."""
    added = [notes.get(run_id, _EMPTY) for run_id in frame["run_id"]]
    return frame.assign(
        name=[note.name for note in added],
        tags=[" ".join(note.tags) for note in added],
        note=[note.text for note in added],
        star=[note.star for note in added],
        archived=[note.archived for note in added],
    )


def read_tags(text: str) -> tuple[str, ...]:
    """Parse tags separated by spaces or commas.

    >>> read_tags("paper, Draft paper")
    ('paper', 'draft')
    """
    return tuple(dict.fromkeys(text.replace(",", " ").lower().split()))


_Tag = Annotated[str, Field(min_length=1, max_length=MAX_TAG), AfterValidator(check_printable)]


class _Values(BaseModel):
    """Stored values of a note. An invalid value has its default; those of a newer version are ignored."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(max_length=MAX_NAME), AfterValidator(check_printable), or_default("")] = ""
    tags: Annotated[tuple[_Tag, ...], Field(max_length=MAX_TAGS), or_default(())] = ()
    text: Annotated[str, Field(max_length=MAX_TEXT), or_default("")] = ""
    star: Annotated[bool, or_default(False)] = False
    archived: Annotated[bool, or_default(False)] = False
    version: Annotated[Count, or_default(0)] = 0


def parse_note(value: object) -> Note:
    """Return a note from another home.

    Raises:
        NoteError: when it is not a note, or a value is invalid.
    """
    if not isinstance(value, dict):
        raise NoteError("A note in the bundle is not an object.")
    return _check(_parse(0, json.dumps(value)))


def _read_values(value: object) -> dict[str, Any]:
    try:
        found = parse_json(value if isinstance(value, str | bytes) else "")
    except ValueError:
        return {"text": _DAMAGED}
    return found if isinstance(found, dict) else {"text": _DAMAGED}


def _parse(version: object, value: object) -> Note:
    values = _Values.model_validate(_read_values(value) | {"version": version})
    return Note(**values.model_dump())


def _check(note: Note) -> Note:
    note = replace(note, name=note.name.strip())
    if len(note.name) > MAX_NAME or not note.name.isprintable():
        raise NoteError(f"Expected a name of at most {MAX_NAME} printable characters; got {_show(note.name)}.")
    if len(note.tags) > MAX_TAGS:
        raise NoteError(f"A run may have at most {MAX_TAGS} tags; this one has {len(note.tags)}.")
    for tag in note.tags:
        if not 1 <= len(tag) <= MAX_TAG or not tag.isprintable() or any(sign in tag for sign in ' ,:"'):
            raise NoteError(
                f"Expected tags of at most {MAX_TAG} printable characters without colons or quotes; got {_show(tag)}."
            )
    if len(note.text) > MAX_TEXT:
        raise NoteError(f"A note may have at most {MAX_TEXT:,} characters; this one has {len(note.text):,}.")
    return note


def _show(text: str) -> str:
    return f"{ascii(text)[:60]} ({len(text):,} characters)"
