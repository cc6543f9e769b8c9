"""A sweep before it is asked for, while it runs and when it is done: its table, its sentences and its chart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.analysis.summary import SeedMean as Figure
from core.displays.display import Chart
from core.displays.number import format_accuracy, format_count, format_plural, format_seconds
from core.displays.palette import head_colors
from core.displays.progress import describe_progress
from core.jobs.estimate import TimeEstimate
from core.jobs.sweep_plan import SweepPlan, SweepRun
from core.jobs.sweep_status import SweepRunState, SweepRunStatus, SweepStatus
from core.jobs.sweep_store import Sweep
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import describe_setting, describe_value

_HEIGHT_PIXELS = 320
_STATES: tuple[SweepRunState, ...] = ("finished", "running", "queued", "failed", "cancelled", "not started")


def list_columns(specs: Sequence[RunSpec], settings: Sequence[str]) -> list[str]:
    """Of the swept knobs those that tell the members apart."""
    return [name for name in settings if len({getattr(spec, name) for spec in specs}) > 1]


def _name_cells(spec: RunSpec, columns: Sequence[str]) -> dict[str, str]:
    values = {SETTINGS[name].label: _write_value(spec, name) for name in columns}
    return {"Head": HEADS[spec.head].label, **values, "Seed": str(spec.seed)}


def _write_value(spec: RunSpec, name: str) -> str:
    return describe_value(name, getattr(spec, name)) if spec.uses(name) else "–"


def name_sweep_run(spec: RunSpec, sweep: Sweep) -> str:
    """«GAP · 2 blocks · seed 0»: what tells it from the others."""
    told = [describe_setting(name, getattr(spec, name)) for name in list_columns(sweep.specs, sweep.settings)]
    return " · ".join([HEADS[spec.head].label, *told, f"seed {spec.seed}"])


def name_sweep(sweep: Sweep) -> str:
    """«digits-heads: GAP, Flatten; blocks 1, 2, 3; 2 seeds»."""
    specs = sweep.specs
    parts = [", ".join(dict.fromkeys(HEADS[spec.head].label for spec in specs))]
    for name in list_columns(specs, sweep.settings):
        values = sort_values({getattr(spec, name) for spec in specs if spec.uses(name)})
        parts.append(f"{SETTINGS[name].label.lower()} {', '.join(describe_value(name, value) for value in values)}")
    return f"{sweep.recipe}: {'; '.join([*parts, format_plural(len({spec.seed for spec in specs}), 'seed')])}"


def format_time(estimate: TimeEstimate) -> str:
    """«3 min 20 s (2 min 10 s to 5 min)»."""
    low, high = format_seconds(estimate.low), format_seconds(estimate.high)
    return f"{format_seconds(estimate.seconds)} ({low} to {high})"


def build_plan_table(plan: SweepPlan, settings: Sequence[str], budget_minutes: int | None = None) -> pd.DataFrame:
    """A row a member: what it is, what it costs, and whether it will be trained."""
    columns = list_columns([member.spec for member in plan.members], settings)
    return pd.DataFrame(
        {
            **_name_cells(member.spec, columns),
            "Status": _write_state(member, budget_minutes),
            "Parameters": format_count(member.model.params) if member.model else "–",
            "Time": format_time(member.estimate) if member.estimate else "–",
        }
        for member in plan.members
    )


def _write_state(member: SweepRun, budget_minutes: int | None) -> str:
    if member.state == "invalid":
        return "cannot be trained"
    if budget_minutes and member.state == "to train" and (member.starts_in or 0) > 60 * budget_minutes:
        return "to train if time is left"
    return member.state


def describe_plan(plan: SweepPlan, budget_minutes: int | None = None) -> str:
    """«18 runs: 12 to train, 6 cached.» and what will not be, or hardly."""
    counts = [(len(plan.of(state)), state) for state in ("to train", "in progress", "cached")]
    said = ", ".join(f"{count:,} {state}" for count, state in counts if count)
    unfit = len(plan.of("invalid"))
    text = f"{format_plural(len(plan.members), 'run')}: {said}" + (f", {unfit:,} cannot be trained" if unfit else "")
    late = plan.count_late(budget_minutes) if budget_minutes else 0
    if late and budget_minutes:
        text += f". {late:,} will probably not begin within {budget_minutes:,} min"
    return f"{text}."


def list_problems(plan: SweepPlan) -> list[str]:
    """Why members cannot be trained, each reason once."""
    return list(dict.fromkeys(member.problem for member in plan.of("invalid")))


def describe_estimate(plan: SweepPlan) -> str:
    """How long it will take, and how sure that is."""
    found = plan.estimate
    if found is None:
        return "No run is finished yet anywhere, so there is nothing to estimate the time from."
    before = f", with the {format_plural(plan.ahead, 'training')} before them" if plan.ahead else ""
    upper = " at most" if any(member.spec.patience for member in plan.of("to train")) else ""
    where = " of other machines: this one has trained nothing yet" if found.elsewhere else ""
    return (
        f"About **{format_seconds(found.seconds)}**{upper} ({format_seconds(found.low)} to "
        f"{format_seconds(found.high)}){before}, judged by {format_plural(found.runs, 'finished run')}{where}."
    )


def build_status_table(standing: SweepStatus, settings: Sequence[str]) -> pd.DataFrame:
    """A row a member: how it fares and what came out."""
    columns = list_columns([member.spec for member in standing.members], settings)
    return pd.DataFrame(
        {
            **_name_cells(member.spec, columns),
            "Status": _write_standing(member),
            "Validation accuracy": _write_share(member.accuracy if member.state == "finished" else None),
            "Test accuracy": _write_share(member.test_accuracy),
            "Parameters": "–" if member.params is None else format_count(member.params),
            "Epochs": _write_epochs(member),
            "Time": "–" if member.seconds is None else format_seconds(member.seconds),
        }
        for member in standing.members
    )


def _write_share(value: float | None) -> str:
    return "–" if value is None else format_accuracy(Figure(value, None, 1))


def _write_epochs(member: SweepRunStatus) -> str:
    asked = member.spec.epochs
    return str(asked) if member.epochs in (None, asked) else f"{member.epochs} of {asked}"


def _write_standing(member: SweepRunStatus) -> str:
    return describe_progress("running", member.progress)[1] if member.state == "running" else member.state


def list_reasons(standing: SweepStatus) -> list[str]:
    """Why members failed or were not started, each reason once with how many it is true of."""
    counts = Counter((member.state, member.reason) for member in standing.members if member.reason)
    return [f"{count} {state}: {reason}" for (state, reason), count in counts.items()]


def compute_share(standing: SweepStatus) -> float:
    """How much of the sweep is done, as a share of 1; what failed or was not started is done with."""
    shares = [
        describe_progress("running", member.progress)[0]
        if member.state == "running"
        else float(member.state != "queued")
        for member in standing.members
    ]
    return sum(shares) / len(shares)


def describe_status(standing: SweepStatus) -> str:
    """«7 of 18 finished · 2 running · 9 queued · 4 min 10 s left»."""
    counts = standing.counts
    parts = [f"{counts['finished']:,} of {len(standing.members):,} finished"]
    parts += [f"{counts[state]:,} {state}" for state in _STATES[1:] if counts[state]]
    if standing.left and not standing.ended:
        parts.append(f"about {format_seconds(standing.left.seconds)} left")
    return " · ".join(parts)


def build_sweep_chart(standing: SweepStatus, settings: Sequence[str], setting: str | None) -> Chart:
    """Validation accuracy of each member over the values of a knob, a line a head through the means of its seeds.

    The axes span the whole sweep from the first moment, so the picture fills. Members that still run are hollow.
    Choosing by the test set would spoil it for the report.

    Args:
        knob: one of `knobs`, the swept ones; over the heads when None.
    """
    others = [name for name in list_columns([m.spec for m in standing.members], settings) if name != setting]
    values = {getattr(m.spec, setting) for m in standing.members if m.spec.uses(setting)} if setting else set()
    order = [describe_value(setting, value) for value in sort_values(values)] if setting else []
    rows = [row for member in standing.members for row in _list_chart_rows(member, setting, order, others)]
    frame = pd.DataFrame(rows, columns=["head", "x", "rest", "seed", "accuracy", "state", "params", "done"])
    order = order or list(dict.fromkeys(frame["x"]))
    palette = {label: color for label, color in head_colors().items() if label in set(frame["head"])}
    color = alt.Color(
        "head:N", title=None, scale=alt.Scale(domain=[*palette], range=[*palette.values()]),
        legend=alt.Legend(orient="top", columns=3, labelLimit=240, labelFontSize=13, symbolType="circle"),
    )  # fmt: skip
    x = alt.X(
        "x:N", title=SETTINGS[setting].label if setting else "Head", sort=order, scale=alt.Scale(domain=order),
        axis=alt.Axis(labelAngle=0, labelLimit=140, grid=False),
    )  # fmt: skip
    y = alt.Y(
        "accuracy:Q",
        title="Validation accuracy",
        scale=alt.Scale(zero=False) if frame["accuracy"].notna().any() else alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="~%"),
    )
    shown = frame[frame["accuracy"].notna()]
    tips = [
        alt.Tooltip("head:N", title="Head"), alt.Tooltip("x:N", title=SETTINGS[setting].label if setting else "Head"),
        *([alt.Tooltip("rest:N", title="And")] if others else []), alt.Tooltip("seed:N", title="Seed"),
        alt.Tooltip("accuracy:Q", title="Validation accuracy", format=".1%"),
        alt.Tooltip("params:Q", title="Parameters", format=","), alt.Tooltip("state:N", title="Status"),
    ]  # fmt: skip
    points = alt.Chart(shown).mark_point(size=75, strokeWidth=2).encode(
        x=x, y=y, color=color, tooltip=tips,
        fill=alt.condition("datum.done", color, alt.value("transparent")),
        fillOpacity=alt.value(0.75),
        **({"shape": alt.Shape("rest:N", title=None, legend=alt.Legend(orient="top", columns=3, labelLimit=240))}
           if others else {}),
    )  # fmt: skip
    finished = shown[shown["done"]]
    lines = (
        alt.Chart(finished.groupby(["head", "x", "rest"], as_index=False)["accuracy"].mean())
        .mark_line(strokeWidth=2.2, opacity=0.65)
        .encode(x=x, y=y, color=color, detail="rest:N")
    )
    return alt.layer(*([lines] if setting and len(finished) else []), points).properties(height=_HEIGHT_PIXELS)


def sort_values(values: Iterable[Any]) -> list[Any]:
    """In their order; what is left open comes last."""
    return sorted(values, key=lambda value: (value is None, 0 if value is None else value))


def _list_chart_rows(
    member: SweepRunStatus, setting: str | None, order: Sequence[str], others: Sequence[str]
) -> list[tuple[object, ...]]:
    """One, or one for each value of a knob that makes no difference to this member."""
    spec = member.spec
    head = HEADS[spec.head].label
    places = (
        [head]
        if setting is None
        else [describe_value(setting, getattr(spec, setting))]
        if spec.uses(setting)
        else order
    )
    rest = ", ".join(f"{SETTINGS[name].label.lower()} {_write_value(spec, name)}" for name in others)
    done = member.state == "finished"
    return [(head, x, rest, spec.seed, member.accuracy, member.state, member.params, done) for x in places]


def describe_sweep_chart(standing: SweepStatus, setting: str | None) -> str:
    """For those who cannot see the picture."""
    finished = [member for member in standing.members if member.state == "finished" and member.accuracy is not None]
    over = f"over {SETTINGS[setting].label.lower()}" if setting else "over the heads"
    if not finished:
        return f"Validation accuracy {over}: no member has finished yet."
    best = max(finished, key=lambda member: member.accuracy or 0.0)
    return (
        f"Validation accuracy {over}; the highest is {_write_share(best.accuracy)}, by {HEADS[best.spec.head].label}."
    )
