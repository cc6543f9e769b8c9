"""The candidates of a race with their costs before training, and what the limits exclude."""

from dataclasses import dataclass
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.advice.candidate import Candidate
from core.advice.candidates import cost_of
from core.displays.advice_display import FORMS, INK, AdviceDisplay, describe_candidate, style_candidates
from core.displays.advice_text import write_candidate_cost
from core.displays.chart_view import Chart
from core.displays.encoding import AXIS_CHARS, FRAME_PIXELS, GREY, color_styles, shape_styles, write_note
from core.displays.label import fit_labels
from core.plural import format_plural

_ROW_PIXELS = 26
_OUT = "excluded by a limit"


@dataclass(frozen=True)
class Candidates(AdviceDisplay):
    """One row per candidate, in the order of the cost that decides; those that a limit excludes come last."""

    name: ClassVar[str] = "candidates"
    title: ClassVar[str] = "Candidates and limits"

    def frame(self) -> pd.DataFrame:
        """Return the columns candidate, head, params, tflite_bytes, flops, latency_seconds, latency_low, latency_high
        (NaN without measured runs of like cost), cost (that decides), excluded_by."""
        rows = [
            (
                one.name, one.head, one.params, one.tflite_bytes, one.flops,
                *((one.latency.seconds, one.latency.low, one.latency.high) if one.latency else (float("nan"),) * 3),
                cost_of(one, self.race.request.cost), one.excluded_by,
            )
            for one in self._sorted
        ]  # fmt: skip
        names = ["candidate", "head", "params", "tflite_bytes", "flops", "latency_seconds", "latency_low",
                 "latency_high", "cost", "excluded_by"]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    @property
    def _sorted(self) -> list[Candidate]:
        cost = self.race.request.cost
        return sorted(self.race.candidates, key=lambda one: (bool(one.excluded_by), cost_of(one, cost), one.name))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "Candidate": one.name,
                "Parameters": write_candidate_cost(one, "params"),
                "LiteRT file": write_candidate_cost(one, "size"),
                "FLOPs per image": write_candidate_cost(one, "flops"),
                "Latency": write_candidate_cost(one, "latency"),
                "Status": f"excluded: {one.excluded_by}" if one.excluded_by else self._describe(one),
            }
            for one in self._sorted
        )

    def _describe(self, candidate: Candidate) -> str:
        return describe_candidate(self.race, candidate) if self.race.events else "starts"

    def chart(self) -> Chart | None:
        frame = self.frame()
        frame = frame[frame["cost"] > 0]
        if frame.empty:
            return None
        cost = self.race.request.cost
        form, limit = FORMS[cost], getattr(self.race.request.limits, cost, None)
        styles = style_candidates(self._sorted)
        frame["out"] = frame["excluded_by"] != ""
        frame["text"], frame["head"] = [form.write(value) for value in frame["cost"]], frame["candidate"]
        frame["status"] = frame["excluded_by"].where(frame["out"], "can be trained")
        names = frame["candidate"].tolist()
        axis = alt.Axis(labelOverlap=False, **fit_labels(names, AXIS_CHARS, lines=2))
        base = alt.Chart(frame[["head", "cost", "text", "out", "status"]]).encode(
            x=alt.X(
                "cost:Q",
                title=f"{form.label}, log",
                scale=alt.Scale(type="log", padding=30, nice=False),
                axis=alt.Axis(format=form.tick, tickCount=5, grid=False),
            ),
            y=alt.Y("head:N", title=None, sort=names, axis=axis),
            tooltip=[
                alt.Tooltip("head:N", title="Candidate"),
                alt.Tooltip("text:N", title=form.short),
                alt.Tooltip("status:N", title="Status"),
            ],
        )
        color: Any = alt.condition("datum.out", alt.value(GREY), color_styles(styles, legend=False))
        points = base.mark_point(filled=True, size=110, opacity=1).encode(
            color=color, shape=shape_styles(styles, legend=False)
        )
        texts = base.mark_text(align="left", dx=9, fontSize=11).encode(
            text=alt.Text("text:N"), color=alt.condition("datum.out", alt.value(GREY), alt.value(INK))
        )
        layers: list[Any] = [points, texts]
        note = f"{form.label.partition(' (')[0]} before training."
        if limit:
            rule = alt.Chart(pd.DataFrame({"cost": [limit]})).mark_rule(strokeDash=[6, 3], color=GREY, strokeWidth=2)
            layers.insert(0, rule.encode(x=alt.X("cost:Q")))
            note += f" Dashed: the limit of {form.write(limit)}."
        if frame["out"].any():
            note += f" Gray: {_OUT}."
        height = FRAME_PIXELS + _ROW_PIXELS * len(frame)
        return alt.layer(*layers).properties(height=height, title=write_note(note))

    def describe(self) -> str:
        out = [one for one in self._sorted if one.excluded_by]
        rest = [one for one in self._sorted if not one.excluded_by]
        form = FORMS[self.race.request.cost]
        parts = [f"{one.name} ({form.write(cost_of(one, self.race.request.cost))})" for one in rest]
        text = f"{form.short} of {format_plural(len(self.race.candidates), 'candidate')}"
        text += f", by increasing cost: {'; '.join(parts)}." if parts else ". The limits exclude all."
        reasons = "; ".join(f"{one.name}: {one.excluded_by.rstrip('.')}" for one in out)
        return f"{text} Excluded: {reasons}." if out else text
