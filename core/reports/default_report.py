"""Default report of a comparison, before any edits."""

from core.analysis.check import find_failed
from core.datasets.dataset_key import label_of_spec
from core.displays.views.difference import HeadDifference, Margin
from core.displays.views.published import PublishedResults
from core.reports.report import MAX_TITLE_CHARS, ChartBlock, Report, check_run_count, draw_id
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
        display="gallery", title="Images that only one {noun} predicts correctly",
        settings={"show": "only one correct", "order": "most confident first", "page_size": 12},
    ),
    ChartBlock(display="intervals"),
    ChartBlock(display="difference", table=True),
    ChartBlock(display="significance"),
    ChartBlock(display="disagreement"),
)  # fmt: skip
_REST = (
    ChartBlock(display="averages"),
    ChartBlock(display="confusion"),
    ChartBlock(display="class_metrics", table=True),
    ChartBlock(display="class_accuracy"),
    ChartBlock(display="roc", table=True),
    ChartBlock(display="precision_recall", table=True),
    ChartBlock(display="calibration"),
    ChartBlock(display="convergence"),
    ChartBlock(display="robustness_loss"),
    ChartBlock(display="architecture"),
    ChartBlock(display="layers"),
    ChartBlock(display="checks"),
)


def write_title(comparison: Comparison) -> str:
    """Return the title of the recipe if all its heads are compared, otherwise the dataset and the heads."""
    recipe = comparison.recipe
    if recipe and set(recipe.heads) == {variant.spec.head for variant in comparison.variants}:
        return recipe.title
    spec = comparison.first.spec
    dataset, names = label_of_spec(spec), " vs. ".join(comparison.labels)
    title = f"{dataset}: {names}" if dataset else names
    return title if len(title) <= MAX_TITLE_CHARS else f"{title[: MAX_TITLE_CHARS - 1]}…"


def write_default(comparison: Comparison, title: str = "", margin: Margin = HeadDifference.margin) -> Report:
    """Return the default report: results first, then evidence and details.

    Args:
        margin: non-inferiority margin of the accuracy differences, in percentage points.

    Raises:
        ReportError: when the comparison has more runs than a report may have.
    """
    check_run_count(len(comparison.runs))
    leaked = () if find_failed(comparison, "leak") is None else (ChartBlock(display="leaked_accuracy", table=True),)
    published = () if PublishedResults(comparison).frame().empty else (ChartBlock(display="published"),)
    views = (*_ALWAYS, *(_OF_TWO if len(comparison.variants) > 1 else ()), *leaked, *published, *_REST)
    return Report(
        title=title or write_title(comparison),
        runs=tuple(run.run_id for run in comparison.runs),
        baseline=comparison.baseline,
        blocks=tuple(_copy(view, comparison, margin) for view in views),
    )


def _copy(block: ChartBlock, comparison: Comparison, margin: Margin) -> ChartBlock:
    """Return a block with a new ID, its title for the comparison, and the margin if it is not the default."""
    own = block.display == HeadDifference.name and margin != HeadDifference.margin
    settings = block.settings | ({"margin": margin} if own else {})
    return block.model_copy(
        update={"id": draw_id(), "title": block.title.format(noun=comparison.noun), "settings": settings}
    )
