"""Whether all heads stand on the same backbone."""

from core.analysis.check import Result, check, compare_settings
from core.spec import SETTINGS
from core.store.comparison import Comparison

_SETTINGS = [name for name, setting in SETTINGS.items() if setting.group == "backbone"]


@check(code="H04", title="Different backbone", severity="serious")
def backbone(comparison: Comparison) -> Result:
    """**Asked:** do all heads have the same backbone with the same settings, its dropout among them?

    **Why it matters:** the question is what the *head* does. When the features below it differ as well, nobody can
    say which of the two made the difference.

    **What to do:** compare runs that differ in the head alone. To study a setting of the backbone, keep one head.
    """
    return compare_settings(comparison, _SETTINGS, "backbone")
