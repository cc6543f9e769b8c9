"""Aspect ratios of the source images."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.augment.crop_share import compute_cut_share
from core.augment.fit import FITS
from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.encoding import GREY, write_note
from core.displays.number import format_count, format_share

_PER_OCTAVE = 6
_COLOR = "#0a84c6"
_LARGE = 0.25
_TICKS = [0.125, 0.25, 0.5, 0.75, 1, 1.33, 2, 4, 8]


@dataclass(frozen=True)
class AspectRatios(DataDisplay):
    """Width divided by height of the source images, and the share that the central crop removes."""

    name: ClassVar[str] = "aspect_ratios"
    title: ClassVar[str] = "Aspect ratios"

    @cached_property
    def _sizes(self) -> pd.DataFrame:
        sizes = self.data.sizes
        if sizes is None:
            sizes = pd.DataFrame({"width": [], "height": [], "images": []}, dtype="int64")
        return sizes.assign(
            ratio=sizes["width"] / sizes["height"],
            cut=compute_cut_share(sizes["width"], sizes["height"], self.data.info.fit),
        )

    def frame(self) -> pd.DataFrame:
        """Return one row per group: ratio_from, ratio_to, images, cut (mean share of the pixels that are removed)."""
        sizes = self._sizes
        group = np.floor(np.log2(sizes["ratio"]) * _PER_OCTAVE + 0.5)
        found = (
            sizes.assign(group=group, total=sizes["cut"] * sizes["images"]).groupby("group")[["images", "total"]].sum()
        )
        edges = found.index.to_numpy(np.float64)
        return pd.DataFrame(
            {
                "ratio_from": 2 ** ((edges - 0.5) / _PER_OCTAVE),
                "ratio_to": 2 ** ((edges + 0.5) / _PER_OCTAVE),
                "images": found["images"].to_numpy(),
                "cut": (found["total"] / found["images"]).to_numpy(),
            }
        )

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        ranges = [f"{row['ratio_from']:.2f} to {row['ratio_to']:.2f}" for row in frame.to_dict("records")]
        return pd.DataFrame(
            {
                "Width : height": ranges,
                "Images": frame["images"].map(format_count),
                "Cut by the crop": frame["cut"].map(format_share),
            }
        )

    def chart(self) -> Chart | None:
        frame = self.frame()
        if len(frame) < 2:
            return None
        low, high = float(frame["ratio_from"].min()), float(frame["ratio_to"].max())
        scale = alt.Scale(type="log", base=2, domain=[min(low, 0.9), max(high, 1.1)], nice=False)
        ticks = [tick for tick in _TICKS if low <= tick <= high]
        bars = (
            alt.Chart(frame.assign(zero=0))
            .mark_bar(color=_COLOR, binSpacing=1)
            .encode(
                x=alt.X(
                    "ratio_from:Q", title="Width divided by height", scale=scale,
                    axis=alt.Axis(values=ticks, format="~g"),
                ),
                x2=alt.X2("ratio_to:Q"),
                y=alt.Y("images:Q", title="Images", axis=alt.Axis(tickCount=5, format=",d")),
                y2=alt.Y2("zero:Q"),
                tooltip=[
                    alt.Tooltip("ratio_from:Q", title="Ratio from", format=".2f"),
                    alt.Tooltip("ratio_to:Q", title="to", format=".2f"),
                    alt.Tooltip("images:Q", title="Images", format=","),
                    alt.Tooltip("cut:Q", title="Cut by the crop", format=".0%"),
                ],
            )
        )  # fmt: skip
        square = (
            alt.Chart(pd.DataFrame({"ratio": [1.0]}))
            .mark_rule(color=GREY, strokeDash=[4, 4])
            .encode(x=alt.X("ratio:Q"))
        )
        note = "Dashed: square. Left of it, images are taller than wide"
        note += "; the crop removes more at both ends." if self.data.info.fit == "crop" else "."
        return alt.layer(bars, square).properties(height=340, title=write_note(note))

    def describe(self) -> str:
        sizes = self._sizes
        if sizes.empty:
            return "The sizes of the source images were not recorded."
        images = sizes["images"]
        total = int(images.sum())
        mean = float((sizes["cut"] * images).sum() / total)
        if sizes["ratio"].eq(1).all():
            return "Aspect ratios: all images are square; the crop removes nothing."
        ratios = f"from {sizes['ratio'].min():.2f} to {sizes['ratio'].max():.2f} (width divided by height)"
        if self.data.info.fit != "crop":
            return f"Aspect ratios: {ratios}. Nothing is cut: {FITS[self.data.info.fit]}."
        much = int(images[sizes["cut"] > _LARGE].sum()) / total
        return (
            f"Aspect ratios: {ratios}. The central crop removes {format_share(mean)} of the pixels on average, and "
            f"more than {_LARGE:.0%} for {format_share(much)} of the images."
        )
