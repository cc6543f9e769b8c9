"""Check that all variants were trained with the same training budget."""

from core.analysis.check import Result, check, compare_settings
from core.spec import SETTINGS
from core.store.comparison import Comparison

_SETTINGS = [name for name, setting in SETTINGS.items() if setting.group == "training" and name != "seed"]


@check(code="H05", title="Different training budget", severity="serious")
def budget(comparison: Comparison) -> Result:
    """**Check:** all variants were trained with the same epochs, batch size, learning rate, loss, L1 and L2 penalty.
    Settings of one head may differ in a single hyperparameter, because they show its effect.

    **Why it matters:** a variant that was trained for more epochs, or with a better learning rate, can be more accurate
    for this reason only. A fair comparison needs at least the same training budget.

    **What to do:** train the shorter runs for more epochs on the Curves page, or train all variants with the same
    hyperparameters.
    """
    return compare_settings(comparison, _SETTINGS, "training hyperparameters")
