"""Charts of the L1 and L2 penalties on one weight."""

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.lab.shades import ACCENT, BLUE, GREEN
from core.lab.regularization import PENALTIES, compute_penalty, find_minimum

_HEIGHT, _LARGEST = 340, 8.0
_NAMES = ("No penalty", "L1", "L2")
_COLOR = alt.Color(
    "penalty:N",
    scale=alt.Scale(domain=_NAMES, range=[BLUE, GREEN, ACCENT]),
    legend=alt.Legend(orient="bottom", title=None, symbolType="stroke"),
)


def build_penalty_chart(best: float, strength: float) -> Chart:
    """Build the chart of the loss (w − best)² without penalty, with L1 and with L2; points mark the minima."""
    weight = np.linspace(-1.5, max(best, 1) + 1.5, 121)
    data = (weight - best) ** 2
    rows = [pd.DataFrame({"weight": weight, "loss": data, "penalty": _NAMES[0]})]
    lows = [(best, 0.0, _NAMES[0])]
    for name in PENALTIES:
        penalty = np.array([compute_penalty(np.array([w]), strength, name) for w in weight])
        rows.append(pd.DataFrame({"weight": weight, "loss": data + penalty, "penalty": name}))
        low = find_minimum(best, strength, name)
        lows.append((low, (low - best) ** 2 + compute_penalty(np.array([low]), strength, name), name))
    lines = (
        alt.Chart(pd.concat(rows))
        .mark_line(strokeWidth=2.5, clip=True)
        .encode(
            x=alt.X("weight:Q", title="Weight w", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)),
            y=alt.Y("loss:Q", title="Loss", scale=alt.Scale(domain=[0, max(6, *(low[1] for low in lows))])),
            color=_COLOR,
        )
    )
    points = alt.Chart(pd.DataFrame(lows, columns=["weight", "loss", "penalty"])).mark_point(
        filled=True, size=110, opacity=1
    )
    points = points.encode(
        x=alt.X("weight:Q"),
        y=alt.Y("loss:Q"),
        color=_COLOR,
        tooltip=[
            alt.Tooltip("penalty:N", title="Minimum with"),
            alt.Tooltip("weight:Q", title="Weight", format=".4~g"),
        ],
    )
    return alt.layer(lines, points).properties(height=_HEIGHT, title="Loss of one weight")


def build_minimum_chart(best: float, strength: float) -> Chart:
    """Build the chart of the minimum by strength: L1 reaches exactly 0, L2 only approaches it."""
    strengths = np.unique([*np.linspace(0, _LARGEST, 161), strength])
    frame = pd.concat(
        pd.DataFrame(
            {"strength": strengths, "weight": [find_minimum(best, s, name) for s in strengths], "penalty": name}
        )
        for name in PENALTIES
    )
    base = alt.Chart(frame).encode(
        x=alt.X("strength:Q", title="Strength λ", axis=alt.Axis(grid=False)),
        y=alt.Y("weight:Q", title="Weight at the minimum"),
        color=_COLOR,
        tooltip=[
            alt.Tooltip("penalty:N", title="Penalty"),
            alt.Tooltip("strength:Q", title="Strength"),
            alt.Tooltip("weight:Q", title="Weight", format=".4~g"),
        ],
    )
    current = base.transform_filter(alt.datum.strength == strength).mark_point(filled=True, size=110, opacity=1)
    return alt.layer(base.mark_line(strokeWidth=2.5), current).properties(height=_HEIGHT, title="Minimum by strength")
