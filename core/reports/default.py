"""The report that runs give by themselves, before an author has changed anything."""

from core.displays.views.published import PublishedFigures
from core.reports.report import MOST_TITLE, Report, View, draw_id
from core.spec import DATASETS
from core.store.comparison import Comparison

_ALWAYS = (
    View(display="tiles"),
    View(display="heads", table=True),
    View(display="curves"),
    View(display="curves", settings={"metric": "loss"}),
    View(display="first"),
)
_OF_TWO = (
    View(
        display="gallery", title="Images that only one head gets right",
        settings={"show": "right by one", "order": "surest first", "page_size": 12},
    ),
    View(display="intervals"),
    View(display="difference", table=True),
    View(display="significance"),
    View(display="disagreement"),
)  # fmt: skip
_REST = (
    View(display="confusion"),
    View(display="class_accuracy"),
    View(display="calibration"),
    View(display="convergence"),
    View(display="robustness_loss"),
    View(display="layers"),
    View(display="checks"),
)


def write_title(comparison: Comparison) -> str:
    """That of the recipe where all its heads are there, else what is."""
    recipe = comparison.recipe
    if recipe and set(recipe.heads) == {contender.spec.head for contender in comparison.contenders}:
        return recipe.title
    title = f"{DATASETS[comparison.first.spec.dataset].label}: {' against '.join(comparison.labels)}"
    return title if len(title) <= MOST_TITLE else f"{title[: MOST_TITLE - 1]}…"


def write_default(comparison: Comparison, title: str = "") -> Report:
    """All that a reader asks first, in the order of the questions."""
    published = () if PublishedFigures(comparison).frame().empty else (View(display="published"),)
    views = (*_ALWAYS, *(_OF_TWO if len(comparison.contenders) > 1 else ()), *published, *_REST)
    return Report(
        title=title or write_title(comparison),
        runs=tuple(run.run_id for run in comparison.runs),
        blocks=tuple(view.model_copy(update={"id": draw_id()}) for view in views),
    )
