"""The report that runs give by themselves, before an author has changed anything."""

from core.displays.views.published import PublishedResults
from core.reports.report import MOST_TITLE, ChartBlock, Report, draw_id
from core.spec import DATASETS
from core.store.comparison import Comparison

_ALWAYS = (
    ChartBlock(display="tiles"),
    ChartBlock(display="heads", table=True),
    ChartBlock(display="curves"),
    ChartBlock(display="curves", settings={"metric": "loss"}),
    ChartBlock(display="first"),
)
_OF_TWO = (
    ChartBlock(
        display="gallery", title="Images that only one head gets right",
        settings={"show": "only one correct", "order": "most confident first", "page_size": 12},
    ),
    ChartBlock(display="intervals"),
    ChartBlock(display="difference", table=True),
    ChartBlock(display="significance"),
    ChartBlock(display="disagreement"),
)  # fmt: skip
_REST = (
    ChartBlock(display="confusion"),
    ChartBlock(display="class_accuracy"),
    ChartBlock(display="calibration"),
    ChartBlock(display="convergence"),
    ChartBlock(display="robustness_loss"),
    ChartBlock(display="layers"),
    ChartBlock(display="checks"),
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
    published = () if PublishedResults(comparison).frame().empty else (ChartBlock(display="published"),)
    views = (*_ALWAYS, *(_OF_TWO if len(comparison.variants) > 1 else ()), *published, *_REST)
    return Report(
        title=title or write_title(comparison),
        runs=tuple(run.run_id for run in comparison.runs),
        blocks=tuple(view.model_copy(update={"id": draw_id()}) for view in views),
    )
