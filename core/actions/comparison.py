"""Actions on saved comparisons: save, rename, delete and restore. Trainers change their own, admins all."""

from core.access.action import check_owner, needs
from core.access.role import Role, User
from core.errors import ComparisonError
from core.home import Home
from core.store.comparison import Comparison
from core.store.saved_comparison import (
    SavedComparison,
    clear_saved,
    delete_saved,
    open_deleted_saved,
    open_saved,
    rename_saved,
    restore_saved,
    save_runs,
)

_KIND = "saved comparison"


@needs(Role.TRAINER, "save comparisons")
def keep_comparison(user: User, home: Home, name: str, comparison: Comparison) -> SavedComparison:
    """Save the runs and the baseline of a comparison (see `save_runs`)."""
    runs = tuple(run.run_id for run in comparison.runs)
    return save_runs(home, name, runs, comparison.baseline, user.signature)


@needs(Role.TRAINER, "rename saved comparisons")
def rename_comparison(user: User, home: Home, saved_id: str, name: str) -> SavedComparison:
    """Rename a saved comparison (see `rename_saved`)."""
    _check_own(user, home, saved_id)
    return rename_saved(home, saved_id, name)


@needs(Role.TRAINER, "delete saved comparisons")
def remove_comparison(user: User, home: Home, saved_id: str) -> None:
    """Delete a saved comparison (see `delete_saved`)."""
    _check_own(user, home, saved_id)
    delete_saved(home, saved_id, user.signature)


@needs(Role.TRAINER, "restore saved comparisons")
def restore_comparisons(user: User, home: Home, saved_ids: list[str]) -> None:
    """Restore deleted comparisons (see `restore_saved`). Trainers restore own comparisons that they deleted."""
    for saved_id in saved_ids:
        for name in _list_removers(home, saved_id):
            check_owner(user, name, _KIND)
    for saved_id in saved_ids:
        restore_saved(home, saved_id)


def may_restore_comparison(user: User, home: Home, saved_id: str) -> bool:
    """Return whether a user is an admin, or the owner of a deleted comparison who deleted it."""
    return user.role >= Role.ADMIN or _list_removers(home, saved_id) == {user.signature}


@needs(Role.ADMIN, "delete saved comparisons permanently")
def clear_comparisons(user: User, home: Home) -> None:
    """Delete all comparisons in the trash permanently (see `clear_saved`)."""
    clear_saved(home)


def _list_removers(home: Home, saved_id: str) -> set[str]:
    """Return the owner of a deleted comparison and who deleted it; {""} if they cannot be read."""
    try:
        deleted = open_deleted_saved(home, saved_id)
    except ComparisonError:
        return {""}
    return {deleted.by, deleted.deleted_by}


def _check_own(user: User, home: Home, saved_id: str) -> None:
    if user.role < Role.ADMIN:
        check_owner(user, open_saved(home, saved_id).by, _KIND)
