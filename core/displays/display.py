"""Base class of displays: views of a comparison as data, table, chart and text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from core.displays.awaited import describe_awaited
from core.displays.chart_view import ChartView
from core.registry import Registry
from core.store.comparison import Comparison
from core.store.elsewhere import Part, select_with, write_lacking
from core.store.metrics import NO_PREDICTION

Options = Mapping[Any, str] | range
"""Allowed values of a setting: values with their labels, or a range of integers."""

CLASS_SETTINGS = ("label", "about", "predicted")
"""Settings whose values are classes."""


@dataclass(frozen=True)
class Display(ChartView):
    """View of a comparison for pages, reports and the CLI.

    A subclass is in a file of the same name, has defaults for all settings, and leaves computations to `core.analysis`.
    """

    needs: ClassVar[tuple[Part, ...]] = ()
    """Parts that a run must have to be shown; runs that were trained elsewhere may lack them."""

    shows_evidence: ClassVar[bool] = False
    """Whether it shows the evidence of runs, which follows their publication."""

    averages_seeds: ClassVar[bool] = False
    """Whether a setting `seed` of None selects the mean over all seeds, not one run per head."""

    comparison: Comparison

    @property
    def available(self) -> Comparison:
        """The variants that have what the display needs. There may be none; colors are those of `comparison`."""
        return select_with(self.comparison, self.needs)

    @property
    def lacking(self) -> str:
        """Names the variants that are not shown, and why; empty if all are shown."""
        return write_lacking(self.comparison, self.needs)

    @property
    def awaited(self) -> str:
        """States that evidence which it will show is being computed; empty if none is."""
        return describe_awaited(self.comparison) if self.shows_evidence else ""

    @property
    def heading(self) -> str:
        """Return the title, which may depend on the settings."""
        return self.title

    @property
    def column(self) -> str:
        """Return the header of a column with the labels of variants: "Head", or "Setting" or "Variant" (see `noun`)."""
        return self.comparison.noun.capitalize()

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        """Return the allowed values of settings by name, for settings whose type does not define them."""
        classes = dict(enumerate(comparison.first.record.data.classes))
        common: dict[str, Options] = {
            "seed": {seed: str(seed) for seed in sorted({run.spec.seed for run in comparison.runs})},
            "head": {label: label for label in comparison.labels},
            **dict.fromkeys(CLASS_SETTINGS, classes),
            "image": range(comparison.first.record.data.test_images),
        }
        return {name: common[name] for name in cls.__dataclass_fields__ if name in common}


def name_predictions(comparison: Comparison) -> dict[int, str]:
    """Map class indices and NO_PREDICTION to class names."""
    return {NO_PREDICTION: "no prediction", **dict(enumerate(comparison.first.record.data.classes))}


DISPLAYS: Registry[Any] = Registry("core.displays.views", "display")
