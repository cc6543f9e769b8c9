"""What a display is: one view of a comparison with two faces, data and picture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.correctness import NO_PREDICTION
from core.registry import Registry
from core.store.comparison import Comparison

Options = Mapping[Any, str] | range
"""What a setting may be: values with what people read for each, or whole numbers."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart


@dataclass(frozen=True)
class Display(ABC):
    """One view. Pages show it, reports export it, the CLI prints it, and one test runs them all.

    A subclass stands in a file of its name, has defaults for all its settings, and computes nothing that
    `core.analysis` could.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    comparison: Comparison

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """The data behind the picture: tidy, plain numbers, units in the names of the columns."""

    @abstractmethod
    def chart(self) -> Chart | None:
        """The picture; None for a view that is a table by nature, or when there is nothing to draw."""

    @abstractmethod
    def describe(self) -> str:
        """What the picture shows, in a sentence for those who cannot see it."""

    @property
    def heading(self) -> str:
        """The title, where settings make it another one."""
        return self.title

    def table(self) -> pd.DataFrame:
        """The data as people read it: formatted, with headings. The frame itself unless a view says otherwise."""
        return self.frame()

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        """What settings may be over these runs, by name, where their type does not say it."""
        classes = dict(enumerate(comparison.first.record.data.classes))
        common: dict[str, Options] = {
            "seed": {seed: str(seed) for seed in sorted({run.spec.seed for run in comparison.runs})},
            "head": {label: label for label in comparison.labels},
            "label": classes,
            "about": classes,
            "image": range(comparison.first.record.data.test_images),
        }
        return {name: common[name] for name in cls.__dataclass_fields__ if name in common}


def name_predictions(comparison: Comparison) -> dict[int, str]:
    """Number of a class, or NO_PREDICTION, to what people read."""
    return {NO_PREDICTION: "no guess", **dict(enumerate(comparison.first.record.data.classes))}


DISPLAYS: Registry[Any] = Registry("core.displays.views", "display")
