"""The decision: every candidate, when it was dropped and on which evidence; the finalists on the test images."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.advice.candidate import Candidate
from core.advice.candidates import cost_of
from core.advice.race import FinalistDifference
from core.displays.advice_display import FORMS, INK, AdviceDisplay, describe_candidate, style_candidates
from core.displays.advice_text import METRICS, write_margin
from core.displays.chart_view import Chart
from core.displays.encoding import AXIS_CHARS, FRAME_PIXELS, GREY, color_styles, shape_styles, write_note
from core.displays.label import fit_labels
from core.displays.number import format_share
from core.plural import format_plural

_ROW_PIXELS, _LINE_PIXELS = 60, 15
_ORDER = ("chosen", "finalist", "in the race", "not decided")


@dataclass(frozen=True)
class DecisionView(AdviceDisplay):
    """One row per candidate: the chosen one, the other finalists, then those that were dropped, the last one first.
    The chart shows the finalists relative to the reference."""

    name: ClassVar[str] = "decision"
    title: ClassVar[str] = "Finalists on the test images"

    def frame(self) -> pd.DataFrame:
        """Return the columns candidate, status, cost (that decides), epochs, validation_accuracy, test_accuracy, mean,
        low, high, bound (percentage points, relative to the reference; NaN if not compared), evidence."""
        answer = self.race.answer
        compared = {one.key: one for one in answer.comparisons} if answer else {}
        rows = []
        for candidate in self._sorted:
            last, found = self.progress.find_last(candidate.key), compared.get(candidate.key)
            accuracy = answer.accuracy.get(candidate.key, float("nan")) if answer else float("nan")
            shares = (found.mean, found.low, found.high, found.bound) if found else (float("nan"),) * 4
            points = [100 * share for share in shares]
            rows.append(
                (
                    candidate.name, describe_candidate(self.race, candidate),
                    cost_of(candidate, self.race.request.cost), last[0] if last else 0,
                    last[1] if last else float("nan"), accuracy, *points, self._explain(candidate, found),
                )
            )  # fmt: skip
        names = ["candidate", "status", "cost", "epochs", "validation_accuracy", "test_accuracy", "mean", "low", "high",
                 "bound", "evidence"]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    @property
    def _sorted(self) -> list[Candidate]:
        accuracy = self.race.answer.accuracy if self.race.answer else {}

        def rank(one: Candidate) -> tuple[float, ...]:
            status = describe_candidate(self.race, one)
            dropped = self.race.dropped.get(one.key)
            index = _ORDER.index(status) if status in _ORDER else len(_ORDER) + bool(one.excluded_by)
            return index, -accuracy.get(one.key, 0.0), -(dropped.time if dropped else 0.0)

        return sorted(self.race.candidates, key=rank)

    def _explain(self, candidate: Candidate, found: FinalistDifference | None) -> str:
        answer = self.race.answer
        if candidate.excluded_by:
            return candidate.excluded_by
        if dropped := self.race.dropped.get(candidate.key):
            return dropped.reason
        if found and answer and found.key != answer.reference:
            return (
                f"{_write_points(100 * found.mean)} points, 95% interval {_write_points(100 * found.low)} to "
                f"{_write_points(100 * found.high)}: {found.verdict}."
            )
        if answer and candidate.key == answer.reference:
            return "The reference: the most accurate on the validation images."
        return ""

    def table(self) -> pd.DataFrame:
        form, frame = FORMS[self.race.request.cost], self.frame()
        metric = METRICS[self.race.request.metric]
        return pd.DataFrame(
            {
                "Candidate": frame["candidate"],
                "Result": frame["status"],
                form.short: [form.write(value) if value > 0 else "–" for value in frame["cost"]],
                "Epochs": [str(epochs) if epochs else "–" for epochs in frame["epochs"]],
                "Validation accuracy": frame["validation_accuracy"].map(format_share),
                f"Test {metric}": frame["test_accuracy"].map(format_share),
                "Evidence": frame["evidence"].where(frame["evidence"] != "", "–"),
            }
        )

    def chart(self) -> Chart | None:
        answer, frame = self.race.answer, self.frame()
        frame = frame[frame["mean"].notna()]
        if answer is None or not answer.reference or frame.empty:
            return None
        margin = -self.race.request.margin
        reference = self.race.find(answer.reference)
        frame = frame[frame["candidate"] != reference.name].rename(columns={"candidate": "head"})
        if frame.empty:
            return None
        frame["text"] = [f"{_write_points(value)} points" for value in frame["mean"]]
        styles = style_candidates(self.race.candidates)
        low, high = min(margin, frame["low"].min()), max(0.0, frame["high"].max())
        room = 0.1 * max(high - low, 0.1)
        names = frame["head"].tolist()
        axis = alt.Axis(labelOverlap=False, **fit_labels(names, AXIS_CHARS))
        base = alt.Chart(frame).encode(
            y=alt.Y("head:N", title=None, sort=names, axis=axis),
            color=color_styles(styles, legend=False),
            tooltip=[
                alt.Tooltip("head:N", title="Finalist"),
                alt.Tooltip("mean:Q", title="Difference (points)", format="+.2f"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format="+.2f"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format="+.2f"),
                alt.Tooltip("bound:Q", title="Bound that decides", format="+.2f"),
                alt.Tooltip("evidence:N", title="Result"),
            ],
        )  # fmt: skip
        x = alt.X(
            "low:Q", title="Difference from the reference (percentage points)",
            scale=alt.Scale(domain=[low - room, high + room], nice=False), axis=alt.Axis(tickCount=6),
        )  # fmt: skip
        marks = [
            alt.Chart(pd.DataFrame({"x": [value]})).mark_rule(strokeDash=dash, color=GREY, strokeWidth=width)
            for value, dash, width in ((0.0, [4, 4], 1.5), (margin, [1, 0], 2.5))
        ]
        bounds = base.mark_tick(thickness=3, size=20).encode(x=alt.X("bound:Q"))
        layers = [
            *(mark.encode(x=alt.X("x:Q")) for mark in marks),
            base.mark_rule(strokeWidth=4).encode(x=x, x2=alt.X2("high:Q")),
            bounds,
            base.mark_point(filled=True, size=150, opacity=1).encode(
                x=alt.X("mean:Q"), shape=shape_styles(styles, legend=False)
            ),
            base.mark_text(dy=-17, fontSize=11).encode(
                x=alt.X("mean:Q"), text=alt.Text("text:N"), color=alt.value(INK)
            ),
        ]
        note = write_note(self._note())
        height = FRAME_PIXELS + _LINE_PIXELS * len(note["text"]) + _ROW_PIXELS * len(frame)
        return alt.layer(*layers).properties(height=height, title=note)

    def _note(self) -> str:
        answer = self.race.answer
        if answer is None or not answer.reference:
            return ""
        return (
            f"Reference: {self.race.find(answer.reference).name}. Solid line: the margin of "
            f"{write_margin(self.race.request.margin)}. Short bar: the one-sided bound that decides. "
            f"{format_plural(answer.seeds, 'seed')} each, {format_plural(answer.test_images, 'test image')}."
        )

    def describe(self) -> str:
        frame = self.frame()
        parts = [
            f"{row['candidate']}: {row['status']}" + (f", {row['evidence'].rstrip('.')}" if row["evidence"] else "")
            for row in frame.to_dict("records")
        ]
        return f"Decision. {'; '.join(parts)}. {self._note()}".strip()


def _write_points(value: float) -> str:
    """Format percentage points with a typographic minus."""
    return f"{value:+.1f}".replace("-", "−")
