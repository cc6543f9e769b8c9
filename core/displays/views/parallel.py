"""Parallel coordinates: one line per run over all hyperparameters that differ, and its test accuracy."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import numpy as np
import pandas as pd
from altair.vegalite.v6.schema.core import FieldName

from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import GREY, color_labels, shape_labels, write_note
from core.displays.label import shorten
from core.displays.number import format_count, format_share, format_short, write_selection_note
from core.plural import format_plural
from core.spec import HEADS, SETTINGS
from core.store.comparison import to_plain
from core.store.elsewhere import Part
from core.store.same_test_set import RunsOnTestSet
from core.store.setting_text import describe_value

MAX_LINES = 1_000
_MAX_TICKS = 8
_AXIS_PIXELS = 90
_TICK_CHARS = 15
_UNUSED = ("unused",)  # not equal to any value; the last position of an axis
_MEASURED = {"params": "Parameters", "test_accuracy": "Test accuracy"}


@dataclass(frozen=True)
class Parallel(Display):
    """One axis per hyperparameter that differs, then parameters (log) and test accuracy.

    Values of a hyperparameter are equally spaced; "–" is for heads that do not use it. `test_set_runs` defaults to the
    runs of the comparison. A page can read the selection `brush`; `select` returns its runs.
    """

    name: ClassVar[str] = "parallel"
    title: ClassVar[str] = "Parallel coordinates"

    needs: ClassVar[tuple[Part, ...]] = ("settings",)

    test_set_runs: RunsOnTestSet | None = None

    @cached_property
    def _test_set_runs(self) -> RunsOnTestSet:
        return (self.test_set_runs or RunsOnTestSet.of(self.comparison)).without_elsewhere()

    @cached_property
    def axes(self) -> list[str]:
        runs = self._test_set_runs.runs
        return [*(["head"] if runs["head"].nunique() > 1 else []), *self._test_set_runs.settings, *_MEASURED]

    def frame(self) -> pd.DataFrame:
        """Return one row per run: run_id, head (label), seed, hyperparameters that differ, params, test_accuracy."""
        runs = self._test_set_runs.runs
        frame = runs[["run_id", "label", "seed", *self._test_set_runs.settings, *_MEASURED]].rename(
            columns={"label": "head"}
        )
        return frame.reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        return self.tabulate(self._test_set_runs.runs["run_id"])

    def tabulate(self, run_ids: Sequence[str] | pd.Series) -> pd.DataFrame:
        """Return a table of the given runs, formatted for display, most accurate first."""
        frame = self.frame()
        frame = frame[frame["run_id"].isin(run_ids)].sort_values("test_accuracy", ascending=False, kind="stable")
        settings = {
            SETTINGS[name].label: [
                _write_value(name, to_plain(value) if used else _UNUSED)
                for value, used in zip(frame[name], self._test_set_runs.uses(name)[frame.index], strict=True)
            ]
            for name in self._test_set_runs.settings
        }
        return pd.DataFrame(
            {
                "Head": frame["head"],
                **settings,
                "Seed": frame["seed"].map(str),
                "Parameters": frame["params"].map(format_count),
                "Test accuracy": frame["test_accuracy"].map(format_share),
                "Run": frame["run_id"],
            }
        )

    @cached_property
    def _scales(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the position of each run on each axis, from 0 (bottom) to 1, and the ticks: axis, position, text."""
        runs = self._test_set_runs.runs
        positions, ticks = {}, []
        for axis in self.axes:
            if axis in _MEASURED:
                values = runs[axis].to_numpy(dtype=np.float64)
                scaled = _normalize(np.log10(np.maximum(values, 1.0)) if axis == "params" else values)
                write = format_short if axis == "params" else format_share
                ends = {int(np.argmin(values)), int(np.argmax(values))}
                ticks += [(axis, float(scaled[end]), write(float(values[end]))) for end in sorted(ends)]
                positions[axis] = scaled
                continue
            used = runs["head"].notna() if axis == "head" else self._test_set_runs.uses(axis)
            plain = [to_plain(value) if uses else _UNUSED for value, uses in zip(runs[axis], used, strict=True)]
            order = sorted({*plain} - {None, _UNUSED}) + [last for last in (None, _UNUSED) if last in plain]
            if axis == "head":
                order = [name for name in HEADS if name in order]
            at = {value: i / (len(order) - 1) for i, value in enumerate(order)}
            positions[axis] = np.array([at[value] for value in plain])
            stride = -(-(len(order) - 1) // (_MAX_TICKS - 1)) or 1
            texts = [_write_value(axis, value) for value in order]
            ticks += [
                (axis, at[value], shorten(text, _TICK_CHARS))
                for value, text in [*zip(order, texts, strict=True)][::stride]
            ]
        frame = pd.DataFrame(positions).assign(run_id=runs["run_id"].to_numpy())
        return frame, pd.DataFrame(ticks, columns=["axis", "position", "text"])

    def select(self, brush: Mapping[str, Any]) -> list[str]:
        """Return the IDs of the runs that cross an axis within the rectangle; empty for an empty rectangle.

        Args:
            brush: `axis`, the axes in the rectangle, and `position`, its lower and upper end.
        """
        axes = [axis for axis in brush.get("axis", []) if axis in self.axes]
        ends = [float(end) for end in brush.get("position", [])]
        if not axes or not ends:
            return []
        frame = self._scales[0]
        inside = ((frame[axes] >= min(ends) - 1e-9) & (frame[axes] <= max(ends) + 1e-9)).any(axis=1)
        return frame.loc[inside, "run_id"].tolist()

    def chart(self) -> Chart | None:
        runs = self._test_set_runs.runs
        if runs.empty:
            return None
        positions, ticks = self._scales
        lines = positions.rename(columns={axis: f"at_{axis}" for axis in self.axes})
        lines = lines.assign(
            head=runs["label"].to_numpy(), name=runs["name"].to_numpy(), seed=runs["seed"].to_numpy(),
            accuracy=runs["test_accuracy"].to_numpy(),
        )  # fmt: skip
        newest = runs["finished_at"].astype(str).to_numpy().argsort(kind="stable")[::-1][:MAX_LINES]
        drawn = lines.iloc[np.sort(newest)]
        words = {f"at_{axis}": _MEASURED.get(axis) or SETTINGS[axis].label for axis in self.axes}
        fields: list[str | FieldName] = [*words]
        names = json.dumps({field[3:]: word for field, word in words.items()})
        labels = list(dict.fromkeys(runs["label"]))
        narrow = f"width < {_AXIS_PIXELS * len(self.axes)}"  # such as on a phone
        x = alt.X(
            "axis:N", sort=self.axes, title=None,
            scale=alt.Scale(type="band", domain=self.axes, paddingInner=0.5, paddingOuter=0.35),
            axis=alt.Axis(
                orient="top", labelExpr=f"{names}[datum.value]", labelLimit=110, labelOverlap=False, labelPadding=20,
                labelFontWeight="bold", domain=False, ticks=False, labelAngle=alt.expr(f"{narrow} ? -55 : 0"),
                labelAlign=alt.expr(f"{narrow} ? 'left' : 'center'"),
                labelBaseline=alt.expr(f"{narrow} ? 'middle' : 'bottom'"),
            ),
        )  # fmt: skip
        y = alt.Y("position:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
        color = color_labels(labels)
        brush = alt.selection_interval(name="brush", encodings=["x", "y"])
        folded = alt.Chart(drawn).transform_fold(fields, as_=["field", "position"])
        folded = folded.transform_calculate(axis="substring(datum.field, 3)")
        crossings = folded.mark_point(filled=True, size=34, opacity=0.55).encode(
            x=x, y=y, color=color, shape=shape_labels(labels),
            tooltip=[
                alt.Tooltip("name:N", title="Configuration"), alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("accuracy:Q", title="Test accuracy", format=".2%"), alt.Tooltip("run_id:N", title="Run"),
            ],
        )  # fmt: skip
        behind = folded.mark_line(strokeWidth=1, opacity=0.18, color=GREY).encode(
            x=x, y=y, detail=alt.Detail("run_id:N")
        )
        # the complete lines of the runs that cross an axis within the brush
        selected = folded.transform_filter(brush).transform_fold(fields, as_=["field", "position"])
        selected = selected.transform_calculate(axis="substring(datum.field, 3)")
        front = selected.mark_line(strokeWidth=1.4, opacity=0.55).encode(
            x=x, y=y, color=color, detail=alt.Detail("run_id:N")
        )
        rules = alt.Chart(pd.DataFrame({"axis": self.axes})).mark_rule(color=GREY, opacity=0.7).encode(x=x)
        values = alt.Chart(ticks).mark_text(align="right", dx=-6, dy=-7, fontSize=11, color=GREY, limit=90)
        layers = [rules, behind, front, crossings.add_params(brush), values.encode(x=x, y=y, text=alt.Text("text:N"))]
        note = write_note(self._note(len(drawn)))
        return alt.layer(*layers).properties(height=420, title=note)

    def _note(self, drawn: int) -> str:
        count = len(self._test_set_runs.runs)
        parts = ["One line per run. Drag a rectangle over an axis to select runs."]
        if drawn < count:
            parts.append(f"The newest {drawn:,} of {count:,} runs are drawn; the selection includes all runs.")
        parts.append(write_selection_note(count, "run"))
        return " ".join(parts).strip()

    def describe(self) -> str:
        runs = self._test_set_runs.runs
        if runs.empty:
            return "No runs with hyperparameters of Headroom."
        best = runs.iloc[int(runs["test_accuracy"].to_numpy().argmax())]
        settings = ", ".join((_MEASURED.get(axis) or SETTINGS[axis].label).lower() for axis in self.axes)
        text = (
            f"{format_plural(len(runs), 'run')} by {settings}. The most accurate run is {best['name']}, "
            f"seed {best['seed']}, with {format_share(best['test_accuracy'])}."
        )
        return f"{text} {write_selection_note(len(runs), 'run')}".rstrip()


def _write_value(axis: str, value: Any) -> str:
    return "–" if value == _UNUSED else describe_value(axis, value)


def _normalize(values: np.ndarray) -> np.ndarray:
    """Scale values to 0 to 1; equal values to 0.5."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
