"""Parameters per layer of each model, as table and chart."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.architecture.model import LayerGraph
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import AXIS_CHARS
from core.displays.label import fit_labels, wrap_label
from core.displays.number import format_count, format_short
from core.displays.palette import colors
from core.displays.sentence import join_parts
from core.store.elsewhere import Part

_COLUMNS = ("layer", "type", "part", "output_shape", "params", "trainable", "non_trainable", "flops")
_BAR_PIXELS, _THIN_BAR_PIXELS, _MANY_BARS, _LINE_PIXELS = 46, 30, 9, 15


def compute_layer_frame(model: LayerGraph) -> pd.DataFrame:
    """Return one row per layer: layer, type, part, output_shape, params, trainable, non_trainable, flops, share."""
    frame = pd.DataFrame(
        [
            {
                "layer": row.name,
                "type": row.type,
                "part": row.part,
                "output_shape": " × ".join(map(str, row.output_shape)),
                "params": row.params,
                "trainable": row.trainable,
                "non_trainable": row.non_trainable,
                "flops": row.flops,
            }
            for row in model.rows
        ],
        columns=[*_COLUMNS],
    ).astype({"flops": "float64" if any(row.flops is None for row in model.rows) else "int64"})
    frame["share"] = frame["params"] / max(model.params, 1)
    return frame


def format_layer_table(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Layer": [_name(*pair) for pair in zip(frame["layer"], frame["type"], strict=True)],
            "Output shape": frame["output_shape"],
            "Parameters": frame["params"].map(format_count),
            "Share": frame["share"].map("{:.1%}".format),
            "FLOPs": frame["flops"].map(format_short),
        }
    )


def _name(layer: str, kind: str) -> str:
    """Return the name of a layer, with its type if the name does not contain it."""
    return layer if layer.replace("_", "").rstrip("0123456789").startswith(kind.lower()[:-2]) else f"{layer} ({kind})"


def build_params_chart(frame: pd.DataFrame, palette: dict[str, str], column: str = "Head") -> Chart:
    """Build one stacked bar per model: layers of the head in its color, layers of the backbone in gray.

    Args:
        column: what a model is called.
    """
    totals = frame.groupby("head", sort=False, as_index=False)["params"].sum()
    totals["text"] = totals["params"].map(format_count)
    frame = frame[frame["params"] > 0].copy()
    frame["order"] = frame.groupby("head").cumcount()
    frame["fill"] = frame["head"].where(frame["part"] == "head", "backbone")
    domain = ["backbone", *palette]
    lines = max((len(wrap_label(label, AXIS_CHARS)) for label in palette), default=1)
    y = alt.Y("head:N", title=None, sort=[*palette], axis=alt.Axis(**fit_labels([*palette], AXIS_CHARS)))
    bars = (
        alt.Chart(frame)
        .mark_bar(stroke="#0f141b", strokeOpacity=0.5, strokeWidth=0.7)
        .encode(
            y=y,
            x=alt.X(
                "params:Q",
                title="Parameters (gray: backbone, color: head)",
                scale=alt.Scale(
                    domain=[0, 1.35 * max(int(totals["params"].max()), 1)], nice=False
                ),  # space for the totals
                axis=alt.Axis(labelExpr="datum.value === 0 ? '0' : format(datum.value, '~s')", tickCount=4),
            ),
            color=alt.Color(
                "fill:N",
                scale=alt.Scale(domain=domain, range=["#8a94a3", *palette.values()]),
                legend=None,
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("head:N", title=column),
                alt.Tooltip("layer:N", title="Layer"),
                alt.Tooltip("type:N", title="Type"),
                alt.Tooltip("output_shape:N", title="Output shape"),
                alt.Tooltip("params:Q", title="Parameters", format=","),
                alt.Tooltip("share:Q", title="Share of the model", format=".1%"),
            ],
        )
    )
    text = alt.Chart(totals).mark_text(align="left", baseline="middle", dx=5, fontSize=12, color="#8a94a3")
    return (bars + text.encode(y=y, x=alt.X("params:Q"), text=alt.Text("text:N"))).properties(
        height=alt.Step(max(_BAR_PIXELS if len(palette) <= _MANY_BARS else _THIN_BAR_PIXELS, lines * _LINE_PIXELS + 8))
    )


@dataclass(frozen=True)
class Layers(Display):
    """Layers of every variant in one table with the column `head`."""

    name: ClassVar[str] = "layers"
    title: ClassVar[str] = "Parameters per layer"
    needs: ClassVar[tuple[Part, ...]] = ("layers",)

    def frame(self) -> pd.DataFrame:
        frames = [compute_layer_frame(c.first.model).assign(head=c.label) for c in self.available.variants]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*_COLUMNS, "share", "head"])

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        table = format_layer_table(frame)
        table.insert(0, self.column, frame["head"])
        return table

    def chart(self) -> Chart | None:
        frame = self.frame()
        palette = {label: color for label, color in colors(self.comparison).items() if label in set(frame["head"])}
        return build_params_chart(frame, palette, self.column) if len(frame) else None

    def describe(self) -> str:
        frame = self.frame()
        if frame.empty:
            return "Parameters per layer."
        largest = frame.loc[frame.groupby("head", sort=False)["params"].idxmax()]
        parts = [
            f"{row['head']} has {row['share']:.0%} of its parameters in {row['layer']}"
            for row in largest.to_dict("records")
        ]
        return "Parameters per layer. " + join_parts(parts) + "."
