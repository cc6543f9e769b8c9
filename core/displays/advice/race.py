"""The race as learning curves: candidates in their colors, and those that are out in gray with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from textwrap import wrap
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.displays.advice_display import INK, AdviceDisplay, describe_candidate, style_candidates
from core.displays.axis import scale_shares, spread_names
from core.displays.curve_chart import HEIGHT_PIXELS, PLOT_PIXELS, position_x
from core.displays.display import Chart
from core.displays.encoding import GREY, color_styles, shape_styles, write_note
from core.displays.label import shorten
from core.displays.number import format_plural, format_share

_MAX_NAMES = 8
_MAX_REASONS = 3  # more are only in the table
_NAME_CHARS, _REASON_CHARS = 30, 40
_EARLY = 0.55  # of the axis: names of lines that end before are to the right of the end
_LINE_PIXELS = 13


@dataclass(frozen=True)
class RaceCurves(AdviceDisplay):
    """Validation accuracy by epoch: one bold line per candidate, and thin ones for its other seeds."""

    name: ClassVar[str] = "race"
    title: ClassVar[str] = "Race"

    def frame(self) -> pd.DataFrame:
        """Return one row per candidate, seed and epoch: candidate, seed, epoch, accuracy (on the validation images),
        out (whether the candidate was dropped), status, reason."""
        found = {one.key: one for one in self.race.candidates}
        states = {key: describe_candidate(self.race, one) for key, one in found.items()}
        curves = self.progress.curves
        keys = curves["key"]
        frame = curves[["seed", "epoch", "accuracy"]].assign(
            out=keys.isin([*self.race.dropped]),
            status=keys.map(states).astype("str"),
            reason=keys.map(lambda key: self.race.dropped[key].reason if key in self.race.dropped else "").astype(
                "str"
            ),
        )
        frame.insert(0, "candidate", keys.map(lambda key: found[key].name).astype("str"))
        return frame.sort_values(
            ["out", "candidate", "seed", "epoch"], ascending=[False, True, True, True]
        ).reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        ends = self._ends
        return pd.DataFrame(
            {
                "Candidate": ends["candidate"],
                "Epochs": ends["epoch"].map(str),
                "Validation accuracy": ends["accuracy"].map(format_share),
                "Status": ends["status"],
                "Reason": ends["reason"].where(ends["reason"] != "", "–"),
            }
        )

    @cached_property
    def _ends(self) -> pd.DataFrame:
        """The end of the first seed of each candidate, the best first; candidates that are out come last."""
        frame = self.frame()
        frame = frame[frame["seed"] == 0]
        ends = frame.groupby("candidate", sort=False).tail(1)
        return ends.sort_values(["out", "epoch", "accuracy"], ascending=[True, False, False], ignore_index=True)

    def chart(self) -> Chart | None:
        frame = self.frame()
        if frame.empty:
            return None
        last = max(self.race.rungs[-1], 2)
        styles = style_candidates(self.race.candidates)
        frame = frame.rename(columns={"candidate": "head"})
        scale = scale_shares(frame["accuracy"], 0.12)
        y = alt.Y("accuracy:Q", title="Validation accuracy", scale=scale, axis=alt.Axis(format=".0%", tickCount=6))
        x = position_x("epoch", 1, last)
        color = alt.condition("datum.out", alt.value(GREY), color_styles(styles, legend=False))
        tooltip = [
            alt.Tooltip("head:N", title="Candidate"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("accuracy:Q", title="Validation accuracy", format=".1%"),
            alt.Tooltip("seed:Q", title="Seed"),
            alt.Tooltip("status:N", title="Status"),
            alt.Tooltip("reason:N", title="Reason"),
        ]
        base = alt.Chart(frame).encode(
            x=x, y=y, color=color, detail=[alt.Detail("head:N"), alt.Detail("seed:N")], tooltip=tooltip
        )
        lines = [
            base.transform_filter("datum.seed > 0").mark_line(strokeWidth=1, opacity=0.45),
            base.transform_filter("datum.seed === 0 && datum.out").mark_line(strokeWidth=1.4, opacity=0.7),
            base.transform_filter("datum.seed === 0 && !datum.out").mark_line(strokeWidth=2.6),
        ]
        ends = self._ends.rename(columns={"candidate": "head"})
        points = alt.Chart(ends).mark_point(size=60, filled=True, opacity=1)
        points = points.encode(x=x, y=y, color=color, shape=shape_styles(styles, legend=False), tooltip=tooltip)
        layers: list[Any] = [*self._draw_rungs(), *lines, points, *self._draw_names(ends, scale, last, y)]
        note = write_note(self._note())
        return alt.layer(*layers).properties(height=HEIGHT_PIXELS + 60, title=note)

    def _draw_rungs(self) -> list[Any]:
        rungs = pd.DataFrame({"epoch": self.race.rungs[:-1]})
        if rungs.empty:
            return []
        return [alt.Chart(rungs).mark_rule(strokeDash=[2, 4], color=GREY).encode(x="epoch:Q")]

    def _draw_names(self, ends: pd.DataFrame, scale: alt.Scale, last: int, y: alt.Y) -> list[Any]:
        low, high = scale["domain"]
        gap = (high - low) / PLOT_PIXELS
        layers = []
        early = ends["epoch"] - 1 < _EARLY * (last - 1)
        for is_early in (True, False):
            rows = ends[early == is_early].head(_MAX_NAMES)
            if rows.empty:
                continue
            explained = int(rows["out"].sum()) <= _MAX_REASONS
            texts = [self._name(row, explained) for row in rows.to_dict("records")]
            heights = [text.count("\n") + 1 for text in texts]
            raised = [value + (0 if is_early else 8 * gap) for value in rows["accuracy"]]
            spread = _spread(raised, heights, (_LINE_PIXELS + 1) * gap, low + 6 * gap, high)
            marks: dict[str, Any] = {"align": "left", "dx": 8} if is_early else {"align": "right", "dx": -4}
            text = alt.Chart(rows.assign(position=spread, text=texts)).mark_text(
                baseline="middle", fontSize=11, lineBreak="\n", lineHeight=_LINE_PIXELS, **marks
            )
            position = alt.Y("position:Q", title=y["title"], scale=y["scale"], axis=y["axis"])
            ink = alt.condition("datum.out", alt.value(GREY), alt.value(INK))
            layers.append(text.encode(x="epoch:Q", y=position, color=ink, text="text:N"))
        return layers

    @staticmethod
    def _name(row: dict[Any, Any], explained: bool) -> str:
        name = shorten(row["head"], _NAME_CHARS)
        if not row["out"]:
            return name
        reason = wrap(row["reason"], _REASON_CHARS, max_lines=2, placeholder="…") if explained else []
        return "\n".join([f"{name}: {row['status']}", *reason])

    def _note(self) -> str:
        frame = self.frame()
        parts = ["Dotted lines: epochs after which candidates can be dropped."] if self.race.rungs[:-1] else []
        if frame["out"].any():
            parts.append("Gray: out.")
        if (frame["seed"] > 0).any():
            parts.append("Thin lines: further seeds.")
        return " ".join(parts)

    def describe(self) -> str:
        ends = self._ends
        if ends.empty:
            return "Race. No candidate has finished an epoch yet."
        parts = [
            f"{row['candidate']}: {format_share(row['accuracy'])} after {format_plural(row['epoch'], 'epoch')}, "
            f"{row['status']}"
            for row in ends.to_dict("records")
        ]
        return f"Validation accuracy of the candidates by epoch. {'; '.join(parts)}. {self._note()}".strip()


def _spread(positions: Sequence[float], heights: Sequence[int], gap: float, low: float, high: float) -> list[float]:
    """Return the middle of each label so that no two overlap.

    Args:
        heights: number of lines of each label.
        gap: height of a line.
    """
    lines = [
        position - 0.001 * gap * k for position, height in zip(positions, heights, strict=True) for k in range(height)
    ]
    spread, ends = spread_names(lines, gap, low, high), list(accumulate(heights))
    return [sum(spread[end - height : end]) / height for end, height in zip(ends, heights, strict=True)]
