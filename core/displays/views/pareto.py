"""Test accuracy against a cost for all runs on the same test set, with the Pareto front."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.cost import CLOCKED, COSTS, compute_costs, list_costs
from core.analysis.pareto import compute_front
from core.analysis.timed import find_timed_rows
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.cost_format import COST_FORMS, describe_cost, write_cost, write_mean
from core.displays.display import Display, Options
from core.displays.encoding import GREY, color_labels, shape_labels, write_note
from core.displays.equal_points import EQUAL_NOTE, SHIFT, with_shifts
from core.displays.number import write_selection_note
from core.displays.sentence import join_parts
from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet

MAX_POINTS = 2_000
_PADDING = 24  # pixels


@dataclass(frozen=True)
class Pareto(Display):
    """Runs as small markers, means of configurations over seeds as large markers, and the Pareto front of the means.

    The front uses means, because the best of many seeds is not representative. `test_set_runs` defaults to the runs of
    the comparison. `link` is the URL prefix for run IDs.
    """

    name: ClassVar[str] = "pareto"
    title: ClassVar[str] = "Accuracy against cost (Pareto front)"

    test_set_runs: RunsOnTestSet | None = None
    cost: str = "params"
    log: bool = True
    link: str = ""

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"cost": {cost: COST_FORMS[cost].short for cost in COSTS}}

    @cached_property
    def _test_set_runs(self) -> RunsOnTestSet:
        return self.test_set_runs or RunsOnTestSet.of(self.comparison)

    @cached_property
    def _configurations(self) -> pd.DataFrame:
        frame = compute_costs(self._test_set_runs)
        front = compute_front(frame[self.cost].to_numpy(), frame["test_accuracy"].to_numpy())
        return frame.assign(value=frame[self.cost], front=front)

    @property
    def measured(self) -> bool:
        """Return whether this cost was measured for any run."""
        return bool(self._configurations["value"].notna().any())

    def frame(self) -> pd.DataFrame:
        """Return one row per run.

        Columns: run_id, name (of the configuration), head (label), seed, cost (name), value (NaN if not measured),
        test_accuracy, mean_value and mean_test_accuracy (of the configuration), front (whether the configuration is
        Pareto-optimal), chosen (whether the run is in the comparison).
        """
        runs = list_costs(self._test_set_runs)
        means = self._configurations.set_index("configuration")[["value", "test_accuracy", "front"]]
        joined = runs.join(means.add_prefix("mean_"), on="configuration")
        chosen = runs["run_id"].isin([run.run_id for run in self.comparison.runs])
        frame = joined.assign(head=runs["label"], cost=self.cost, value=runs[self.cost], chosen=chosen)
        frame = frame.rename(columns={"mean_front": "front"})
        columns = ["run_id", "name", "head", "seed", "cost", "value", "test_accuracy"]
        return frame[[*columns, "mean_value", "mean_test_accuracy", "front", "chosen"]]

    def table(self) -> pd.DataFrame:
        """Return one row per configuration: Pareto-optimal ones first, by increasing cost."""
        frame = self._configurations.sort_values(["front", "value", "configuration"], ascending=[False, True, True])
        rows = frame.to_dict("records")
        return pd.DataFrame(
            {
                "Configuration": frame["name"],
                "Seeds": frame["seeds"].map(str),
                "Test accuracy": [write_mean(row) for row in rows],
                COST_FORMS[self.cost].short: [write_cost(self.cost, row["value"]) for row in rows],
                "Pareto-optimal": ["yes" if row["front"] else "–" for row in rows],
            }
        )

    def chart(self) -> Chart | None:
        runs, means = self.frame().dropna(subset=["value"]), self._configurations.dropna(subset=["value"])
        if runs.empty:
            return None
        form = COST_FORMS[self.cost]
        log = self.log and bool((runs["value"] > 0).all())
        x = alt.X(
            "value:Q", title=f"{form.label}{', log' if log else ''}",
            scale=alt.Scale(nice=False, padding=_PADDING, **({"type": "log"} if log else {"zero": False})),
            axis=alt.Axis(format=form.tick, tickCount=5, grid=False),
        )  # fmt: skip
        y = alt.Y(
            "test_accuracy:Q", title="Test accuracy", scale=scale_shares(runs["test_accuracy"]),
            axis=alt.Axis(format=".1%"),
        )  # fmt: skip
        labels = list(dict.fromkeys(self._test_set_runs.runs["label"]))
        drawn = self._thin(runs).sort_values("chosen").assign(text=lambda rows: self._write(rows["value"]))
        drawn["url"] = [f"{self.link}{run_id}" for run_id in drawn["run_id"]]
        means = means.rename(columns={"head": "key"}).rename(columns={"label": "head"})
        means = means[["name", "head", "seeds", "value", "test_accuracy", "front"]].assign(
            text=self._write(means["value"]), accuracy=[write_mean(row) for row in means.to_dict("records")]
        )
        drawn, means = (
            with_shifts(
                rows, [np.log10(rows["value"]) if log else rows["value"], rows["test_accuracy"]], pixels, _PADDING,
                padding=_PADDING,
            )
            for rows, pixels in ((drawn, 9), (means, 15))
        )  # fmt: skip
        equal = bool(drawn["shift"].any() or means["shift"].any())
        front = means[means["front"]].sort_values(["value", "test_accuracy"])
        color, shape = color_labels(labels), shape_labels(labels)
        tips = [alt.Tooltip("name:N", title="Configuration"), alt.Tooltip("text:N", title=form.short)]
        columns = ["name", "head", "seed", "run_id", "value", "test_accuracy", "text", "chosen", "url", "shift"]
        points = alt.Chart(drawn[columns]).mark_point(
            size=42, strokeWidth=1.4, cursor="pointer" if self.link else "default", xOffset=SHIFT
        )
        points = points.encode(
            x=x, y=y, color=color, shape=shape,
            fill=alt.condition("datum.chosen", color, alt.value("transparent")),
            tooltip=[*tips, alt.Tooltip("seed:Q", title="Seed"), alt.Tooltip("run_id:N", title="Run"),
                     alt.Tooltip("test_accuracy:Q", title="Test accuracy", format=".2%")],
            **({"href": "url:N"} if self.link else {}),
        )  # fmt: skip
        step = alt.Chart(front).mark_line(interpolate="step-after", strokeWidth=2, color=GREY, strokeDash=[6, 3])
        ring = alt.Chart(front).mark_point(size=420, strokeWidth=1.8, color=GREY, opacity=0.9, xOffset=SHIFT)
        details = [*tips, alt.Tooltip("seeds:Q", title="Seeds"), alt.Tooltip("accuracy:N", title="Test accuracy")]
        large = alt.Chart(means).mark_point(size=150, filled=True, opacity=0.45, xOffset=SHIFT)
        layers = [
            step.encode(x=x, y=y),
            ring.encode(x=x, y=y, tooltip=details),
            large.encode(x=x, y=y, color=color, shape=shape, tooltip=details),
            points,
        ]
        return alt.layer(*layers).properties(height=480, title=write_note(self._note(len(drawn), equal=equal)))

    def _write(self, values: pd.Series) -> list[str]:
        return [write_cost(self.cost, value) for value in values]

    def _thin(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Limit the number of runs; runs of the comparison and of the Pareto front have priority."""
        first = runs.assign(rest=~(runs["chosen"] | runs["front"])).sort_values("rest", kind="stable")
        return first.drop(columns="rest").head(MAX_POINTS)

    def _note(self, drawn: int, *, equal: bool) -> str:
        known = int(list_costs(self._test_set_runs)[self.cost].notna().sum())
        missing = len(self._test_set_runs.runs) - known
        parts = ["Small markers: runs (filled: in this comparison). Large markers: means over seeds."]
        parts += ["Dashed line and rings: Pareto front."]
        if equal:
            parts.append(EQUAL_NOTE)
        if drawn < known:
            parts.append(f"{drawn:,} of {known:,} runs are drawn; means include all runs.")
        if missing:
            parts.append(
                f"{format_plural(missing, 'run')} without this metric {'is' if missing == 1 else 'are'} excluded."
            )
        if self.cost in CLOCKED:
            parts.append(find_timed_rows(self._test_set_runs.runs).note)
        return " ".join([*parts, write_selection_note(len(self._configurations))]).strip()

    def describe(self) -> str:
        form = COST_FORMS[self.cost]
        known = self._configurations.dropna(subset=["value"])
        text = f"Test accuracy against {form.label} of {format_plural(len(self._test_set_runs.runs), 'run')} in "
        text += f"{format_plural(len(self._configurations), 'configuration')}, all on the same test set"
        front = known[known["front"]].sort_values(["value", "configuration"])
        if front.empty:
            return f"{text}: this metric was not measured."
        named = [f"{row['name']} ({describe_cost(self.cost, row['value'])}, {write_mean(row)})"
                 for row in front.to_dict("records")]  # fmt: skip
        note = write_selection_note(len(self._configurations))
        return f"{text}. Pareto-optimal, by increasing cost: {join_parts(named)}. {note}".rstrip()
