"""Comparisons that can be selected: recipes, sweeps and saved comparisons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from core.jobs.comparison_choice import MAX_SELECTED_RUNS, RUNS, SAVED, SWEEP
from core.jobs.sweep_store import Sweep
from core.store.comparison import Offer
from core.store.saved_comparison import SavedComparison

Group = Literal["saved", "recipe", "sweep"]


@dataclass(frozen=True)
class ListedComparison:
    """A comparison with its ID, its label and its finished runs."""

    group: Group
    key: str
    label: str
    run_ids: frozenset[str]


def list_comparisons(
    offers: Sequence[Offer],
    sweeps: Mapping[str, tuple[Sweep, str]],
    saved: Iterable[SavedComparison],
    heads: Mapping[str, str],
) -> list[ListedComparison]:
    """Return the saved comparisons, the recipes, the sweeps with finished runs, and recipes with other hyperparameters.

    The last group is last because it can be long.
    A sweep is one comparison: the runs of one of its values are not listed separately, except the comparison of a
    recipe with its own hyperparameters and several heads.

    Args:
        sweeps: each sweep with its label, by ID.
        heads: the head of each finished run, by run ID.
    """
    kept = [
        ListedComparison("saved", SAVED + one.saved_id, one.name, frozenset(one.runs) & heads.keys()) for one in saved
    ]
    planned = {sweep_id: frozenset(spec.run_id for spec in sweep.specs) for sweep_id, (sweep, _) in sweeps.items()}
    grids = [
        ListedComparison("sweep", SWEEP + sweep_id, label, planned[sweep_id] & heads.keys())
        for sweep_id, (_, label) in sweeps.items()
    ]
    own: list[ListedComparison] = []
    changed: list[ListedComparison] = []
    for offer in offers:
        run_ids = frozenset(offer.run_ids)
        is_complete = offer.own and len({heads.get(run_id) for run_id in run_ids}) > 1
        if is_complete or not any(run_ids < grid for grid in planned.values()):
            (own if offer.own else changed).append(ListedComparison("recipe", offer.key, offer.label, run_ids))
    return [*kept, *own, *(grid for grid in grids if grid.run_ids), *changed]


def find_default(offers: Sequence[Offer], listed: Sequence[ListedComparison], frame: pd.DataFrame) -> str:
    """Return the ID of the comparison that is shown without a selection: that of the user's run that finished last; if
    there are only the examples, the best of their recipes.

    Args:
        frame: the run list (`RunStore.frame()`).
    """
    own = frame[(frame["source"] == "home") & ~frame["withheld"]]
    members = frozenset[str]().union(*(one.run_ids for one in listed if one.group != "saved"))
    if newest := next((run_id for run_id in own["run_id"] if run_id in members), None):
        return find_listed(listed, [newest])
    if offers and own.empty:
        return find_listed(listed, offers[0].run_ids)
    return RUNS + ",".join(list_newest(frame if own.empty else own))


def list_newest(frame: pd.DataFrame) -> list[str]:
    """Return the IDs of the newest run of a run list and of those on the same test set, for homes without recipes."""
    frame = frame[~frame["withheld"]]
    same = frame[frame["targets"] == frame["targets"].iloc[0]] if len(frame) else frame
    return same["run_id"].head(MAX_SELECTED_RUNS).tolist()


def find_listed(listed: Sequence[ListedComparison], run_ids: Iterable[str]) -> str:
    """Return the ID of the smallest listed comparison of a recipe or a sweep that contains these runs, otherwise that
    of the runs themselves."""
    wanted = frozenset(run_ids)
    fitting = [one for one in listed if one.group != "saved" and wanted <= one.run_ids]
    if fitting:
        return min(fitting, key=lambda one: len(one.run_ids)).key
    return RUNS + ",".join(sorted(wanted))
