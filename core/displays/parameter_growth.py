"""How a head's parameters grow with the side of the image: Flatten with its square, global pooling not at all."""

import altair as alt
import pandas as pd

from core.architecture.layers import Shape
from core.architecture.model import compute_model
from core.displays.display import Chart
from core.errors import SpecError
from core.spec import HEADS, RunSpec

SIDES = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448, 480, 512)
# EfficientNet-B0 with its top, as keras.applications.EfficientNetB0(weights=None).count_params() gives it.
REFERENCE = ("EfficientNet-B0, whole", 5_330_571)
_RULE = "#8a94a3"


def compute_growth(spec: RunSpec, shape: Shape, classes: int) -> pd.DataFrame:
    """Columns side, head (its label) and params (of the head alone), for every head on the backbone of `spec`.

    Args:
        shape: of the input; its spatial axes take its own side and SIDES in turn. Those too small are left out.
    """
    rows = []
    for name, head in HEADS.items():
        changed = spec.replace(head=name)
        for side in sorted({shape[0], *SIDES}):
            try:
                model = compute_model(changed, (*(side,) * (len(shape) - 1), shape[-1]), classes)
            except SpecError:
                continue
            rows.append((side, head.label, sum(row.params for row in model.rows if row.part == "head")))
    return pd.DataFrame(rows, columns=["side", "head", "params"])


def build_growth_chart(frame: pd.DataFrame, palette: dict[str, str], side: int) -> Chart:
    """The growth as lines on a log axis, with a whole network for comparison and a mark at `side`.

    Heads with the same counts share a line; the pointer reads all of them.
    """
    palette = {label: color for label, color in palette.items() if label in set(frame["head"])}
    wide = frame.pivot_table(index="side", columns="head", values="params").reset_index()
    labels = [label for label in palette if label in wide.columns]
    wide.columns = pd.Index(["side", *(f"s{labels.index(label)}" for label in wide.columns[1:])])
    nearest = alt.selection_point(nearest=True, on="pointerover", clear="pointerout", fields=["side"], empty=False)
    x = alt.X("side:Q", title="Side of the input (pixels)", scale=alt.Scale(nice=False), axis=alt.Axis(grid=False))
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
    reference = whole.mark_rule(strokeDash=[6, 4], color=_RULE).encode(y="params:Q")
    reference_name = whole.mark_text(align="right", dx=-4, dy=8, color=_RULE, fontSize=11).encode(
        y="params:Q", x=alt.value("width"), text="name:N"
    )
    here = alt.Chart(pd.DataFrame({"side": [side], "name": [f"you are here: {side}"]}))
    mark = here.mark_rule(strokeWidth=1.5, color=_RULE).encode(x="side:Q")
    mark_name = here.mark_text(
        align="right" if side > 300 else "left", dx=-4 if side > 300 else 4, dy=8, fontWeight="bold", color=_RULE
    ).encode(x="side:Q", y=alt.value(0), text="name:N")
    tips = [alt.Tooltip("side:Q", title="Side"), *(
        alt.Tooltip(f"s{place}:Q", title=label, format=",") for place, label in enumerate(labels)
    )]  # fmt: skip
    reader = (
        alt.Chart(wide)
        .mark_rule(color=_RULE)
        .encode(x="side:Q", opacity=alt.condition(nearest, alt.value(0.8), alt.value(0.0)), tooltip=tips)
        .add_params(nearest)
    )
    return alt.layer(lines, reference, reference_name, mark, mark_name, reader).properties(height=520)


def describe_growth(frame: pd.DataFrame) -> str:
    """For those who cannot see the picture: where each head begins and ends."""
    parts = []
    for label, rows in frame.groupby("head", sort=False):
        first, last = rows.iloc[0], rows.iloc[-1]
        parts.append(f"{label}: {first['params']:,} at side {first['side']}, {last['params']:,} at {last['side']}")
    return "Parameters of each head by the side of the input. " + "; ".join(parts) + "."


def _dashes(frame: pd.DataFrame, labels: list[str]) -> list[list[int]]:
    """A line that lies on another is dashed, so that both colours show."""
    seen: set[tuple[int, ...]] = set()
    dashes = []
    for label in labels:
        counts = tuple(frame.loc[frame["head"] == label, "params"])
        dashes.append([5, 5] if counts in seen else [1, 0])
        seen.add(counts)
    return dashes
