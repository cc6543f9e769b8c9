"""Learning curves of running jobs."""

import altair as alt
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.curve_chart import (
    color_lines,
    finish_chart,
    hide_lines,
    position_x,
    position_y,
    show_unless_hidden,
)
from core.displays.encoding import shape_styles
from core.displays.palette import head_styles
from core.spec import HEADS, RunSpec

_PANELS = {"accuracy": ("Validation accuracy", ".1%"), "loss": ("Validation loss", ".3f")}


def build_live_charts(histories: list[tuple[RunSpec, pd.DataFrame]]) -> list[Chart]:
    """Build the charts of validation accuracy and loss by epoch, with one line per run in the color of its head.

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
    labels = [head.label for head in HEADS.values() if head.label in set(frame["head"])]
    return [_build(frame, last, labels, metric) for metric in _PANELS]


def _build(frame: pd.DataFrame, last: int, labels: list[str], metric: str) -> Chart:
    title, form = _PANELS[metric]
    styles = {label: style for label, style in head_styles().items() if label in labels}
    frame = frame.assign(y=frame[f"val_{metric}"])
    y, _, _ = position_y(metric, frame["y"].tolist(), title)
    base = alt.Chart(frame).encode(
        x=position_x("epoch", 1, max(last, 2)),
        y=y,
        color=color_lines(styles),
        detail=alt.Detail("run:N"),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("y:Q", title=title, format=form),
        ],
    )
    lines = base.mark_line(strokeWidth=2.6).encode(opacity=show_unless_hidden(1)).add_params(hide_lines())
    points = base.mark_point(size=45, filled=True).encode(
        shape=shape_styles(styles, legend=False), opacity=show_unless_hidden(1)
    )
    return finish_chart(alt.layer(lines, points), labels)
