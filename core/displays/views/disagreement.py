"""Agreement between two heads: both correct, only one correct, both wrong."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.disagreement import CELLS, Pair, compute_disagreement
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import arrange_panels
from core.displays.label import wrap_label
from core.displays.sentence import join_parts
from core.plural import format_plural

_TITLE_CHARS, _LINE_PIXELS = 24, 14
_SIDE = 190
_MAX_PAIRS = 6


@dataclass(frozen=True)
class Disagreement(Display):
    """Test images by correct predictions of two heads, for the runs of one seed. `pair` None selects all
    compared pairs.
    """

    name: ClassVar[str] = "disagreement"
    title: ClassVar[str] = "Agreement"

    pair: Pair | None = None
    seed: int | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_disagreement(self.comparison, self.pair, self.seed)

    def frame(self) -> pd.DataFrame:
        """Return the columns a, b, cell, images, share."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        return pd.DataFrame(
            {
                f"{self.column}s": frame["a"] + " and " + frame["b"],
                "Correct": [name_cell(row["cell"], (row["a"], row["b"])) for row in frame.to_dict("records")],
                "Test images": frame["images"].map("{:,}".format),
                "Share": frame["share"].map("{:.1%}".format),
            }
        )

    def chart(self) -> Chart | None:
        if self._found.empty:
            return None
        panels = [self._panel(str(a), str(b), rows) for (a, b), rows in self._drawn.groupby(["a", "b"], sort=False)]
        return arrange_panels(panels, _SIDE + 60)

    @property
    def _single(self) -> bool:
        return len(self._found) == len(CELLS)

    @property
    def _drawn(self) -> pd.DataFrame:
        """Return the pairs that are drawn: the first ones if there are many."""
        return self._found.head(len(CELLS) * _MAX_PAIRS)

    def _panel(self, a: str, b: str, rows: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
        correct = {cell: (i < 2, i % 2 == 0) for i, cell in enumerate(CELLS)}
        words = {True: "correct", False: "wrong"}
        frame = rows.assign(
            first=rows["cell"].map(lambda cell: words[correct[cell][0]]),
            second=rows["cell"].map(lambda cell: words[correct[cell][1]]),
            text=rows["cell"].map(lambda cell: name_cell(cell, (a, b))),
            count=rows["images"].map("{:,}".format),
            part=rows["share"].map("{:.1%}".format),
        )
        base = alt.Chart(frame).encode(
            x=alt.X(
                "second:N",
                title=wrap_label(b, _TITLE_CHARS),
                sort=[*words.values()],
                axis=alt.Axis(labelAngle=0, orient="top", titleLimit=_SIDE),
            ),
            y=alt.Y(
                "first:N", title=wrap_label(a, _TITLE_CHARS), sort=[*words.values()], axis=alt.Axis(titleLimit=_SIDE)
            ),
            tooltip=[
                alt.Tooltip("text:N", title="Correct"),
                alt.Tooltip("images:Q", title="Test images", format=","),
                alt.Tooltip("share:Q", title="Share", format=".2%"),
            ],
        )
        color = alt.condition("datum.first !== datum.second", alt.value("#e8a15c"), alt.value("#667282"))
        ink = alt.condition("datum.first !== datum.second", alt.value("#3b1d00"), alt.value("#ffffff"))
        cells = base.mark_rect(stroke="#ffffff", strokeWidth=2, cursor="pointer").encode(color=color)
        big = base.mark_text(fontSize=20, fontWeight="bold", dy=-6).encode(text=alt.Text("count:N"), color=ink)
        small = base.mark_text(fontSize=12, dy=14).encode(text=alt.Text("part:N"), color=ink)
        if self._single and self.pair is not None:  # a single panel, whose selection a page can read
            cells = cells.add_params(alt.selection_point(name="cell", fields=["cell"], empty=False))
        width = {} if self._single else {"width": _SIDE}
        top = _LINE_PIXELS * (len(wrap_label(b, _TITLE_CHARS)) - 1)
        return alt.layer(cells, big, small).properties(height=_SIDE + top, **width)

    def describe(self) -> str:
        parts = []
        for (a, b), rows in self._drawn.groupby(["a", "b"], sort=False):
            counts = "; ".join(
                f"{name_cell(row['cell'], (str(a), str(b)))}: {format_plural(row['images'], 'image')}"
                for row in rows.to_dict("records")
            )
            parts.append(f"{a} and {b}: {counts}")
        if not parts:
            return "This comparison has only one variant."
        text = join_parts(parts, ". ") + "."
        count = len(self._found) // len(CELLS)
        if len(parts) < count:
            text += f" The chart shows the first {len(parts)} of {count} pairs."
        return text


def name_cell(cell: str, pair: Pair) -> str:
    """Replace "the first" and "the second" with the names of the heads: "only GAP"."""
    return {"only the first": f"only {pair[0]}", "only the second": f"only {pair[1]}"}.get(cell, cell)
