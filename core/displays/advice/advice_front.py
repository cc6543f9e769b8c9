"""Validation accuracy of all candidates against the cost that decides, with the Pareto front and the chosen one."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.advice.candidates import cost_of
from core.analysis.pareto import compute_front
from core.displays.advice_display import FORMS, AdviceDisplay, describe_candidate, style_candidates
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.curve_chart import finish_chart
from core.displays.encoding import GREY, color_styles, shape_styles, write_note
from core.displays.equal_points import EQUAL_NOTE, SHIFT, with_shifts
from core.displays.number import format_share

_PADDING = 30  # pixels
_MAX_NAMES = 8  # with more candidates, only the front and the chosen one are in the legend


@dataclass(frozen=True)
class AdviceFront(AdviceDisplay):
    """One point per trained candidate. The front consists of candidates with complete runs; those that were dropped
    before are gray, because fewer epochs are no measure of their accuracy."""

    name: ClassVar[str] = "advice_front"
    title: ClassVar[str] = "Accuracy against cost (Pareto front)"

    def frame(self) -> pd.DataFrame:
        """Return the columns candidate, status, cost, epochs, accuracy (validation, mean over seeds), complete, front,
        chosen."""
        answer = self.race.answer
        rows = []
        for candidate in self.race.candidates:
            if not (found := self.progress.find_last(candidate.key)):
                continue
            cost = cost_of(candidate, self.race.request.cost)
            complete = found[0] >= self.race.rungs[-1] or (answer is not None and candidate.key in answer.accuracy)
            chosen = bool(answer and answer.choice == candidate.key)
            rows.append((candidate.name, describe_candidate(self.race, candidate), cost, *found, complete, chosen))
        names = ["candidate", "status", "cost", "epochs", "accuracy", "complete", "chosen"]
        frame = pd.DataFrame(rows, columns=names)
        shown = np.where(frame["complete"].to_numpy(np.bool_), frame["accuracy"].to_numpy(np.float64), np.nan)
        front = compute_front(frame["cost"].to_numpy(np.float64), shown)
        return frame.assign(front=front).sort_values("cost", ignore_index=True)

    def table(self) -> pd.DataFrame:
        form, frame = FORMS[self.race.request.cost], self.frame()
        return pd.DataFrame(
            {
                "Candidate": frame["candidate"],
                form.short: frame["cost"].map(form.write),
                "Validation accuracy": frame["accuracy"].map(format_share),
                "Epochs": frame["epochs"].map(str),
                "Pareto-optimal": frame["front"].map(lambda front: "yes" if front else "–"),
                "Result": frame["status"],
            }
        )

    def chart(self) -> Chart | None:
        frame = self.frame().rename(columns={"candidate": "head"})
        if frame.empty:
            return None
        frame = with_shifts(frame, [np.log10(frame["cost"]), frame["accuracy"]], 14, _PADDING, padding=_PADDING)
        form, styles = FORMS[self.race.request.cost], style_candidates(self.race.candidates)
        frame["text"] = frame["cost"].map(form.write)
        shown = frame if len(frame) <= _MAX_NAMES else frame[frame["front"] | frame["chosen"]].tail(_MAX_NAMES)
        named = {name: style for name, style in styles.items() if name in set(shown["head"])}
        x = alt.X(
            "cost:Q", title=f"{form.label}, log", scale=alt.Scale(type="log", nice=False, padding=_PADDING),
            axis=alt.Axis(format=form.tick, tickCount=5, grid=False),
        )  # fmt: skip
        y = alt.Y(
            "accuracy:Q", title="Validation accuracy", scale=scale_shares(frame["accuracy"], 0.15),
            axis=alt.Axis(format=".0%", tickCount=6, tickMinStep=0.01),
        )  # fmt: skip
        color, shape = color_styles(styles, legend=False), shape_styles(styles, legend=False)
        color["legend"], shape["legend"] = color_styles(named)["legend"], shape_styles(named)["legend"]
        color["legend"]["values"] = shape["legend"]["values"] = [*named]
        tooltip = [
            alt.Tooltip("head:N", title="Candidate"),
            alt.Tooltip("text:N", title=form.short),
            alt.Tooltip("accuracy:Q", title="Validation accuracy", format=".1%"),
            alt.Tooltip("epochs:Q", title="Epochs"),
            alt.Tooltip("status:N", title="Result"),
        ]
        base = alt.Chart(frame).encode(x=x, y=y, tooltip=tooltip)
        front = alt.Chart(frame[frame["front"]]).encode(x=x, y=y)
        step = front.mark_line(interpolate="step-after", strokeWidth=2, color=GREY, strokeDash=[6, 3])
        ring = base.transform_filter("datum.chosen").mark_point(size=480, strokeWidth=2.4, xOffset=SHIFT)
        points = base.mark_point(filled=True, size=120, opacity=1, xOffset=SHIFT).encode(
            color=alt.condition("!datum.complete", alt.value(GREY), color), shape=shape
        )
        layers = [step, ring.encode(color=color), points]
        note = f"{self._note()} {EQUAL_NOTE}" if frame["shift"].any() else self._note()
        return finish_chart(alt.layer(*layers).properties(title=write_note(note)), [*named])

    def _note(self) -> str:
        frame = self.frame()
        parts = ["Dashed: Pareto front of the complete runs."]
        if frame["chosen"].any():
            parts.append("Ring: chosen.")
        if not frame["complete"].all():
            parts.append("Gray: fewer epochs.")
        return " ".join(parts)

    def describe(self) -> str:
        form, frame = FORMS[self.race.request.cost], self.frame()
        if frame.empty:
            return "Accuracy against cost. No candidate has finished an epoch yet."
        parts = [
            f"{row['candidate']}: {form.write(row['cost'])}, {format_share(row['accuracy'])}, {row['status']}"
            for row in frame.to_dict("records")
        ]
        optimal = ", ".join(frame.loc[frame["front"], "candidate"]) or "none yet"
        return (
            f"Validation accuracy against {form.label}. {'; '.join(parts)}. Pareto-optimal: {optimal}. {self._note()}"
        )
