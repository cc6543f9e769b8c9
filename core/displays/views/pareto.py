"""Accuracy against a cost, over all runs on the same images, with the front that nothing beats."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.cost import CLOCKED, COSTS, compute_costs, count_processors, list_costs
from core.analysis.pareto import compute_front
from core.displays.cost_format import COST_FORMS, write_cost, write_mean
from core.displays.display import Chart, Display, Options
from core.displays.encoding import GREY, color_labels, shape_labels, write_note
from core.displays.number import format_plural
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet

MOST_POINTS = 2_000


@dataclass(frozen=True)
class Pareto(Display):
    """A small mark is a run, a large one the mean of a setting over its seeds; the front goes through means, since the
    luckiest of many seeds proves nothing. `peers` are the runs of the comparison unless others are given; `link` and
    the id of a run open it."""

    name: ClassVar[str] = "pareto"
    title: ClassVar[str] = "Accuracy against cost"

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
    def _settings(self) -> pd.DataFrame:
        frame = compute_costs(self._test_set_runs)
        front = compute_front(frame[self.cost].to_numpy(), frame["test_accuracy"].to_numpy())
        return frame.assign(value=frame[self.cost], front=front)

    @property
    def measured(self) -> bool:
        """Whether any of the runs has a figure of this cost."""
        return bool(self._settings["value"].notna().any())

    def frame(self) -> pd.DataFrame:
        """One row a run: run_id, name (of its setting), head (the label), seed, cost (its name), value, test_accuracy,
        mean_value and mean_test_accuracy of the setting, front (whether the setting is on it), chosen (whether the
        comparison holds the run). NaN for a cost that the record does not hold."""
        runs = list_costs(self._test_set_runs)
        means = self._settings.set_index("configuration")[["value", "test_accuracy", "front"]]
        joined = runs.join(means.add_prefix("mean_"), on="configuration")
        chosen = runs["run_id"].isin([run.run_id for run in self.comparison.runs])
        frame = joined.assign(head=runs["label"], cost=self.cost, value=runs[self.cost], chosen=chosen)
        frame = frame.rename(columns={"mean_front": "front"})
        columns = ["run_id", "name", "head", "seed", "cost", "value", "test_accuracy"]
        return frame[[*columns, "mean_value", "mean_test_accuracy", "front", "chosen"]]

    def table(self) -> pd.DataFrame:
        """A row a setting, the front first, from cheap to dear."""
        frame = self._settings.sort_values(["front", "value", "configuration"], ascending=[False, True, True])
        rows = frame.to_dict("records")
        return pd.DataFrame(
            {
                "Setting": frame["name"],
                "Seeds": frame["seeds"].map(str),
                "Test accuracy": [write_mean(row) for row in rows],
                COST_FORMS[self.cost].short: [write_cost(self.cost, row["value"]) for row in rows],
                "On the front": ["yes" if row["front"] else "–" for row in rows],
            }
        )

    def chart(self) -> Chart | None:
        runs, means = self.frame().dropna(subset=["value"]), self._settings.dropna(subset=["value"])
        if runs.empty:
            return None
        form = COST_FORMS[self.cost]
        log = self.log and bool((runs["value"] > 0).all())
        x = alt.X(
            "value:Q", title=f"{form.label}{', log' if log else ''}",
            scale=alt.Scale(nice=False, padding=24, **({"type": "log"} if log else {"zero": False})),
            axis=alt.Axis(format=form.tick, tickCount=5, grid=False),
        )  # fmt: skip
        y = alt.Y(
            "test_accuracy:Q", title="Test accuracy", scale=alt.Scale(zero=False, padding=16),
            axis=alt.Axis(format=".1%", labelExpr="datum.value > 1.000001 ? '' : datum.label"),
        )  # fmt: skip
        labels = list(dict.fromkeys(self._test_set_runs.runs["label"]))
        drawn = self._thin(runs).sort_values("chosen").assign(said=lambda rows: self._say(rows["value"]))
        drawn["url"] = [f"{self.link}{run_id}" for run_id in drawn["run_id"]]
        means = means.rename(columns={"head": "key"}).rename(columns={"label": "head"})
        means = means[["name", "head", "seeds", "value", "test_accuracy", "front"]].assign(
            said=self._say(means["value"]), spoken=[write_mean(row) for row in means.to_dict("records")]
        )
        front = means[means["front"]].sort_values(["value", "test_accuracy"])
        color, shape = color_labels(labels), shape_labels(labels)
        tips = [alt.Tooltip("name:N", title="Setting"), alt.Tooltip("said:N", title=form.short)]
        points = alt.Chart(drawn[["name", "head", "seed", "run_id", "value", "test_accuracy", "said", "chosen", "url"]])
        points = points.mark_point(size=42, strokeWidth=1.4, cursor="pointer" if self.link else "default").encode(
            x=x, y=y, color=color, shape=shape,
            fill=alt.condition("datum.chosen", color, alt.value("transparent")),
            tooltip=[*tips, alt.Tooltip("seed:Q", title="Seed"), alt.Tooltip("run_id:N", title="Run"),
                     alt.Tooltip("test_accuracy:Q", title="Test accuracy", format=".2%")],
            **({"href": "url:N"} if self.link else {}),
        )  # fmt: skip
        step = alt.Chart(front).mark_line(interpolate="step-after", strokeWidth=2, color=GREY, strokeDash=[6, 3])
        ring = alt.Chart(front).mark_point(size=420, strokeWidth=1.8, color=GREY, opacity=0.9)
        said = [*tips, alt.Tooltip("seeds:Q", title="Seeds"), alt.Tooltip("spoken:N", title="Test accuracy")]
        large = alt.Chart(means).mark_point(size=150, filled=True, opacity=0.45)
        layers = [
            step.encode(x=x, y=y),
            ring.encode(x=x, y=y, tooltip=said),
            large.encode(x=x, y=y, color=color, shape=shape, tooltip=said),
            points,
        ]
        return alt.layer(*layers).properties(height=480, title=write_note(self._note(len(drawn))))

    def _say(self, values: pd.Series) -> list[str]:
        return [write_cost(self.cost, value) for value in values]

    def _thin(self, runs: pd.DataFrame) -> pd.DataFrame:
        """Those of the comparison and of the front before the others."""
        first = runs.assign(rest=~(runs["chosen"] | runs["front"])).sort_values("rest", kind="stable")
        return first.drop(columns="rest").head(MOST_POINTS)

    def _note(self, drawn: int) -> str:
        known = int(list_costs(self._test_set_runs)[self.cost].notna().sum())
        lacking = len(self._test_set_runs.runs) - known
        parts = ["Small marks are runs, full ones of this comparison; large ones are means over seeds."]
        parts += ["The dashed line and the rings are the front: nothing is both cheaper and better."]
        if drawn < known:
            parts.append(f"{drawn:,} of {known:,} runs are drawn; the means are of all.")
        if lacking:
            parts.append(
                f"{format_plural(lacking, 'run')} without this figure {'is' if lacking == 1 else 'are'} left out."
            )
        kinds = count_processors(self._test_set_runs)
        if self.cost in CLOCKED and kinds > 1:
            parts.append(f"Times are of {kinds} kinds of processors and compare only within one.")
        return " ".join(parts)

    def describe(self) -> str:
        form = COST_FORMS[self.cost]
        known = self._settings.dropna(subset=["value"])
        text = f"Test accuracy against {form.label} of {format_plural(len(self._test_set_runs.runs), 'run')} in "
        text += f"{format_plural(len(self._settings), 'setting')}, all tested on the same images"
        front = known[known["front"]].sort_values(["value", "configuration"])
        if front.empty:
            return f"{text}: none has this figure."
        named = [f"{row['name']} ({write_cost(self.cost, row['value'])}, {write_mean(row)})"
                 for row in front.to_dict("records")]  # fmt: skip
        return f"{text}. On the front, from cheap to dear: {'; '.join(named)}."
