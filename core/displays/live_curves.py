"""Learning curves of running jobs."""

import altair as alt
import pandas as pd

from core.displays.axis import list_whole_ticks, scale_shares
from core.displays.display import Chart
from core.displays.encoding import color_labels, shape_labels
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
    labels = [head.label for head in HEADS.values() if head.label in set(frame["head"])]
    return [_build(frame, last, labels, column) for column in _PANELS]


def _build(frame: pd.DataFrame, last: int, labels: list[str], column: str) -> Chart:
    title, form, tick = _PANELS[column]
    share = scale_shares(frame[column]) if column.endswith("accuracy") else alt.Scale(zero=False)
    base = alt.Chart(frame).encode(
        x=alt.X(
            "epoch:Q",
            title="Epoch",
            scale=alt.Scale(domain=[1, max(last, 2)], nice=False),
            axis=alt.Axis(values=list_whole_ticks(1, max(last, 2)), format="d", grid=False),
        ),
        y=alt.Y(f"{column}:Q", title=title, scale=share, axis=alt.Axis(format=tick)),
        color=color_labels(labels),
        detail="run:N",
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip(f"{column}:Q", title=title, format=form),
        ],
    )
    points = base.mark_point(size=45, filled=True, opacity=1).encode(shape=shape_labels(labels))
    return (base.mark_line(strokeWidth=2.6) + points).properties(height=_HEIGHT_PIXELS)
