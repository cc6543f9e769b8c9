"""Learning curves of running jobs."""

import altair as alt
import pandas as pd

from core.displays.display import Chart
from core.displays.palette import head_colors
from core.spec import HEADS, RunSpec

_PANELS = {"val_accuracy": ("Validation accuracy", ".1%", "~%"), "val_loss": ("Validation loss", ".3f", "~g")}
_HEIGHT_PIXELS = 300


def build_live_charts(histories: list[tuple[RunSpec, pd.DataFrame]]) -> list[Chart]:
    """Build the charts of validation accuracy and loss by epoch, with one line per run in the colour of its head.

    The axis covers all planned epochs, so that the lines also show progress. The list is empty before the first epoch.
    """
    frames = [
        history.assign(head=HEADS[spec.head].label, run=f"{HEADS[spec.head].label}, seed {spec.seed}")
        for spec, history in histories
        if len(history)
    ]
    if not frames:
        return []
    frame = pd.concat(frames, ignore_index=True)
    last = max(spec.epochs for spec, _ in histories)
    palette = {label: color for label, color in head_colors().items() if label in set(frame["head"])}
    return [_build(frame, last, palette, column) for column in _PANELS]


def _build(frame: pd.DataFrame, last: int, palette: dict[str, str], column: str) -> Chart:
    title, form, tick = _PANELS[column]
    color = alt.Color(
        "head:N",
        title=None,
        scale=alt.Scale(domain=[*palette], range=[*palette.values()]),
        legend=alt.Legend(orient="top", columns=3, labelLimit=240, labelFontSize=13, symbolType="stroke"),
    )
    chart = alt.Chart(frame).mark_line(point=alt.OverlayMarkDef(size=45, filled=True), strokeWidth=2.6)
    return chart.encode(
        x=alt.X(
            "epoch:Q",
            title="Epoch",
            scale=alt.Scale(domain=[1, max(last, 2)], nice=False),
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        ),
        y=alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=tick)),
        color=color,
        detail="run:N",
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip(f"{column}:Q", title=title, format=form),
        ],
    ).properties(height=_HEIGHT_PIXELS)
