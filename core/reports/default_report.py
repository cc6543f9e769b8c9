"""The report that runs give by themselves, before an author has changed anything."""

from core.displays.views.published import PublishedResults
from core.reports.report import MOST_TITLE, Report, ViewBlock, draw_id
from core.spec import DATASETS
from core.store.comparison import Comparison

_ALWAYS = (
    ViewBlock(display="tiles"),
    ViewBlock(display="heads", table=True),
    ViewBlock(display="curves"),
    ViewBlock(display="curves", settings={"metric": "loss"}),
    ViewBlock(display="first"),
)
_OF_TWO = (
    ViewBlock(
        display="gallery", title="Images that only one head gets right",
        settings={"show": "only one correct", "order": "most confident first", "page_size": 12},
    ),
    ViewBlock(display="intervals"),
    ViewBlock(display="difference", table=True),
    ViewBlock(display="significance"),
    ViewBlock(display="disagreement"),
)  # fmt: skip
_REST = (
    ViewBlock(display="confusion"),
    ViewBlock(display="class_accuracy"),
    ViewBlock(display="calibration"),
    ViewBlock(display="convergence"),
    ViewBlock(display="robustness_loss"),
    ViewBlock(display="layers"),
    ViewBlock(display="checks"),
)


def write_title(comparison: Comparison) -> str:
    """That of the recipe where all its heads are there, else what is."""
    recipe = comparison.recipe
    if recipe and set(recipe.heads) == {variant.spec.head for variant in comparison.variants}:
        return recipe.title
    title = f"{DATASETS[comparison.first.spec.dataset].label}: {' against '.join(comparison.labels)}"
    return title if len(title) <= MOST_TITLE else f"{title[: MOST_TITLE - 1]}…"


def write_default(comparison: Comparison, title: str = "") -> Report:
    """All that a reader asks first, in the order of the questions."""
    published = () if PublishedResults(comparison).frame().empty else (ViewBlock(display="published"),)
    views = (*_ALWAYS, *(_OF_TWO if len(comparison.variants) > 1 else ()), *published, *_REST)
    return Report(
        title=title or write_title(comparison),
        runs=tuple(run.run_id for run in comparison.runs),
        blocks=tuple(view.model_copy(update={"id": draw_id()}) for view in views),
    )
