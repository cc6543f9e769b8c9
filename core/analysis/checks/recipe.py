"""Whether the runs are what their recipe says."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison, list_changes


@check(code="H12", title="Other settings than the recipe's", severity="note")
def recipe(comparison: Comparison) -> Result:
    """**Asked:** were all heads trained with the recipe's own settings?

    **Why it matters:** a recipe stands for a published system. With other settings the comparison may be just as fair,
    but it is another one, and its scores cannot be set against the published figures.

    **What to do:** nothing, if the change was meant; otherwise train the recipe as it is.
    """
    found = comparison.recipe
    if found is None:
        return Result("not applicable", "The runs belong to no recipe.")
    changes = list_changes(found, comparison.variants)
    if changes:
        return Result("failed", f"The settings are not the recipe's own: {', '.join(changes.values())}.")
    return Result("passed", f"The settings are those of {found.name}.")
