"""Chart of the predictions of all models of dropout."""

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.lab.shades import ACCENT, BLUE, GREEN, GREY
from core.lab.ensemble import Ensemble

_MEANS = ("Geometric mean of all models", "Whole network, scaled", "Arithmetic mean of all models")


def build_ensemble_chart(ensemble: Ensemble) -> Chart:
    """Build the chart of class probabilities: one tick per model; points mark the means and the scaled network."""
    count, classes = ensemble.probs.shape
    models = pd.DataFrame(
        {
            "class": np.tile(np.arange(classes), count),
            "prob": ensemble.probs.ravel().round(4),
            "share": np.repeat(ensemble.shares, classes),
        }
    )
    means = pd.concat(
        pd.DataFrame({"class": np.arange(classes), "prob": values, "mean": name})
        for name, values in zip(_MEANS, (ensemble.geometric, ensemble.scaled, ensemble.arithmetic), strict=True)
    )
    x = alt.X("prob:Q", title="Class probability", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("class:O", title="Class")
    ticks = (
        alt.Chart(models)
        .mark_tick(color=GREY, thickness=2, size=34)
        .encode(
            x=x,
            y=y,
            opacity=alt.Opacity("share:Q", legend=None, scale=alt.Scale(range=[0.15, 0.7])),
            tooltip=[
                alt.Tooltip("prob:Q", title="Probability of one model", format=".2%"),
                alt.Tooltip("share:Q", title="Share of training steps", format=".3%"),
            ],
        )
    )
    legend = alt.Legend(orient="bottom", title=None, columns=1, labelLimit=300)
    points = (
        alt.Chart(means)
        .mark_point(filled=True, size=130, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("mean:N", scale=alt.Scale(domain=_MEANS, range=[ACCENT, BLUE, GREEN]), legend=legend),
            shape=alt.Shape(
                "mean:N",
                scale=alt.Scale(domain=_MEANS, range=["circle", "cross", "triangle-up"]),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("mean:N", title="Summary"),
                alt.Tooltip("prob:Q", title="Probability", format=".2%"),
            ],
        )
    )
    return alt.layer(ticks, points).properties(height=440, title="Class probabilities of all models")
