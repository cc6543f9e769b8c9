"""Charts of the Lab page."""

import altair as alt
import numpy as np
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.lab.shades import ACCENT, BLUE, GREEN, GREY
from core.lab.channel import compute_cost
from core.lab.convolution import Values
from core.lab.loss import binary_from_logit, softmax

_LEGEND = alt.Legend(orient="bottom", columns=2, labelLimit=260, title=None, symbolType="stroke")


def build_cost_chart(side: int, channels: int, filters: int, kernel: int) -> Chart:
    """Build the chart of parameters by feature map size, on a log axis.

    A convolution is constant; a fully connected layer grows with the fourth power of the side length.
    """
    names = ("Convolution", "Fully connected")
    rows = []
    for n in sorted({*range(4, 257, 4), side}):
        cost = compute_cost(n, channels, filters, kernel)
        rows += [(n, names[0], cost.convolution), (n, names[1], cost.fully_connected)]
    frame = pd.DataFrame(rows, columns=["side", "layer", "params"])
    color = alt.Color("layer:N", scale=alt.Scale(domain=names, range=[BLUE, ACCENT]), legend=_LEGEND)
    base = alt.Chart(frame).encode(
        x=alt.X(
            "side:Q",
            title="Side length n of the feature map (pixels)",
            scale=alt.Scale(nice=False),
            axis=alt.Axis(grid=False),
        ),
        y=alt.Y(
            "params:Q", title="Parameters (log)", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", tickCount=6)
        ),
        color=color,
        tooltip=[
            alt.Tooltip("layer:N", title="Layer"),
            alt.Tooltip("side:Q", title="Side length"),
            alt.Tooltip("params:Q", title="Parameters", format=","),
        ],
    )
    current = base.transform_filter(alt.datum.side == side).mark_point(filled=True, size=90, opacity=1)
    return alt.layer(base.mark_line(strokeWidth=2.5), current).properties(height=340)


def build_dropout_chart(activations: Values, mean_training: Values) -> Chart:
    """Build the chart of the activations of each unit: at inference, and the mean over many training steps."""
    names = ("Inference", "Mean over training steps")
    frame = pd.concat(
        pd.DataFrame({"unit": np.arange(1, len(values) + 1), "value": values, "phase": name})
        for name, values in zip(names, (activations, mean_training), strict=True)
    )
    return (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("unit:O", title="Unit", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("phase:N", sort=list(names)),
            y=alt.Y("value:Q", title="Activation"),
            color=alt.Color(
                "phase:N",
                scale=alt.Scale(domain=names, range=[BLUE, ACCENT]),
                legend=alt.Legend(orient="bottom", title=None),
            ),
            tooltip=[
                alt.Tooltip("phase:N", title="Phase"),
                alt.Tooltip("unit:O", title="Unit"),
                alt.Tooltip("value:Q", title="Activation", format=".4~g"),
            ],
        )
        .properties(height=320)
    )


def build_binary_chart(logit: float, target: float) -> Chart:
    """Build the chart of binary cross-entropy by logit for both targets, with a point at the selected values."""
    names = ("y = 0", "y = 1")
    logits = np.linspace(-8, 8, 81)
    frame = pd.concat(
        pd.DataFrame({"logit": logits, "loss": [binary_from_logit(z, y) for z in logits], "target": names[y]})
        for y in (0, 1)
    )
    selected = pd.DataFrame(
        {"logit": [logit], "loss": [binary_from_logit(logit, target)], "target": [names[round(target)]]}
    )
    base = alt.Chart(frame).encode(
        x=alt.X("logit:Q", title="Logit z", axis=alt.Axis(grid=False)),
        y=alt.Y("loss:Q", title="Binary cross-entropy"),
        color=alt.Color("target:N", scale=alt.Scale(domain=names, range=[BLUE, ACCENT]), legend=_LEGEND),
    )
    dot = (
        alt.Chart(selected)
        .mark_point(filled=True, size=130, opacity=1)
        .encode(
            x=alt.X("logit:Q"),
            y=alt.Y("loss:Q"),
            color=alt.Color("target:N"),
            tooltip=[
                alt.Tooltip("logit:Q", title="Logit"),
                alt.Tooltip("loss:Q", title="Binary cross-entropy", format=".4f"),
            ],
        )
    )
    return alt.layer(base.mark_line(strokeWidth=2.5), dot).properties(height=340)


def build_softmax_chart(logits: Values, label: int) -> Chart:
    """Build the chart of softmax probabilities. The target class is green: its negative log probability is the loss."""
    probs = softmax(logits)
    frame = pd.DataFrame({"class": np.arange(len(probs)), "prob": probs, "logit": logits})
    frame["kind"] = np.where(frame["class"] == label, "target", "other")
    base = alt.Chart(frame).encode(
        x=alt.X("class:O", title="Class", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("prob:Q", title="Softmax probability", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=["target", "other"], range=[GREEN, GREY]), legend=None),
        tooltip=[
            alt.Tooltip("class:O", title="Class"),
            alt.Tooltip("logit:Q", title="Logit"),
            alt.Tooltip("prob:Q", title="Softmax probability", format=".4f"),
        ],
    )
    return alt.layer(bars).properties(height=340)
