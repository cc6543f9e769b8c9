"""Accuracy loss of each head per corruption."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.baseline import find_baseline
from core.analysis.robustness import (
    ShiftInvariance,
    Tested,
    assess_shift_invariance,
    compute_losses,
    is_too_large,
    list_tested,
)
from core.augment.corruption import CORRUPTIONS, LEAST_IMAGES, MAX_FLOPS, list_rows
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import AXIS_CHARS, color_heads, measure_legend, shape_heads, write_note
from core.displays.label import fit_labels
from core.displays.number import format_p, format_share, format_short
from core.displays.scope import describe_intervals, describe_subset
from core.displays.sentence import join_parts
from core.plural import format_plural
from core.store.comparison import MANY_VARIANTS, Comparison


@dataclass(frozen=True)
class RobustnessLoss(Display):
    """Accuracy loss in percentage points for every corruption at its usual severity."""

    name: ClassVar[str] = "robustness_loss"
    title: ClassVar[str] = "Accuracy loss per corruption"
    shows_evidence: ClassVar[bool] = True

    @cached_property
    def _tested(self) -> list[Tested]:
        return list_tested(self.comparison)

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_losses(self._tested, self._baseline)

    @property
    def _baseline(self) -> str:
        return find_baseline(self.comparison).label

    def frame(self) -> pd.DataFrame:
        """Return the columns head, corruption, value, before, after, loss, low, high, images, seeds, more, more_low,
        more_high, more_p, more_p_holm (the loss minus that of the baseline, NaN for the baseline)."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        rows = frame.to_dict("records")
        table = pd.DataFrame(
            {
                "Corruption": [CORRUPTIONS[row["corruption"]].write(row["value"]) for row in rows],
                self.column: frame["head"],
                "Clean images": frame["before"].map(format_share),
                "Corrupted images": frame["after"].map(format_share),
                "Points lost": (100 * frame["loss"]).map("{:.1f}".format),
                "95% interval (points)": [
                    f"{100 * row['low']:.1f} to {100 * row['high']:.1f}".replace("-", "−") for row in rows
                ],
                "Images": frame["images"].map("{:,}".format),
            }
        )
        if frame["more"].isna().all():
            return table
        table[f"More than {self._baseline} (points)"] = [_write_more(row) for row in rows]
        return table.assign(**{"P-value (Holm)": frame["more_p_holm"].map(format_p)})

    def chart(self) -> Chart | None:
        frame = self._found
        if frame.empty:
            return None
        frame = frame.assign(what=[CORRUPTIONS[row["corruption"]].write(row["value"])
                                   for row in frame.to_dict("records")],
                             points=100 * frame["loss"], start=100 * frame["low"], end=100 * frame["high"])  # fmt: skip
        edge = min(0.0, float(frame["points"].min())) - 8, float(frame["points"].max()) + 12
        frame["start"], frame["end"] = frame["start"].clip(*edge), frame["end"].clip(*edge)
        base = alt.Chart(frame).encode(
            y=alt.Y(
                "what:N",
                title=None,
                sort=[*dict.fromkeys(frame["what"])],
                axis=alt.Axis(**fit_labels([*frame["what"]], AXIS_CHARS)),
            ),
            yOffset=alt.YOffset("head:N", sort=self.comparison.labels),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("what:N", title="Corruption"),
                alt.Tooltip("points:Q", title="Points lost", format=".1f"),
                alt.Tooltip("before:Q", title="Accuracy, clean images", format=".1%"),
                alt.Tooltip("after:Q", title="Accuracy, corrupted images", format=".1%"),
            ],
        )
        x = alt.X("points:Q", title="Accuracy loss (percentage points)", scale=alt.Scale(domain=edge, nice=False))
        bars = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=alt.X("start:Q"), x2=alt.X2("end:Q"))
        points = base.mark_point(filled=True, size=80, opacity=1).encode(x=x, shape=shape_heads(self.comparison))
        lanes = frame["what"].nunique() * max(34, 18 * frame["head"].nunique())
        note = write_note(f"Lower is better. {self._scope()} Intervals are clipped at the edges of the chart.")
        return (bars + points).properties(height=lanes + 110 + measure_legend(self.comparison.labels), title=note)

    def describe(self) -> str:
        """Describe whether global pooling improves shift invariance, or why robustness was not evaluated."""
        if not self._tested:
            return explain_missing(self.comparison)
        answer = assess_shift_invariance(self._tested, baseline=self._baseline if self.comparison.baseline else "")
        if answer is not None:
            return f"{_describe_shift_invariance(answer)} {self._scope()}"
        if len(self.comparison.variants) > MANY_VARIANTS:
            return f"{self._describe_range()} {self._scope()}"
        parts = [
            f"{row['head']} {_write_loss(row['loss'])} {CORRUPTIONS[row['corruption']].write(row['value'])}"
            for row in self._found.to_dict("records")
            if row["corruption"] == "shift"
        ]
        return f"{join_parts(parts)}. {self._scope()}"

    def _scope(self) -> str:
        if self._found.empty:
            return ""
        total = self.comparison.first.record.data.test_images
        images = describe_subset(int(self._found["images"].iloc[0]), total)
        return f"Measured on {images}. {describe_intervals(self._found['seeds'])}"

    def _describe_range(self) -> str:
        """Describe the smallest and the largest loss of many variants, and that of the baseline."""
        rows = self._found[self._found["corruption"] == "shift"].sort_values("loss", kind="stable").to_dict("records")
        if not rows:
            return "The accuracy under shift was not evaluated."
        low, high = rows[0], rows[-1]
        how = CORRUPTIONS["shift"].write(low["value"])
        text = (
            f"{how.capitalize()}, {format_plural(len(rows), self.comparison.noun)} lose {100 * low['loss']:.1f} "
            f"({low['head']}) to {100 * high['loss']:.1f} points of accuracy ({high['head']})"
        )
        own = [f"; the baseline {row['head']} {100 * row['loss']:.1f}" for row in rows if row["head"] == self._baseline]
        return text + "".join(own) + "."


def explain_missing(comparison: Comparison) -> str:
    """Return why there is no robustness of a comparison; "" while it is awaited."""
    if is_too_large(comparison):
        rows, most = len(list_rows()), format_short(MAX_FLOPS / len(list_rows()) / LEAST_IMAGES)
        return (
            f"Robustness was not evaluated: with more than {most} FLOPs per image, {LEAST_IMAGES} images with "
            f"{rows} corruptions would take too long."
        )
    awaiting = [run for run in comparison.runs if run.awaits_evidence]
    if any(not run.imported for run in awaiting):
        return ""
    if awaiting:
        return (
            "Robustness was not evaluated before these runs were exported. Export them again, and import the new file."
        )
    if any(run.record.evidence for run in comparison.runs):
        return (
            "Robustness was not evaluated: its computation failed, see evidence.json in the folder of a run. Delete "
            "these runs and train them again."
        )
    return "Robustness was not evaluated: an earlier version of Headroom trained these runs. Train them again."


def _write_more(row: dict[Any, Any]) -> str:
    """Return the additional loss with its interval: "1.2 (−0.3 to 2.7)"."""
    if math.isnan(row["more"]):
        return "–"
    more, low, high = (f"{100 * row[name]:.1f}".replace("-", "−") for name in ("more", "more_low", "more_high"))
    return f"{more} ({low} to {high})"


def _write_loss(loss: float, of: str = "") -> str:
    """Return what a head loses, or gains: "loses 4.0 points of accuracy"."""
    return f"{'gains' if loss < -0.0005 else 'loses'} {abs(100 * loss):.1f} points{of}"


def _describe_shift_invariance(answer: ShiftInvariance) -> str:
    how = CORRUPTIONS[answer.corruption].write(answer.value)
    losses = (
        f"{how.capitalize()}, {answer.pooled} (global pooling) {_write_loss(answer.pooled_loss, ' of accuracy')} and "
        f"{answer.flat} (no pooling) {_write_loss(answer.flat_loss)}"
    )
    interval = f"95% interval of the difference {100 * answer.low:.1f} to {100 * answer.high:.1f}".replace("-", "−")
    tested = "This tests one pair of heads at one severity."
    if min(answer.seeds) == 1:
        return f"{losses} (single seed: no statistical conclusion). {tested}"
    word = "less" if answer.low > 0 else "more" if answer.high < 0 else ""
    found = f"{answer.pooled} is {word} sensitive" if word else "no significant difference"
    return f"{losses}: {found} ({interval}). {tested}"
