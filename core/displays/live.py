"""Curves of trainings that still run."""

import altair as alt
import pandas as pd

from core.displays.display import Chart
from core.displays.palette import head_colors
from core.spec import HEADS, RunSpec


def build_live_chart(histories: list[tuple[RunSpec, pd.DataFrame]]) -> Chart | None:
    """Validation accuracy and loss by epoch, a line a run, in the colours of the heads. None before the first epoch."""
    frames = [
        history.assign(head=HEADS[spec.head].label, run=f"{HEADS[spec.head].label}, seed {spec.seed}")
        for spec, history in histories
        if len(history)
    ]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    palette = {label: color for label, color in head_colors().items() if label in set(frame["head"])}
    base = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=30), strokeWidth=2)
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, grid=False)),
            color=alt.Color(
                "head:N",
                title="Head",
                scale=alt.Scale(domain=[*palette], range=[*palette.values()]),
                legend=alt.Legend(orient="top", labelLimit=240),
            ),
            detail="run:N",
        )
        .properties(height=200)
    )
    panels = []
    for column, title, form in (("val_accuracy", "Validation accuracy", ".1%"), ("val_loss", "Validation loss", ".3f")):
        y = alt.Y(
            f"{column}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format="~%" if "%" in form else "~g")
        )
        tip = ["run:N", "epoch:Q", alt.Tooltip(f"{column}:Q", title=title, format=form)]
        panels.append(base.encode(y=y, tooltip=tip).properties(width="container"))
    return alt.vconcat(*panels)
