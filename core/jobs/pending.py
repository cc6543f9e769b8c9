"""Queued and running jobs whose runs will be part of a comparison."""

from contextlib import suppress

import pandas as pd

from core.errors import HeadroomError
from core.jobs.comparison_choice import RUNS, SAVED, SWEEP
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import open_sweep
from core.recipes import recipe_of
from core.spec import RunSpec
from core.store.comparison import find_offers, list_offers
from core.store.run_store import RunStore
from core.store.saved_comparison import open_saved
from core.store.withheld import list_withheld


def list_pending(store: RunStore, key: str) -> list[str]:
    """Return the IDs of the unfinished jobs that belong to a comparison; an empty list if that is not known.

    Args:
        key: ID of the comparison.
    """
    with suppress(HeadroomError):
        unfinished = JobQueue(store.home).unfinished()
        specs = []
        for job in unfinished:
            with suppress(HeadroomError):
                specs.append(job.spec)
        members = _list_members(store, key, specs)
        return [spec.run_id for spec in specs if spec.run_id in members]
    return []


def _list_members(store: RunStore, key: str, specs: list[RunSpec]) -> set[str]:
    if not specs:
        return set()
    if key.startswith(SWEEP):
        return {spec.run_id for spec in open_sweep(store.home, key.removeprefix(SWEEP)).specs}
    if key.startswith(SAVED):
        return {*open_saved(store.home, key.removeprefix(SAVED)).runs}
    if key.startswith(RUNS):
        return {text.strip() for text in key.removeprefix(RUNS).split(",")}
    withheld = list_withheld(store.home)
    specs = [spec for spec in specs if spec.run_id not in withheld]
    found = find_offers(list_offers(_build_frame(specs)), key) if specs else []
    return set(found[0].run_ids) if len(found) == 1 and found[0].key == key else set()


def _build_frame(specs: list[RunSpec]) -> pd.DataFrame:
    """Return the columns of a run list that the ID of a comparison depends on."""
    rows = []
    for spec in specs:
        recipe = recipe_of(spec)
        rows.append(
            {
                **spec.model_dump(),
                "run_id": spec.run_id,
                "recipe": recipe and recipe.name,
                "official": False,
                "withheld": False,
            }
        )
    return pd.DataFrame(rows)
