"""Test accuracy by hyperparameter: the mean over seeds as a line, the range across seeds as a band."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.accuracy import MEAN
from core.analysis.hyperparameter_curve import COLUMNS, compute_hyperparameter_curve, list_hyperparameters
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.display import Display, Options
from core.displays.encoding import color_labels, shape_labels, write_note
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.label import PHONE_CHARS, fit_labels
from core.displays.number import format_share, format_share_interval, write_selection_note
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts
from core.plural import format_plural
from core.setting import Setting
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet

MAX_POINTS = 2_000
_VALUE_CHARS = 16
_DASHES = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3])


@dataclass(frozen=True)
class HyperparameterCurve(Display):
    """Test accuracy by the values of one hyperparameter.

    `setting` None selects all hyperparameters that have a curve; the chart shows the first. `test_set_runs` defaults to
    the runs of the comparison.
    """

    name: ClassVar[str] = "hyperparameter_curve"
    title: ClassVar[str] = "Accuracy by hyperparameter"

    test_set_runs: RunsOnTestSet | None = None
    setting: str | None = None

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"setting": {name: SETTINGS[name].label for name in list_hyperparameters(RunsOnTestSet.of(comparison))}}

    @cached_property
    def _test_set_runs(self) -> RunsOnTestSet:
        return self.test_set_runs or RunsOnTestSet.of(self.comparison)

    @cached_property
    def _found(self) -> pd.DataFrame:
        settings = list_hyperparameters(self._test_set_runs) if self.setting is None else [self.setting]
        parts = [
            part for setting in settings if len(part := compute_hyperparameter_curve(self._test_set_runs, setting))
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS])

    def frame(self) -> pd.DataFrame:
        """Return the columns of `compute_hyperparameter_curve` for each hyperparameter in order."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        rows = self._found[self._found["seed"] == MEAN].to_dict("records")
        return pd.DataFrame(
            {
                "Variant" if any(row["rest"] for row in rows) else "Head": [
                    " · ".join(filter(None, [row["head"], row["rest"]])) for row in rows
                ],
                "Hyperparameter": [SETTINGS[row["setting"]].label for row in rows],
                "Value": [row["value"] if row["applies"] else f"any ({row['value']})" for row in rows],
                "Seeds": [_write_seeds(row) for row in rows],
                "Test accuracy": [format_share(row["test_accuracy"]) if row["seeds"] else "diverged" for row in rows],
                "Range across seeds": [
                    "single seed" if row["seeds"] == 1 else format_share_interval(row["lowest"], row["highest"])
                    for row in rows
                ],
                "95% interval across seeds": [format_share_interval(row["low"], row["high"]) for row in rows],
            },
            index=range(len(rows)),
        )

    @cached_property
    def _first(self) -> pd.DataFrame:
        return (
            self._found[self._found["setting"] == self._found["setting"].iloc[0]] if len(self._found) else self._found
        )

    def chart(self) -> Chart | None:
        frame = self._first
        if frame.empty:
            return None
        setting = SETTINGS[frame["setting"].iloc[0]]
        order = frame.drop_duplicates("order").sort_values("order")["value"].tolist()
        labels = [label for label in dict.fromkeys(self._test_set_runs.runs["label"]) if label in set(frame["head"])]
        rests = list(dict.fromkeys(frame.loc[frame["applies"].astype(bool), "rest"]))
        columns = ["value", "series", "rest", "head", "applies", "seed", "seeds", "test_accuracy", "lowest", "highest"]
        finished = frame["test_accuracy"].notna()
        means = frame.loc[(frame["seed"] == MEAN) & finished, columns]
        seeds = frame.loc[(frame["seed"] != MEAN) & finished & frame["applies"].astype(bool), columns]
        means = with_shifts(means, [means["value"], means["test_accuracy"]], 10, 24)
        seeds = with_shifts(seeds, [seeds["value"], seeds["test_accuracy"]], 8, 24)
        lost = frame.loc[(frame["seed"] == MEAN) & ~finished, [*columns, "diverged"]]
        x = alt.X(
            "value:N", sort=order, scale=alt.Scale(domain=order, padding=0.4),
            title=_name_axis(setting),
            axis=alt.Axis(labelAngle=0, grid=False, labelOverlap="greedy", **fit_labels(order, _VALUE_CHARS, lines=2)),
        )  # fmt: skip
        scale = scale_shares(frame[["lowest", "highest", "test_accuracy"]].to_numpy().ravel())
        y = alt.Y("test_accuracy:Q", title="Test accuracy", scale=scale, axis=alt.Axis(format="~%"))
        color, shape = color_labels(labels), shape_labels(labels)
        detail = alt.Detail("series:N")
        tips = [alt.Tooltip("head:N", title="Head"), alt.Tooltip("value:N", title=setting.label)]
        tips += [alt.Tooltip("rest:N", title="Configuration")] if any(rests) else []
        accuracy = alt.Tooltip("test_accuracy:Q", title="Test accuracy", format=".2%")
        line = alt.Chart(means).encode(x=x, color=color, detail=detail)
        dashes = alt.StrokeDash(
            "rest:N", scale=alt.Scale(domain=rests, range=[*_DASHES[: len(rests)]]),
            legend=alt.Legend(
                title=None, orient="bottom", columns=1, symbolType="stroke", **fit_labels(rests, PHONE_CHARS, lines=2)
            ),
        )  # fmt: skip
        applies, rest = line.transform_filter("datum.applies"), line.transform_filter("!datum.applies")
        dashed = {"strokeDash": dashes} if 1 < len(rests) <= len(_DASHES) else {}
        mean = [*tips, alt.Tooltip("seeds:Q", title="Seeds"), accuracy]
        layers = [
            applies.mark_area(opacity=0.16).encode(y=alt.Y("lowest:Q", title="Test accuracy"), y2=alt.Y2("highest:Q")),
            applies.mark_line(strokeWidth=2.2).encode(y=y, **dashed),
            *([] if means["applies"].all() else [rest.mark_line(strokeWidth=1.6, strokeDash=[2, 4]).encode(y=y)]),
            line.mark_point(filled=True, size=80, opacity=0.9, xOffset=SHIFT).encode(y=y, shape=shape, tooltip=mean),
        ]
        drawn = len(seeds) <= MAX_POINTS
        if drawn:
            points = alt.Chart(seeds).mark_point(size=34, strokeWidth=1.3, opacity=0.8, xOffset=SHIFT)
            one = [*tips, alt.Tooltip("seed:Q", title="Seed"), accuracy]
            layers.append(points.encode(x=x, y=y, color=color, shape=shape, detail=detail, tooltip=one))
        if len(lost):
            crosses = alt.Chart(lost.drop(columns=["test_accuracy", "lowest", "highest"]))
            layers.append(
                crosses.mark_text(text="✗", fontSize=16, fontWeight="bold", dy=-8).encode(
                    x=x, y=alt.value("height"), color=color, detail=detail,
                    tooltip=[*tips, alt.Tooltip("diverged:Q", title="Diverged seeds")],
                )
            )  # fmt: skip
        note = write_note(self._note(seeds_drawn=drawn))
        return alt.layer(*layers).properties(height=460 + 20 * (len(rests) if dashed else 0), title=note)

    def _note(self, *, seeds_drawn: bool) -> str:
        frame = self._first
        shown = frame.loc[(frame["seed"] != MEAN) & frame["test_accuracy"].notna(), "run_id"].nunique()
        left_out = self._test_set_runs.runs["run_id"].nunique() - shown
        parts = [
            "Line: mean over seeds. Band: range across seeds." + (" Open markers: single seeds." if seeds_drawn else "")
        ]
        if diverged := self._describe_diverged():
            parts.append(f"✗: every seed diverged. {diverged}")
        if not frame["applies"].all():
            parts.append("Dotted: heads that do not use this hyperparameter.")
        if not seeds_drawn:
            parts.append("Single seeds are not drawn, because there are too many.")
        if left_out:
            runs, verb = format_plural(left_out, "run"), "is" if left_out == 1 else "are"
            parts.append(f"{runs} without a counterpart that differs only in this hyperparameter {verb} excluded.")
        return " ".join([*parts, self._note_selection()]).strip()

    def _note_selection(self) -> str:
        points = self._first[self._first["applies"].astype(bool)].drop_duplicates(["series", "order"])
        return write_selection_note(len(points))

    def _describe_diverged(self) -> str:
        """Return how many runs of the chart diverged and at which values; "" for none."""
        frame = self._first[(self._first["seed"] == MEAN) & (self._first["diverged"] > 0)]
        if frame.empty:
            return ""
        total = int(frame["diverged"].sum())
        label = SETTINGS[frame["setting"].iloc[0]].label.lower()
        values = ", ".join(dict.fromkeys(frame["value"]))
        return f"{format_plural(total, 'run')} diverged, at {label} {values}."

    def describe(self) -> str:
        if self._found.empty:
            return "No two runs differ in only one hyperparameter."
        frame = self._first[(self._first["seed"] == MEAN) & self._first["applies"].astype(bool)]
        frame = frame[frame["seeds"] > 0]
        parts = []
        for _, rows in frame.groupby("series", sort=False):
            first, last = rows.iloc[0], rows.iloc[-1]
            name = " · ".join(filter(None, [first["head"], first["rest"]]))
            ends = f"{format_share(first['test_accuracy'])} at {first['value']}"
            parts.append(f"{name} {ends}, {format_share(last['test_accuracy'])} at {last['value']}")
        label = SETTINGS[frame["setting"].iloc[0]].label.lower()
        cover = describe_intervals(frame["seeds"], images=False)
        notes = (self._describe_diverged(), cover, self._note_selection())
        return " ".join([f"Test accuracy by {label}: {join_parts(parts)}.", *filter(None, notes)])


def _write_seeds(row: Mapping[Hashable, Any]) -> str:
    return f"{row['seeds']}" + (f" ({row['diverged']} diverged)" if row["diverged"] else "")


def _name_axis(setting: Setting) -> str:
    """Return the label with the unit, unless the label contains it."""
    repeated = setting.unit.lower() in setting.label.lower()
    return setting.label if repeated else f"{setting.label} ({setting.unit})"
