"""Accuracy differences between variants, with confidence intervals and verdicts."""

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar, Literal

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.baseline import find_baseline, has_common_baseline
from core.analysis.difference import MAX_SEEDS, Difference, Need, compute_differences, compute_need
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import FRAME_PIXELS, GREY, write_note
from core.displays.label import PHONE_CHARS, wrap_label
from core.displays.number import format_interval, format_need, format_p, format_points
from core.displays.scope import describe_intervals
from core.displays.sentence import MAX_PARTS
from core.plural import format_plural
from core.store.comparison import MANY_VARIANTS

_WORDS = {
    "better": "▲ better",
    "worse": "▼ worse",
    "no significant difference": "○ no significant difference",
    "one seed": "? single seed",
}
_COLORS = {"▲ better": "#0a9e74", "▼ worse": "#dd6a12", "○ no significant difference": GREY, "? single seed": GREY}
_SHAPES = {
    "▲ better": "triangle-up",
    "▼ worse": "triangle-down",
    "○ no significant difference": "circle",
    "? single seed": "square",
}
_COLUMNS = (
    "a", "b", "difference", "low", "high", "p", "p_holm", "verdict", "margin", "margin_verdict", "p_margin_holm",
    "seeds_a", "seeds_b", "images", "need_seeds", "need_images",
)  # fmt: skip
_ROW_PIXELS, _NAMED_ROW_PIXELS, _LINE_PIXELS = 26, 96, 14

Margin = Literal["0.5", "1", "2", "3", "5"]


@dataclass(frozen=True)
class HeadDifference(Display):
    """Accuracy of the variant with fewer parameters minus that of the other one, over all seeds of both.

    If a baseline was chosen, or with more than MAX_VARIANTS_PAIRED variants, the accuracy of each minus that of the
    baseline. `margin` is the non-inferiority margin in percentage points.
    """

    name: ClassVar[str] = "difference"
    title: ClassVar[str] = "Accuracy differences (95% confidence intervals)"

    margin: Margin = "1"

    @cached_property
    def _found(self) -> list[tuple[Difference, Need]]:
        return [(one, compute_need(one)) for one in compute_differences(self.comparison, self._margin)]

    def frame(self) -> pd.DataFrame:
        """Return one row per pair of variants.

        Columns: a, b, difference, low, high (fractions), p, p_holm (corrected for all rows), verdict, margin,
        margin_verdict, p_margin_holm (of the hypothesis that `a` loses exactly the margin, corrected for all rows),
        seeds_a, seeds_b, images, need_seeds, need_images (needed for a conclusion; NaN if there is one or the need is
        unknown). With one seed per variant, the interval is that of these two trained models.
        """
        rows = [
            (
                one.a, one.b, one.mean, one.low, one.high, one.p, one.p_holm, one.verdict, self._margin,
                one.margin_verdict, one.p_loss, *one.seeds, one.images,
                *(np.nan if value is None else float(value) for value in asdict(need).values()),
            )
            for one, need in self._found
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=[*_COLUMNS])

    def table(self) -> pd.DataFrame:
        rows = [
            (f"{one.a} vs. {one.b}", _WORDS[one.verdict], format_points(one.mean), format_interval(one, name=False),
             one.margin_verdict, format_p(one.p_holm), _write_seeds(one),
             self._write_need(one, need))
            for one, need in self._found
        ]  # fmt: skip
        p_value = "P-value" if len(rows) < 2 else "P-value (Holm)"
        names = [f"{self.comparison.noun.capitalize()}s", "Verdict", "Accuracy", "95% interval (points)",
                 f"Loses at most {format_margin(self.margin)}?", p_value, "Seeds",
                 "Needed for a conclusion"]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    @property
    def _margin(self) -> float:
        return float(self.margin) / 100

    def chart(self) -> Chart | None:
        frame = self.frame()
        if frame.empty:
            return None
        many = len(self.comparison.variants) > MANY_VARIANTS
        frame["pair"] = frame["a"] if has_common_baseline(self.comparison) else frame["a"] + " − " + frame["b"]
        lines = [self._wrap_pair(row["a"], row["b"], row["pair"]) for row in frame.to_dict("records")]
        frame["name"], frame["lift"] = ["\n".join(each) for each in lines], [14 * (len(each) - 1) for each in lines]
        extra = max(frame["lift"])
        frame["text"] = frame["verdict"].map(_WORDS)
        for name in ("difference", "low", "high"):
            frame[name] *= 100
        ends = frame[["difference", "low", "high"]]
        low, high = min(-100 * self._margin, float(ends.min().min())), max(0.0, float(ends.max().max()))
        room = 0.12 * max(high - low, 0.1)
        domain = [*_WORDS.values()]
        color = alt.Color(
            "text:N", scale=alt.Scale(domain=domain, range=[_COLORS[name] for name in domain]), legend=None
        )
        shape = alt.Shape(
            "text:N", scale=alt.Scale(domain=domain, range=[_SHAPES[name] for name in domain]), legend=None
        )
        axis = alt.Axis(labelLimit=180) if many else None
        base = alt.Chart(frame).encode(
            y=alt.Y("pair:N", title=None, sort=frame["pair"].tolist(), axis=axis),
            color=color,
            tooltip=[
                alt.Tooltip("pair:N", title=f"{self.comparison.noun.capitalize()}{'' if many else 's'}"),
                alt.Tooltip("difference:Q", title="Difference (points)", format="+.2f"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format="+.2f"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format="+.2f"),
                alt.Tooltip("text:N", title="Verdict"),
            ],
        )
        x = alt.X(
            "low:Q",
            title="Accuracy difference (percentage points)",
            scale=alt.Scale(domain=[low - room, high + room], nice=False),
        )
        zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(strokeDash=[4, 4], color=GREY).encode(x=alt.X("x:Q"))
        lines = base.mark_rule(strokeWidth=4).encode(x=x, x2=alt.X2("high:Q"))
        points = base.mark_point(filled=True, size=170, opacity=1).encode(x=alt.X("difference:Q"), shape=shape)
        names = base.mark_text(
            dy=alt.expr("-24 - datum.lift"), align="left", fontSize=12, fontWeight="bold", lineBreak="\n", lineHeight=14
        ).encode(x=alt.value(0), text=alt.Text("name:N"))
        verdicts = base.mark_text(dy=20, fontSize=12).encode(x=alt.X("difference:Q"), text=alt.Text("text:N"))
        limit = alt.Chart(pd.DataFrame({"x": [-100 * self._margin]})).mark_rule(strokeDash=[1, 3], color=GREY)
        chart = alt.layer(zero, limit.encode(x=alt.X("x:Q")), lines, points, *([] if many else [names, verdicts]))
        note = write_note(self._note())
        rows = (_ROW_PIXELS if many else _NAMED_ROW_PIXELS + extra) * len(frame)
        return chart.properties(height=FRAME_PIXELS + _LINE_PIXELS * len(note["text"]) + rows, title=note)

    def _wrap_pair(self, a: str, b: str, pair: str) -> list[str]:
        """Return the lines of the name of a pair."""
        if len(pair) <= PHONE_CHARS:
            return [pair]
        if has_common_baseline(self.comparison):
            return wrap_label(pair, PHONE_CHARS, 2)
        return [*wrap_label(f"{a} −", PHONE_CHARS, 2), *wrap_label(b, PHONE_CHARS, 2)]

    def _note(self) -> str:
        parts = []
        if self._found and has_common_baseline(self.comparison):
            why = "" if self.comparison.baseline else ", which has the highest validation accuracy"
            parts.append(f"Baseline: {find_baseline(self.comparison).label}{why}.")
        parts.append(f"Dotted: {format_margin(self.margin)} lower, the non-inferiority margin.")
        if len(self.comparison.variants) > MANY_VARIANTS:
            verdicts = dict.fromkeys(one.verdict for one, _ in self._found)
            parts.append(f"{', '.join(_WORDS[verdict] for verdict in verdicts)}.")
        parts.append(describe_intervals(max(one.seeds) for one, _ in self._found))
        if any(min(one.seeds) == 1 < max(one.seeds) for one, _ in self._found):
            noun = self.comparison.noun
            parts.append(f"A {noun} with a single seed is assumed to vary across seeds as much as the other {noun}.")
        if len(self._found) > 1:
            parts.append(f"Verdicts are Holm-corrected for {len(self._found)} pairs.")
        return " ".join(parts)

    def describe(self) -> str:
        parts = [
            f"{one.a} vs. {one.b}: {format_points(one.mean)}, 95% interval {format_interval(one, name=False)}, "
            f"{one.verdict}, {one.margin_verdict}" for one, _ in self._found
        ]  # fmt: skip
        if not parts:
            return "Accuracy differences. This comparison has only one variant."
        found = self._count_verdicts() if len(parts) > MAX_PARTS else "; ".join(parts)
        return f"Accuracy differences (margin: {format_margin(self.margin)}). {found}. {self._note()}"

    def _count_verdicts(self) -> str:
        """Return how many pairs have each verdict, such as "14 settings: 2 better, 12 no significant difference; …"."""
        verdicts, margins = (
            ", ".join(f"{count} {verdict}" for verdict, count in Counter(found).items())
            for found in ([one.verdict for one, _ in self._found], [one.margin_verdict for one, _ in self._found])
        )
        return f"{format_plural(len(self._found), self.comparison.noun)}: {verdicts}; {margins}"

    def _write_need(self, difference: Difference, need: Need) -> str:
        if difference.verdict == "one seed":
            return "more seeds"
        if difference.verdict != "no significant difference":
            return "–"
        noun = self.comparison.noun
        return format_need(need, noun) or f"more than {MAX_SEEDS} seeds per {noun}"


def format_margin(margin: Margin) -> str:
    """Format a margin in percentage points: "1 point", "0.5 points"."""
    return f"{margin} point{'' if margin == '1' else 's'}"


def _write_seeds(difference: Difference) -> str:
    first, second = difference.seeds
    return str(first) if first == second else f"{first} and {second}"
