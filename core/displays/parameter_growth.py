"""Growth of a head's parameters with the input size: quadratic for Flatten, none for global pooling."""

from collections.abc import Mapping

import altair as alt
import pandas as pd

from core.architecture.layers import Shape
from core.architecture.model import compute_model
from core.displays.chart_view import Chart
from core.errors import SpecError
from core.spec import HEADS, RunSpec

SIDES = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480, 512)
# EfficientNet-B0 with its top: keras.applications.EfficientNetB0(weights=None).count_params()
REFERENCE = ("EfficientNet-B0, complete model", 5_330_571)
_RULE = "#8a94a3"


def compute_growth(specs: Mapping[str, RunSpec], shape: Shape, classes: int) -> pd.DataFrame:
    """Return the columns side, head (label) and params (of the head only).

    Args:
        specs: specs by name of the head.
        shape: input shape. Its spatial axes are set to its own side length and to each of SIDES. Sizes too small for
            the backbone are left out.
    """
    rows = []
    for name, spec in specs.items():
        for side in sorted({shape[0], *SIDES}):
            try:
                model = compute_model(spec, (*(side,) * (len(shape) - 1), shape[-1]), classes)
            except SpecError:
                continue
            rows.append((side, HEADS[name].label, sum(row.params for row in model.rows if row.part == "head")))
    return pd.DataFrame(rows, columns=["side", "head", "params"])


def build_growth_chart(frame: pd.DataFrame, palette: dict[str, str], side: int) -> Chart:
    """Build the chart of parameters by input size on a log axis, with a reference model and a line at `side`.

    Heads with equal counts share a line; the tooltip lists all heads.
    """
    palette = {label: color for label, color in palette.items() if label in set(frame["head"])}
    wide = frame.pivot_table(index="side", columns="head", values="params").reset_index()
    labels = [label for label in palette if label in wide.columns]
    wide.columns = pd.Index(["side", *(f"s{labels.index(label)}" for label in wide.columns[1:])])
    nearest = alt.selection_point(nearest=True, on="pointerover", clear="pointerout", fields=["side"], empty=False)
    x = alt.X(
        "side:Q", title="Side length of the input (pixels)", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False)
    )
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.4)
        .encode(
            x=x,
            y=alt.Y("params:Q", title="Parameters of the head (log)", scale=alt.Scale(type="log"),
                    axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color("head:N", title=None, sort=labels,
                            scale=alt.Scale(domain=labels, range=[palette[label] for label in labels]),
                            legend=alt.Legend(orient="bottom", columns=2, symbolType="stroke", labelLimit=200)),
            strokeDash=alt.StrokeDash("head:N", sort=labels, legend=None,
                                      scale=alt.Scale(domain=labels, range=_dashes(frame, labels))),
        )
    )  # fmt: skip
    name, params = REFERENCE
    whole = alt.Chart(pd.DataFrame({"params": [params], "name": [f"{name}: {params:,}"]}))
    reference = whole.mark_rule(strokeDash=[6, 4], color=_RULE).encode(y=alt.Y("params:Q"))
    reference_name = whole.mark_text(align="right", dx=-4, dy=8, color=_RULE, fontSize=11).encode(
        y=alt.Y("params:Q"), x=alt.value("width"), text=alt.Text("name:N")
    )
    current = alt.Chart(pd.DataFrame({"side": [side], "name": [f"selected: {side}"]}))
    mark = current.mark_rule(strokeWidth=1.5, color=_RULE).encode(x=alt.X("side:Q"))
    mark_name = current.mark_text(
        align="right" if side > 300 else "left", dx=-4 if side > 300 else 4, dy=8, fontWeight="bold", color=_RULE
    ).encode(x=alt.X("side:Q"), y=alt.value(0), text=alt.Text("name:N"))
    tips = [alt.Tooltip("side:Q", title="Side length (pixels)"), *(
        alt.Tooltip(f"s{i}:Q", title=label, format=",") for i, label in enumerate(labels)
    )]  # fmt: skip
    reader = (
        alt.Chart(wide)
        .mark_rule(color=_RULE)
        .encode(x=alt.X("side:Q"), opacity=alt.condition(nearest, alt.value(0.8), alt.value(0.0)), tooltip=tips)
        .add_params(nearest)
    )
    return alt.layer(lines, reference, reference_name, mark, mark_name, reader).properties(height=520)


def describe_growth(frame: pd.DataFrame) -> str:
    """Describe the chart as alt text: the parameters of each head at the smallest and at the largest input."""
    parts = []
    for label, rows in frame.groupby("head", sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        parts.append(
            f"{label}: {first['params']:,} at {first['side']} pixels, {last['params']:,} at {last['side']} pixels"
        )
    return "Parameters of each head by side length of the input. " + "; ".join(parts) + "."


def _dashes(frame: pd.DataFrame, labels: list[str]) -> list[list[int]]:
    """Return the dash patterns: a line that covers another one is dashed, so that both colors are visible."""
    seen: set[tuple[int, ...]] = set()
    dashes = []
    for label in labels:
        counts = tuple(frame.loc[frame["head"] == label, "params"])
        dashes.append([5, 5] if counts in seen else [1, 0])
        seen.add(counts)
    return dashes
