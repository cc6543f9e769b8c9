"""Sizes of the source images."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.encoding import GREY, write_note
from core.displays.number import format_count
from core.plural import format_plural

_CELLS = 40  # per axis
_COLOR = "#0a84c6"


@dataclass(frozen=True)
class ImageSizes(DataDisplay):
    """Width and height of the source images. Many sizes are grouped into cells."""

    name: ClassVar[str] = "image_sizes"
    title: ClassVar[str] = "Image sizes"

    @cached_property
    def _step(self) -> int:
        """Width of a cell in pixels: 1, 2 or 5 times a power of ten."""
        sizes = self.data.sizes
        assert sizes is not None
        least = max(1.0, float(sizes[["width", "height"]].to_numpy().max()) / _CELLS)
        power = 10 ** math.floor(math.log10(least))
        return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least)

    def frame(self) -> pd.DataFrame:
        """Return one row per group of sizes: width_pixels and height_pixels (smallest of the group), images."""
        sizes = self.data.sizes
        if sizes is None:
            return pd.DataFrame(columns=["width_pixels", "height_pixels", "images"])
        if len(sizes) > 1:
            low = sizes[["width", "height"]] // self._step * self._step
            sizes = sizes.assign(**low).groupby(["width", "height"])["images"].sum().reset_index()
        return sizes.rename(columns={"width": "width_pixels", "height": "height_pixels"})

    def table(self) -> pd.DataFrame:
        sizes = self.data.sizes
        if sizes is None:
            return pd.DataFrame(columns=["Size in pixels", "Images"])
        sizes = sizes.sort_values("images", ascending=False, kind="stable")
        names = [f"{width:,} × {height:,}" for width, height in zip(sizes["width"], sizes["height"], strict=True)]
        return pd.DataFrame({"Size in pixels": names, "Images": sizes["images"].map(format_count)})

    def chart(self) -> Chart | None:
        sizes = self.data.sizes
        if sizes is None or len(sizes) < 2:
            return None
        frame, step = self.frame(), self._step
        frame["x"], frame["y"] = frame["width_pixels"] + step / 2, frame["height_pixels"] + step / 2
        ends = {axis: float(frame[axis].max()) + step for axis in ("x", "y")}
        scale = {axis: alt.Scale(domain=[0, end], nice=False) for axis, end in ends.items()}
        points = (
            alt.Chart(frame)
            .mark_circle(color=_COLOR, opacity=0.75)
            .encode(
                x=alt.X("x:Q", title="Width (pixels)", scale=scale["x"], axis=alt.Axis(tickCount=5, format=",d")),
                y=alt.Y("y:Q", title="Height (pixels)", scale=scale["y"], axis=alt.Axis(tickCount=5, format=",d")),
                size=alt.Size("images:Q", scale=alt.Scale(range=[12, 400]), legend=None),
                tooltip=[
                    alt.Tooltip("width_pixels:Q", title="Width from", format=","),
                    alt.Tooltip("height_pixels:Q", title="Height from", format=","),
                    alt.Tooltip("images:Q", title="Images", format=","),
                ],
            )
        )
        line = pd.DataFrame({axis: [0.0, min(ends.values())] for axis in ends})
        square = alt.Chart(line).mark_line(color=GREY, strokeDash=[4, 4]).encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
        note = f"Area: number of images. Dashed: square images. Sizes are grouped by {format_plural(step, 'pixel')}."
        return alt.layer(square, points).properties(height=340, title=write_note(note))

    def describe(self) -> str:
        sizes = self.data.sizes
        if sizes is None:
            return "The sizes of the source images were not recorded."
        if len(sizes) == 1:
            return f"Image sizes: all images have {sizes['width'].iat[0]:,} × {sizes['height'].iat[0]:,} pixels."
        areas = (sizes["width"] * sizes["height"]).to_numpy()
        order = np.argsort(areas, kind="stable")
        middle = order[np.searchsorted(np.cumsum(sizes["images"].to_numpy()[order]), sizes["images"].sum() / 2)]
        small, median, large = (
            f"{sizes['width'].iat[i]:,} × {sizes['height'].iat[i]:,}" for i in (order[0], middle, order[-1])
        )
        return f"Image sizes: {len(sizes):,} sizes from {small} to {large} pixels; the median is {median}."
