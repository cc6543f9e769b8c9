"""Actions on notes: names, tags, stars and archiving of runs."""

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.store.note import Note, NoteBook


@needs(Role.TRAINER, "edit run notes")
def describe_run(user: User, home: Home, run_id: str, note: Note) -> Note:
    """Save the note of a run (see `NoteBook.write`)."""
    return NoteBook(home).write(run_id, note)


@needs(Role.TRAINER, "star runs")
def star_runs(user: User, home: Home, run_ids: list[str], star: bool) -> None:
    """Add or remove the star of runs."""
    NoteBook(home).change(run_ids, star=star)


@needs(Role.TRAINER, "archive runs")
def archive_runs(user: User, home: Home, run_ids: list[str], archived: bool) -> None:
    """Archive or unarchive runs."""
    NoteBook(home).change(run_ids, archived=archived)
