"""Notes in bundles: the names, tags and texts of runs. Stars and archived states stay in their home."""

import json
from collections.abc import Sequence
from pathlib import Path

from core.errors import BundleError, NoteError
from core.files import parse_json, read_file
from core.home import Home
from core.store.note import Note, NoteBook, parse_note

_FIELDS = ("name", "tags", "text")


def pack_notes(home: Home, run_ids: Sequence[str]) -> bytes:
    """Return the notes of runs as JSON; empty without notes."""
    known = NoteBook(home).read_available()
    notes = {run_id: {name: getattr(known[run_id], name) for name in _FIELDS} for run_id in run_ids if run_id in known}
    notes = {run_id: note for run_id, note in notes.items() if any(note.values())}
    return json.dumps(notes, indent=1).encode() if notes else b""


def read_packed_notes(path: Path, run_ids: Sequence[str]) -> dict[str, Note]:
    """Return the notes in a file.

    Raises:
        BundleError: when the file or a note is invalid, or belongs to another run.
    """
    try:
        values = parse_json(read_file(path))
        notes = {run_id: parse_note(value) for run_id, value in values.items()}
    except (ValueError, AttributeError, NoteError) as error:
        reason = str(error) if isinstance(error, NoteError) else f"{path.name} is not a valid JSON object."
        raise BundleError(f"The bundle is invalid: {reason}") from None
    if others := set(notes) - {*run_ids}:
        raise BundleError(f"The bundle is invalid: it has a note of run {min(others)!r:.60}, but not the run.")
    return notes


def add_notes(home: Home, notes: dict[str, Note], run_ids: Sequence[str]) -> None:
    """Add the notes of imported runs that have none in this home."""
    known = NoteBook(home).read_all() if notes else {}
    for run_id in run_ids:
        if run_id in notes and run_id not in known:
            NoteBook(home).write(run_id, notes[run_id])
