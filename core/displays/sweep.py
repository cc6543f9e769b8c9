"""Table, summary and chart of a sweep: planned, running and completed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.analysis.seed_mean import SeedMean
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.encoding import color_styles, shape_styles
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.label import fit_labels
from core.displays.number import format_accuracy, format_count, format_seconds
from core.displays.palette import assign_styles
from core.displays.progress import FINISHING, describe_progress, describe_time_left
from core.jobs.estimate import TimeEstimate
from core.jobs.sweep_plan import SweepPlan, SweepRun
from core.jobs.sweep_status import SweepRunState, SweepRunStatus, SweepStatus
from core.jobs.sweep_store import Sweep
from core.plural import format_plural
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.setting_text import describe_setting, describe_value

_HEIGHT_PIXELS = 320
_VALUE_CHARS = 16
_MAX_NAMED = 4  # values in the name of a sweep
_STATES: tuple[SweepRunState, ...] = ("finished", "running", "queued", "failed", "cancelled", "not started")


def list_columns(specs: Sequence[RunSpec], settings: Sequence[str]) -> list[str]:
    """Return the hyperparameters of the sweep that differ between its runs."""
    return [name for name in settings if len({getattr(spec, name) for spec in specs}) > 1]


def _name_cells(spec: RunSpec, columns: Sequence[str]) -> dict[str, str]:
    values = {SETTINGS[name].label: _write_value(spec, name) for name in columns}
    return {"Head": HEADS[spec.head].label, **values, "Seed": str(spec.seed)}


def _write_value(spec: RunSpec, name: str) -> str:
    return describe_value(name, getattr(spec, name)) if spec.uses(name) else "–"


def name_sweep_run(spec: RunSpec, sweep: Sweep) -> str:
    """Return "GAP · 2 blocks · seed 0": head, the hyperparameters that differ, and seed."""
    settings = [describe_setting(name, getattr(spec, name)) for name in list_columns(sweep.specs, sweep.settings)]
    return " · ".join([HEADS[spec.head].label, *settings, f"seed {spec.seed}"])


def name_sweep(sweep: Sweep) -> str:
    """Return "digits-heads: GAP, Flatten; blocks 1, 2, 3; 2 seeds"; of many values, the first and the last."""
    specs = sweep.specs
    parts = [", ".join(dict.fromkeys(HEADS[spec.head].label for spec in specs))]
    for name in list_columns(specs, sweep.settings):
        values = sort_values({getattr(spec, name) for spec in specs if spec.uses(name)})
        texts = [describe_value(name, value) for value in values]
        if len(texts) > _MAX_NAMED:
            texts = [f"{texts[0]} to {texts[-1]} ({len(texts)} values)"]
        parts.append(f"{SETTINGS[name].label.lower()} {', '.join(texts)}")
    return f"{sweep.recipe}: {'; '.join([*parts, format_plural(len({spec.seed for spec in specs}), 'seed')])}"


def format_time(estimate: TimeEstimate) -> str:
    """Return "3 min 20 s (2 min 10 s to 5 min)"."""
    low, high = format_seconds(estimate.low), format_seconds(estimate.high)
    return f"{format_seconds(estimate.seconds)} ({low} to {high})"


def build_plan_table(plan: SweepPlan, settings: Sequence[str], budget_minutes: int | None = None) -> pd.DataFrame:
    """Build the table of a plan: one row per run with its configuration, status, parameters and estimated time."""
    columns = list_columns([run.spec for run in plan.members], settings)
    return pd.DataFrame(
        {
            **_name_cells(run.spec, columns),
            "Status": _write_state(run, budget_minutes),
            "Parameters": format_count(run.model.params) if run.model else "–",
            "Estimated time": format_time(run.estimate) if run.estimate else "–",
        }
        for run in plan.members
    )


def _write_state(run: SweepRun, budget_minutes: int | None) -> str:
    if budget_minutes and run.state == "to train" and (run.starts_in or 0) > 60 * budget_minutes:
        return "to train, if the time budget allows"
    return run.state


def describe_plan(plan: SweepPlan, budget_minutes: int | None = None) -> str:
    """Return "18 runs: 12 to train, 6 cached." with the number of invalid runs and of runs beyond the time budget."""
    counts = [(len(plan.of(state)), state) for state in ("to train", "in progress", "cached")]
    text = ", ".join(f"{count:,} {state}" for count, state in counts if count)
    invalid = len(plan.of("invalid"))
    text = f"{format_plural(len(plan.members), 'run')}: {text}" + (f", {invalid:,} invalid" if invalid else "")
    late = plan.count_late(budget_minutes) if budget_minutes else 0
    if late and budget_minutes:
        text += f". {late:,} will probably not start within {budget_minutes:,} min"
    return f"{text}."


def list_problems(plan: SweepPlan) -> list[str]:
    """Return the distinct reasons why runs are invalid."""
    return list(dict.fromkeys(run.problem for run in plan.of("invalid")))


def describe_estimate(plan: SweepPlan) -> str:
    """Describe the estimated training time, its range and the runs that it is based on."""
    found = plan.estimate
    if found is None:
        return "No time estimate: no run has finished yet."
    queued = f", including {format_plural(plan.ahead, 'job')} ahead in the queue" if plan.ahead else ""
    upper = " at most" if any(run.spec.patience for run in plan.of("to train")) else ""
    where = " on other machines" if found.elsewhere else ""
    return (
        f"About {format_seconds(found.seconds)}{upper} ({format_seconds(found.low)} to "
        f"{format_seconds(found.high)}){queued}. Estimated from {format_plural(found.runs, 'finished run')}{where}."
    )


def build_status_table(status: SweepStatus, settings: Sequence[str]) -> pd.DataFrame:
    """Build the table of a sweep: one row per run with its status and results."""
    columns = list_columns([run.spec for run in status.members], settings)
    return pd.DataFrame(
        {
            **_name_cells(run.spec, columns),
            "Status": _write_status(run),
            "Validation accuracy": _write_share(run.accuracy if run.state == "finished" else None),
            "Test accuracy": _write_share(run.test_accuracy),
            "Parameters": "–" if run.params is None else format_count(run.params),
            "Epochs": _write_epochs(run),
            "Time": "–" if run.seconds is None else format_seconds(run.seconds),
        }
        for run in status.members
    )


def _write_share(value: float | None) -> str:
    return "–" if value is None else format_accuracy(SeedMean(value, None, 1))


def _write_epochs(run: SweepRunStatus) -> str:
    planned = run.spec.epochs
    return str(planned) if run.epochs in (None, planned) else f"{run.epochs} of {planned}"


def _write_status(run: SweepRunStatus) -> str:
    return describe_progress("running", run.progress)[1] if run.state == "running" else run.state


def list_reasons(status: SweepStatus) -> list[str]:
    """Return the distinct reasons why runs failed or were not started, with the number of runs."""
    counts = Counter((run.state, run.reason) for run in status.members if run.reason)
    return [f"{count} {state}: {reason}" for (state, reason), count in counts.items()]


def compute_share(status: SweepStatus) -> float:
    """Return the progress of the sweep as a fraction. Failed and not started runs count as done."""
    shares = [
        describe_progress("running", run.progress)[0] if run.state == "running" else float(run.state != "queued")
        for run in status.members
    ]
    return sum(shares) / len(shares)


def describe_status(status: SweepStatus) -> str:
    """Return "7 of 18 finished · 2 running · 9 queued · about 4 min 10 s left"."""
    counts = status.counts
    parts = [f"{counts['finished']:,} of {len(status.members):,} finished"]
    parts += [f"{counts[state]:,} {state}" for state in _STATES[1:] if counts[state]]
    if status.left and not status.ended:
        left = describe_time_left(status.left.seconds)
        parts.append(left if left == FINISHING else f"about {left}")
    return " · ".join(parts)


def build_sweep_chart(status: SweepStatus, settings: Sequence[str], setting: str | None) -> Chart:
    """Build the chart of validation accuracy by a hyperparameter, with one line per head through the means over seeds.

    The axes cover the whole sweep from the start. Running jobs have open markers. The chart shows validation accuracy,
    because selecting hyperparameters on the test set would bias the test accuracy.

    Args:
        setting: one of `settings`, the hyperparameters of the sweep; None for the heads.
    """
    others = [name for name in list_columns([m.spec for m in status.members], settings) if name != setting]
    values = {getattr(m.spec, setting) for m in status.members if m.spec.uses(setting)} if setting else set()
    order = [describe_value(setting, value) for value in sort_values(values)] if setting else []
    rows = [row for run in status.members for row in _list_chart_rows(run, setting, order, others)]
    frame = pd.DataFrame(rows, columns=["kind", "x", "rest", "seed", "accuracy", "state", "params", "done"])
    frame["head"] = frame["kind"] + (" · " + frame["rest"] if others else "")
    order = order or list(dict.fromkeys(frame["x"]))
    orders = {HEADS[run.spec.head].label: HEADS[run.spec.head].order for run in status.members}
    variants = frame.drop_duplicates("head").assign(order=lambda rows: rows["kind"].map(orders))
    variants = variants.sort_values("order", kind="stable")
    styles = assign_styles([*zip(variants["head"], variants["order"], strict=True)])
    color = color_styles(styles)
    x = alt.X(
        "x:N", title=SETTINGS[setting].label if setting else "Head", sort=order, scale=alt.Scale(domain=order),
        axis=alt.Axis(labelAngle=0, grid=False, **fit_labels(order, _VALUE_CHARS, lines=2)),
    )  # fmt: skip
    y = alt.Y(
        "accuracy:Q",
        title="Validation accuracy",
        scale=scale_shares(frame["accuracy"]),
        axis=alt.Axis(format="~%"),
    )
    shown = frame[frame["accuracy"].notna()]
    shown = with_shifts(shown, [shown["x"], shown["accuracy"]], 11, 33)
    tips = [
        alt.Tooltip("kind:N", title="Head"), alt.Tooltip("x:N", title=SETTINGS[setting].label if setting else "Head"),
        *([alt.Tooltip("rest:N", title="Configuration")] if others else []), alt.Tooltip("seed:N", title="Seed"),
        alt.Tooltip("accuracy:Q", title="Validation accuracy", format=".1%"),
        alt.Tooltip("params:Q", title="Parameters", format=","), alt.Tooltip("state:N", title="Status"),
    ]  # fmt: skip
    points = alt.Chart(shown).mark_point(size=75, strokeWidth=2, xOffset=SHIFT).encode(
        x=x, y=y, color=color, tooltip=tips,
        fill=alt.condition("datum.done", color, alt.value("transparent")),
        fillOpacity=alt.value(0.75),
        shape=shape_styles(styles),
    )  # fmt: skip
    finished = shown[shown["done"]]
    lines = (
        alt.Chart(finished.groupby(["head", "x"], as_index=False)["accuracy"].mean())
        .mark_line(strokeWidth=2.2, opacity=0.65)
        .encode(x=x, y=y, color=color)
    )
    return alt.layer(*([lines] if setting and len(finished) else []), points).properties(height=_HEIGHT_PIXELS)


def sort_values(values: Iterable[Any]) -> list[Any]:
    """Sort values; None comes last."""
    return sorted(values, key=lambda value: (value is None, 0 if value is None else value))


def _list_chart_rows(
    run: SweepRunStatus, setting: str | None, order: Sequence[str], others: Sequence[str]
) -> list[tuple[object, ...]]:
    """Return one row, or one per value of a hyperparameter that the run does not use."""
    spec = run.spec
    head = HEADS[spec.head].label
    values = (
        [head]
        if setting is None
        else [describe_value(setting, getattr(spec, setting))]
        if spec.uses(setting)
        else order
    )
    rest = ", ".join(f"{SETTINGS[name].label.lower()} {_write_value(spec, name)}" for name in others)
    done = run.state == "finished"
    return [(head, x, rest, spec.seed, run.accuracy, run.state, run.params, done) for x in values]


def describe_sweep_chart(status: SweepStatus, setting: str | None) -> str:
    """Describe the chart as alt text."""
    finished = [run for run in status.members if run.state == "finished" and run.accuracy is not None]
    by = SETTINGS[setting].label.lower() if setting else "head"
    if not finished:
        return f"Validation accuracy by {by}: no run has finished yet."
    best = max(finished, key=lambda run: run.accuracy or 0.0)
    return (
        f"Validation accuracy by {by}. The highest is {_write_share(best.accuracy)} with {HEADS[best.spec.head].label}."
    )
