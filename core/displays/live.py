"""Curves of trainings that still run."""

import altair as alt
import pandas as pd

from core.displays.display import Chart
from core.displays.palette import head_colors
from core.spec import HEADS, RunSpec

_PANELS = {"val_accuracy": ("Validation accuracy", ".1%", "~%"), "val_loss": ("Validation loss", ".3f", "~g")}


def build_live_charts(histories: list[tuple[RunSpec, pd.DataFrame]]) -> list[Chart]:
    """Validation accuracy and loss by epoch, a line a run, in the colours of the heads. None before the first epoch."""
    frames = [
        history.assign(head=HEADS[spec.head].label, run=f"{HEADS[spec.head].label}, seed {spec.seed}")
        for spec, history in histories
        if len(history)
    ]
    if not frames:
        return []
    frame = pd.concat(frames, ignore_index=True)
    palette = {label: color for label, color in head_colors().items() if label in set(frame["head"])}
    color = alt.Color(
        "head:N",
        title="Head",
        scale=alt.Scale(domain=[*palette], range=[*palette.values()]),
        legend=alt.Legend(orient="bottom", columns=2, labelLimit=240),
    )
    charts = []
    for column, (title, form, axis) in _PANELS.items():
        chart = alt.Chart(frame).mark_line(point=alt.OverlayMarkDef(size=30), strokeWidth=2)
        charts.append(
            chart.encode(
                x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, grid=False)),
                y=alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=axis)),
                color=color,
                detail="run:N",
                tooltip=["run:N", "epoch:Q", alt.Tooltip(f"{column}:Q", title=title, format=form)],
            ).properties(height=230)
        )
    return charts
