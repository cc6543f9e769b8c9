"""Comparison of runs in a notebook, where the Headroom application is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from headroom.values import LogError


@dataclass
class RunComparison:
    """Result of `compare`: the headline, and each display as a data frame and as an Altair chart, by its name.

    `charts` contains only displays with a chart; `missing` describes what some runs lack.
    """

    headline: str
    frames: dict[str, Any]
    charts: dict[str, Any]
    missing: list[str]

    def _repr_markdown_(self) -> str:
        return self.headline


def compare(run_ids: Sequence[str]) -> RunComparison:
    """Compare finished runs of the home of this machine (HEADROOM_HOME).

    Raises:
        LogError: when the application is not installed, or the runs cannot be compared.
    """
    if isinstance(run_ids, str) or not all(isinstance(run_id, str) for run_id in run_ids) or not run_ids:
        raise LogError(f"Expected run_ids to be a list of run IDs; got {run_ids!r:.60}.")
    try:
        displays = import_module("core.displays.display").DISPLAYS
        errors = import_module("core.errors")
    except ImportError:
        raise LogError(
            "Comparing needs the Headroom application, which is not installed here. Install it, or open the runs in "
            "the dashboard."
        ) from None
    try:
        store = import_module("core.store.run_store").RunStore(import_module("core.home").Home.default())
        comparison = import_module("core.store.comparison").Comparison.of([store.find(run_id) for run_id in run_ids])
        frames, charts = {}, {}
        for name, kind in displays.items():
            try:
                display = kind(comparison)
                frames[name], chart = display.frame(), display.chart()
            except errors.HeadroomError:  # such as test images that are not on this machine
                continue
            if chart is not None:
                charts[name] = chart
        headline = import_module("core.displays.headline").write_headline(comparison)
        describe = import_module("core.store.elsewhere").describe_elsewhere
        missing = [describe(one.label, one.runs) for one in comparison.variants if one.spec.elsewhere]
    except errors.HeadroomError as error:
        raise LogError(str(error)) from None
    return RunComparison(headline, frames, charts, missing)
