"""Whether all heads were trained for as long and in the same way."""

from core.analysis.check import Result, check, compare_settings
from core.spec import SETTINGS
from core.store.comparison import Comparison

_SETTINGS = [name for name, setting in SETTINGS.items() if setting.group == "training" and name != "seed"]


@check(code="H05", title="Different budget", severity="serious")
def budget(comparison: Comparison) -> Result:
    """**Asked:** do all heads have the same epochs, batch size, learning rate, loss and L2 penalty?

    **Why it matters:** a head that was trained for longer, or with a learning rate that suits it better, wins for that
    reason. The same budget is the least that a fair comparison needs.

    **What to do:** give the shorter runs more epochs on the Curves page, or train both with the same settings.
    """
    return compare_settings(comparison, _SETTINGS, "training settings")
