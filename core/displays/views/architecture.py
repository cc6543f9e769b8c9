"""Diagram of the models: the shared backbone and the heads."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.displays.architecture_diagram import (
    Architecture,
    build_architecture_chart,
    describe_architectures,
    group_architectures,
    list_step_rows,
)
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.number import format_count
from core.displays.palette import colors
from core.store.elsewhere import Part

MAX_DRAWN = 12
"""Maximum number of variants in the diagram, which takes about 0.1 s per model; the table contains all."""


@dataclass(frozen=True)
class ArchitectureView(Display):
    """Steps of every backbone and head with output shapes and parameters. Equal models are drawn once."""

    name: ClassVar[str] = "architecture"
    title: ClassVar[str] = "Architecture"
    needs: ClassVar[tuple[Part, ...]] = ("diagram",)

    def frame(self) -> pd.DataFrame:
        return list_step_rows(self._architectures)

    def table(self) -> pd.DataFrame:
        return format_steps(self.frame())

    def chart(self) -> Chart | None:
        drawn = self._group(MAX_DRAWN)
        return build_architecture_chart(drawn, colors(self.comparison)) if drawn else None

    def describe(self) -> str:
        text = describe_architectures(self._group(MAX_DRAWN)) if self._architectures else "Architecture."
        count = len(self.available.variants)
        return f"{text} Only the first {MAX_DRAWN} of {count} variants are shown." if count > MAX_DRAWN else text

    @cached_property
    def _architectures(self) -> list[Architecture]:
        return self._group()

    def _group(self, most: int | None = None) -> list[Architecture]:
        return group_architectures({one.label: one.first.model for one in self.available.variants[:most]})


def format_steps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a diagram."""
    return pd.DataFrame(
        {
            "Part": [
                head or f"Backbone {backbone}" for head, backbone in zip(frame["head"], frame["backbone"], strict=True)
            ],
            "Step": frame["step"],
            "Notes": frame["notes"],
            "Output shape": frame["output_shape"],
            "Trainable": frame["trainable"].map(format_count),
            "Non-trainable": frame["non_trainable"].map(format_count),
            "Layers": frame["layers"],
        }
    )
