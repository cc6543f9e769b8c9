"""Check that the runs use the hyperparameters of their recipe."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison, list_changes


@check(code="H12", title="Different from the recipe", severity="note")
def recipe(comparison: Comparison) -> Result:
    """**Check:** all variants were trained with the hyperparameters of the recipe.

    **Why it matters:** a recipe reproduces a published system. With other hyperparameters the comparison can be equally
    fair, but its results cannot be compared with the published results.

    **What to do:** nothing if the change is intended; otherwise train the recipe without changes.
    """
    found = comparison.recipe
    if found is None:
        return Result("not applicable", "The runs do not belong to a recipe.")
    changes = list_changes(found, comparison.variants)
    if changes:
        return Result(
            "failed",
            f"The hyperparameters differ from {found.name}: {', '.join(changes.values())}. "
            "Do not compare these results with published results.",
        )
    return Result("passed", f"The hyperparameters are those of {found.name}.")
