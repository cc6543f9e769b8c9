"""Calibration error and test loss of every run, before and after temperature scaling."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.calibration import COLDEST, HOTTEST, compute_calibrations
from core.analysis.seed_mean import SeedMean
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import FRAME_PIXELS, GREY, color_heads, position_heads, shape_heads, write_note
from core.displays.number import format_loss, format_share
from core.displays.scope import describe_excluded
from core.displays.sentence import join_parts
from core.store.elsewhere import Part


@dataclass(frozen=True)
class CalibrationErrors(Display):
    """Expected calibration error (ECE) on the test images in 15 bins; temperatures are fitted on validation images."""

    name: ClassVar[str] = "calibration"
    title: ClassVar[str] = "Expected calibration error before and after temperature scaling"
    needs: ClassVar[tuple[Part, ...]] = ("probabilities",)

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_calibrations(self.available)

    def frame(self) -> pd.DataFrame:
        """Return one row per run.

        Columns: head, seed, temperature, ece_before, ece_after, ece_expected_before, ece_expected_after (of a perfectly
        calibrated model with as many images), loss_before, loss_after (nats), left_out (images).
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        return pd.DataFrame(
            {
                "Run": [f"{row['head']}, seed {row['seed']}" for row in frame.to_dict("records")],
                "Temperature": frame["temperature"].map(_format_temperature),
                "ECE before": frame["ece_before"].map(format_share),
                "ECE after": frame["ece_after"].map(format_share),
                "If calibrated": frame["ece_expected_after"].map(format_share),
                "Test loss before": frame["loss_before"].map(_format_loss),
                "Test loss after": frame["loss_after"].map(_format_loss),
                "Excluded images": frame["left_out"].map("{:,}".format),
            }
        )

    def chart(self) -> Chart | None:
        frame = self._found.dropna(subset=["ece_before", "ece_after"])
        if frame.empty:
            return None
        top = 1.1 * max(float(frame[["ece_before", "ece_after"]].max().max()), 0.005)
        base = alt.Chart(frame).encode(
            y=position_heads(self.comparison),
            yOffset=alt.YOffset("seed:O"),
            color=color_heads(self.comparison, legend=False),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("temperature:Q", title="Temperature", format=".2f"),
                alt.Tooltip("ece_before:Q", title="ECE before", format=".2%"),
                alt.Tooltip("ece_after:Q", title="ECE after", format=".2%"),
                alt.Tooltip("ece_expected_after:Q", title="ECE of a calibrated model", format=".2%"),
            ],
        )
        x = alt.X(
            "ece_before:Q", title="Expected calibration error", scale=alt.Scale(domain=[0, top], nice=False),
            axis=alt.Axis(format=".1%", tickCount=5),
        )  # fmt: skip
        shape = shape_heads(self.comparison, legend=False)
        lines = base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(x=x, x2=alt.X2("ece_after:Q"))
        before = base.mark_point(filled=False, size=70, strokeWidth=2).encode(x=x, shape=shape)
        after = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("ece_after:Q"), shape=shape)
        floor = base.mark_tick(thickness=2, size=14).encode(x=alt.X("ece_expected_after:Q"), color=alt.value(GREY))
        note = write_note(
            "Open markers: before temperature scaling; filled markers: after. One line per seed. Gray: ECE of a "
            "perfectly calibrated model on as many images."
        )
        lanes = max(len(variant.runs) for variant in self.comparison.variants)
        height = FRAME_PIXELS + len(self.comparison.labels) * max(50, 20 * lanes)
        return (lines + floor + before + after).properties(height=height, title=note)

    def describe(self) -> str:
        parts = []
        for head, rows in self._found.groupby("head", sort=False):
            if rows["ece_before"].notna().any():
                before, after = format_share(rows["ece_before"].mean()), format_share(rows["ece_after"].mean())
                if rows["ece_after"].isna().all():
                    parts.append(f"{head} {before} (no validation images for temperature scaling)")
                    continue
                floor = format_share(rows["ece_expected_after"].mean())
                parts.append(
                    f"{head} {before} before and {after} after temperature scaling (a calibrated model: {floor})"
                )
            else:
                parts.append(f"{head} has no finite probabilities")
        if not parts:
            return "Expected calibration error."
        lost = describe_excluded(int(self._found["left_out"].sum()), "prediction", "without a finite probability")
        return f"Expected calibration error, mean over seeds: {join_parts(parts)}. {lost}".rstrip()


def _format_temperature(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:.2f}" + (" (at the bound)" if value in (COLDEST, HOTTEST) else "")


def _format_loss(value: float) -> str:
    return format_loss(SeedMean(value, None, 1))
