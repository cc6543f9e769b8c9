"""What people add to runs."""

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.store.note import Note, NoteBook


@needs(Role.TRAINER, "describe runs")
def describe_run(user: User, home: Home, run_id: str, note: Note) -> Note:
    """As `NoteBook.write`."""
    return NoteBook(home).write(run_id, note)


@needs(Role.TRAINER, "mark runs")
def star_runs(user: User, home: Home, run_ids: list[str], star: bool) -> None:
    """Gives runs a star, or takes it away."""
    NoteBook(home).change(run_ids, star=star)


@needs(Role.TRAINER, "archive runs")
def archive_runs(user: User, home: Home, run_ids: list[str], archived: bool) -> None:
    """Puts runs away, or brings them back."""
    NoteBook(home).change(run_ids, archived=archived)
