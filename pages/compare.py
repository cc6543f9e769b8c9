"""Compare page: the finding of the comparison, its key metrics and its caveats."""

from core.ui.compare.sections import show_comparison
from core.ui.errors import handle_errors, show_damaged_runs
from core.ui.frame import require_comparison

with handle_errors():
    if comparison := require_comparison():
        show_comparison(comparison)
show_damaged_runs()
