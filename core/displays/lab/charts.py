"""Curves and bars of the lab's topics."""

import altair as alt
import numpy as np
import pandas as pd

from core.displays.display import Chart
from core.displays.lab.shades import ACCENT, BLUE, GREEN, GREY
from core.lab.channel import compute_cost
from core.lab.convolution import Values
from core.lab.loss import binary_from_logit, softmax
from core.lab.regularization import find_minimum

_LEGEND = alt.Legend(orient="bottom", columns=2, labelLimit=260, title=None, symbolType="stroke")


def build_cost_chart(side: int, channels: int, filters: int, kernel: int) -> Chart:
    """Parameters by the side of the map on a log axis: one line is flat, the other grows with its fourth power."""
    names = ("Convolution", "Fully connected")
    rows = []
    for n in sorted({*range(4, 257, 4), side}):
        cost = compute_cost(n, channels, filters, kernel)
        rows += [(n, names[0], cost.convolution), (n, names[1], cost.fully_connected)]
    frame = pd.DataFrame(rows, columns=["side", "layer", "params"])
    color = alt.Color("layer:N", scale=alt.Scale(domain=names, range=[BLUE, ACCENT]), legend=_LEGEND)
    base = alt.Chart(frame).encode(
        x=alt.X("side:Q", title="Side of the map n", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)),
        y=alt.Y("params:Q", title="Parameters", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s", tickCount=6)),
        color=color,
        tooltip=["layer:N", "side:Q", alt.Tooltip("params:Q", format=",")],
    )
    here = base.transform_filter(alt.datum.side == side).mark_point(filled=True, size=90, opacity=1)
    return alt.layer(base.mark_line(strokeWidth=2.5), here).properties(height=340)


def build_penalty_chart(best: float, strength: float) -> Chart:
    """The loss of one weight without the penalty, the penalty, and their sum, whose minimum moves towards 0."""
    names = ("Loss of the data", "Penalty", "Sum")
    least = find_minimum(best, strength)
    weight = np.linspace(-1.5, max(best, 1) + 1.5, 121)
    data, penalty = (weight - best) ** 2, strength * weight**2
    frame = pd.concat(
        pd.DataFrame({"weight": weight, "loss": loss, "part": name})
        for name, loss in zip(names, (data, penalty, data + penalty), strict=True)
    )
    low = pd.DataFrame({"weight": [best, least], "loss": [0.0, (least - best) ** 2 + strength * least**2]})
    low["part"] = [names[0], names[2]]
    base = alt.Chart(frame).encode(
        x=alt.X("weight:Q", title="Weight w", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)),
        y=alt.Y("loss:Q", title="Loss", scale=alt.Scale(domain=[0, 6])),
        color=alt.Color("part:N", scale=alt.Scale(domain=names, range=[BLUE, GREY, ACCENT]), legend=_LEGEND),
    )
    dots = (
        alt.Chart(low)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(x="weight:Q", y="loss:Q", color="part:N", tooltip=["part:N", alt.Tooltip("weight:Q", format=".4~g")])
    )
    return alt.layer(base.mark_line(strokeWidth=2.5, clip=True), dots).properties(height=340)


def build_dropout_chart(activations: Values, mean_training: Values) -> Chart:
    """Activations at inference beside their mean over many training steps, a pair of bars a unit."""
    names = ("Inference", "Mean of training steps")
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
            tooltip=["phase:N", "unit:O", alt.Tooltip("value:Q", format=".4~g")],
        )
        .properties(height=320)
    )


def build_binary_chart(logit: float, target: float) -> Chart:
    """Binary cross-entropy by logit for both classes, and where the chosen pair stands."""
    names = ("y = 0", "y = 1")
    logits = np.linspace(-8, 8, 81)
    frame = pd.concat(
        pd.DataFrame({"logit": logits, "loss": [binary_from_logit(z, y) for z in logits], "target": names[y]})
        for y in (0, 1)
    )
    here = pd.DataFrame(
        {"logit": [logit], "loss": [binary_from_logit(logit, target)], "target": [names[round(target)]]}
    )
    base = alt.Chart(frame).encode(
        x=alt.X("logit:Q", title="Logit z", axis=alt.Axis(grid=False)),
        y=alt.Y("loss:Q", title="Binary cross-entropy"),
        color=alt.Color("target:N", scale=alt.Scale(domain=names, range=[BLUE, ACCENT]), legend=_LEGEND),
    )
    dot = (
        alt.Chart(here)
        .mark_point(filled=True, size=130, opacity=1)
        .encode(x="logit:Q", y="loss:Q", color="target:N", tooltip=["logit:Q", alt.Tooltip("loss:Q", format=".4f")])
    )
    return alt.layer(base.mark_line(strokeWidth=2.5), dot).properties(height=340)


def build_softmax_chart(logits: Values, label: int) -> Chart:
    """Probabilities of the classes; that of the target, whose logarithm is the loss, is green."""
    probs = softmax(logits)
    frame = pd.DataFrame({"class": np.arange(len(probs)), "prob": probs, "logit": logits})
    frame["kind"] = np.where(frame["class"] == label, "target", "other")
    base = alt.Chart(frame).encode(
        x=alt.X("class:O", title="Class", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("prob:Q", title="Softmax probability", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=["target", "other"], range=[GREEN, GREY]), legend=None),
        tooltip=["class:O", "logit:Q", alt.Tooltip("prob:Q", title="probability", format=".4f")],
    )
    return alt.layer(bars).properties(height=340)
