"""Check that all variants use the same backbone."""

from core.analysis.check import Result, check, compare_settings
from core.spec import SETTINGS
from core.store.comparison import Comparison

_SETTINGS = [name for name, setting in SETTINGS.items() if setting.group == "backbone"]


@check(code="H04", title="Different backbone", severity="serious")
def backbone(comparison: Comparison) -> Result:
    """**Check:** all variants use the same backbone with the same hyperparameters, including its dropout.

    **Why it matters:** the comparison measures the effect of the *head*. If the backbone differs as well, a difference
    in accuracy cannot be attributed to either of them.

    **What to do:** compare runs that differ only in the head. To study a hyperparameter of the backbone, use the same
    head for all runs.
    """
    return compare_settings(comparison, _SETTINGS, "backbone")
