"""The race as learning curves: candidates in their colors, and those that are out in gray with the reason."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from textwrap import wrap
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.displays.advice_display import INK, AdviceDisplay, describe_candidate, style_candidates
from core.displays.axis import scale_shares, spread_names
from core.displays.chart_view import Chart
from core.displays.curve_chart import HEIGHT_PIXELS, PLOT_PIXELS, position_x
from core.displays.encoding import GREY, color_styles, shape_styles, write_note
from core.displays.label import shorten
from core.displays.number import format_share
from core.plural import format_plural

_MAX_NAMES = 12
_MAX_REASONS = 3  # more are only in the table
_NAME_CHARS, _REASON_CHARS, _REASON_LINES = 28, 42, 3
_SHARE = "max(width / 150, 2.2)"  # of the width to the part of it that contains the names, right of all lines
_LINE_PIXELS = 13
_WIDE = 520  # pixels without which reasons are only in the table


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
        frame = frame[(frame["seed"] == 0) & frame["accuracy"].notna()]
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
        y = alt.Y(
            "accuracy:Q",
            title="Validation accuracy",
            scale=scale,
            axis=alt.Axis(format=".0%", tickCount=6, tickMinStep=0.01, grid=False),
        )
        x = position_x("epoch", 1, last)
        x["scale"] = alt.Scale(domainMin=1, domainMax=alt.expr(f"{last} + {last - 1} / ({_SHARE} - 1)"), nice=False)
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
        layers: list[Any] = [*self._draw_rungs(), *lines, points, *self._draw_names(ends, scale, last, color, styles)]
        layers += self._draw_reasons(ends, last)
        note = write_note(self._note())
        return alt.layer(*layers).properties(height=HEIGHT_PIXELS + 60, title=note)

    def _draw_rungs(self) -> list[Any]:
        rungs = pd.DataFrame({"epoch": self.race.rungs[:-1]})
        if rungs.empty:
            return []
        return [alt.Chart(rungs).mark_rule(strokeDash=[2, 4], color=GREY).encode(x=alt.X("epoch:Q"))]

    def _draw_names(self, ends: pd.DataFrame, scale: alt.Scale, last: int, color: Any, styles: Any) -> list[Any]:
        """Draw the name of each candidate with its symbol to the right of all lines."""
        low, high = scale["domain"]
        gap = (high - low) / PLOT_PIXELS
        rows = ends.head(_MAX_NAMES)
        position = spread_names(rows["accuracy"].tolist(), (_LINE_PIXELS + 1) * gap, low + 6 * gap, high - 4 * gap)
        rows = rows.assign(position=position, text=rows["head"], at=last + 0.04 * (last - 1))
        base = alt.Chart(rows).encode(x=alt.X("at:Q"), y=alt.Y("position:Q", title="Validation accuracy", scale=scale))
        ink = alt.condition("datum.out", alt.value(GREY), alt.value(INK))
        limit = alt.expr(f"width / {_SHARE} - 22")
        return [
            base.mark_point(size=60, filled=True, opacity=1).encode(
                color=color, shape=shape_styles(styles, legend=False)
            ),
            base.mark_text(align="left", dx=8, baseline="middle", fontSize=11, limit=limit).encode(
                color=ink, text=alt.Text("text:N")
            ),
        ]

    def _draw_reasons(self, ends: pd.DataFrame, last: int) -> list[Any]:
        """Draw why candidates are out, the latest first, below the lines: learning curves leave this corner free."""
        rows = ends[ends["out"]].head(_MAX_REASONS)
        if rows.empty:
            return []
        texts = [
            "\n".join([
                f"{shorten(row['head'], _NAME_CHARS)}: {row['status']}",
                *wrap(row["reason"], _REASON_CHARS, max_lines=_REASON_LINES, placeholder="…"),
            ])
            for row in rows.to_dict("records")
        ]  # fmt: skip
        heights = [_LINE_PIXELS * (text.count("\n") + 1) + 4 for text in texts]
        mark = alt.Chart(pd.DataFrame({"text": texts, "lift": [*accumulate(heights)]})).mark_text(
            align="right", baseline="top", dx=-4, dy=alt.expr("-datum.lift"), fontSize=11, color=GREY,
            lineBreak="\n", lineHeight=_LINE_PIXELS, opacity=alt.expr(f"width < {_WIDE} ? 0 : 1"),
        )  # fmt: skip
        return [mark.encode(x=alt.XDatum(last), y=alt.value("height"), text=alt.Text("text:N"))]

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
