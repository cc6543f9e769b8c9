"""Actions on saved comparisons: save and delete."""

from core.access.action import needs
from core.access.role import OWNER, Role, User
from core.home import Home
from core.store.comparison import Comparison
from core.store.saved_comparison import SavedComparison, delete_saved, save_runs


@needs(Role.TRAINER, "save comparisons")
def keep_comparison(user: User, home: Home, name: str, comparison: Comparison) -> SavedComparison:
    """Save the runs and the baseline of a comparison (see `save_runs`)."""
    runs = tuple(run.run_id for run in comparison.runs)
    return save_runs(home, name, runs, comparison.baseline, "" if user.name == OWNER.name else user.name)


@needs(Role.TRAINER, "delete saved comparisons")
def remove_comparison(user: User, home: Home, saved_id: str) -> None:
    """Delete a saved comparison (see `delete_saved`)."""
    delete_saved(home, saved_id)
