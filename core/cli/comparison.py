"""Arguments of commands that take a comparison, and its runs."""

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from core.cli.output import print_message
from core.errors import RunNotFoundError, UnknownComparisonError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.displays.views.difference import Margin
    from core.jobs.comparison_choice import ChosenRuns
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

METAVAR = "COMPARISON..."
HELP = (
    "IDs of finished runs, or unique prefixes of them; or the ID of a comparison in a link, such as "
    "recipe:digits-heads, runs:RUN_ID,RUN_ID, sweep:SWEEP_ID or saved:ID; saved:NAME works too."
)
ComparisonArgument = Annotated[list[str], typer.Argument(metavar=METAVAR, help=HELP)]


def _check_margin(value: str | None) -> str | None:
    if value is None:
        return None
    from core.displays.views.difference import Margin

    if value not in get_args(Margin):
        raise typer.BadParameter(f"Expected margin to be one of {', '.join(get_args(Margin))}; got {value!r:.60}.")
    return value


MarginOption = Annotated[
    str | None,
    typer.Option(
        "--margin",
        metavar="POINTS",
        callback=_check_margin,
        help="Non-inferiority margin in percentage points: 0.5, 1, 2, 3 or 5. Default: 1.",
    ),
]


BaselineOption = Annotated[
    str,
    typer.Option(
        "--baseline",
        metavar="VARIANT",
        help="Reference of all differences: a head with one variant, or the ID of a variant, such as gap-3f9a12bc. "
        "Default: the variant with the highest validation accuracy.",
    ),
]


def choose_baseline(comparison: "Comparison", text: str) -> "Comparison":
    """Return the comparison with the baseline that `BaselineOption` contains.

    Raises:
        ComparisonError: when no variant, or more than one, matches.
    """
    heads = [variant for variant in comparison.variants if variant.spec.head == text]
    return comparison.with_baseline(heads[0].key if len(heads) == 1 else text)


def _choose_runs(store: "RunStore", texts: "Sequence[str]") -> "ChosenRuns":
    from core.jobs.comparison_choice import choose_runs

    try:
        return choose_runs(store, texts)
    except UnknownComparisonError as error:
        raise UnknownComparisonError(f"{error} Or give run IDs; `headroom runs` lists them.") from None


def find_exported_runs(store: "RunStore", texts: "Sequence[str]") -> list[str]:
    """Return the IDs of the runs of a comparison, for files that must not lack one.

    Raises:
        RunNotFoundError: when a selected run was deleted or is damaged.
    """
    chosen = _choose_runs(store, texts)
    if reasons := [reason for reason in chosen.missing.values() if reason]:
        raise RunNotFoundError(reasons[0])
    if chosen.notice:
        print_message(chosen.notice)
    return [*chosen.run_ids]


def load_comparison(store: "RunStore", texts: "Sequence[str]", baseline: str = "") -> tuple["Comparison", list[str]]:
    """Open a comparison with the jobs that diverged. Return it with the IDs of its missing runs."""
    from core.jobs.diverged import add_diverged
    from core.store.comparison import Comparison

    chosen = _choose_runs(store, texts)
    if chosen.notice:
        print_message(chosen.notice)
    comparison = choose_baseline(Comparison.of(store.open_all(chosen.run_ids)), baseline)
    return add_diverged(store.home, comparison), [*chosen.missing]


def list_run_folders(comparison: "Comparison", missing: list[str]) -> "list[Path] | None":
    """Return the folders on which a result depends; None if runs are missing, which each call reports."""
    return None if missing else [run.path for run in comparison.runs]


def read_margin_option(value: str | None) -> "Margin":
    """Return the margin that an option has chosen, or the default."""
    from core.displays.views.difference import HeadDifference

    return HeadDifference.margin if value is None else value  # type: ignore[return-value]
