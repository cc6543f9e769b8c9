"""Base classes of the views of a dataset, which are shown by the Data page and by `headroom datasets show`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.inspect import InspectedDataset
from core.displays.chart_view import Chart, ChartView
from core.displays.encoding import REPORT_PIXELS
from core.displays.image_strip import encode_image
from core.plural import format_plural
from core.registry import Registry

_CELL, _PICTURE, _LINE = 128, 96, 15  # pixels
_SMOOTH = 96  # larger images are smoothed when they are enlarged


@dataclass(frozen=True)
class DataDisplay(ChartView):
    """View of a dataset. A subclass is in a file of the same name and has defaults for all settings."""

    data: InspectedDataset


@dataclass(frozen=True)
class ImageCell:
    """Image, uint8 of shape (height, width, channels), with its title, a second line and its alt text."""

    image: NDArray[np.uint8]
    title: str
    caption: str
    alt: str


@dataclass(frozen=True)
class ImageView(DataDisplay):
    """View that consists of images: on a page they fill its width, in a file they are a chart."""

    @abstractmethod
    def cells(self) -> list[ImageCell]:
        """Return the images in order."""

    def html(self) -> str:
        return build_image_cells(self.cells())

    def chart(self) -> Chart | None:
        cells = self.cells()
        if not cells:
            return None
        per_row = REPORT_PIXELS // _CELL
        height = _PICTURE + 2 * _LINE + 8
        frame = pd.DataFrame(
            {
                "url": encode_image(cell.image),
                "title": cell.title,
                "caption": cell.caption,
                "x": (number % per_row + 0.5) * _CELL,
                "y": number // per_row * height + _PICTURE / 2,
            }
            for number, cell in enumerate(cells)
        )
        base = alt.Chart(frame).encode(x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None, axis=None))
        texts: dict[str, Any] = {"fontSize": 11, "limit": _CELL - 4}
        return alt.layer(
            base.mark_image(width=_PICTURE, height=_PICTURE).encode(
                url=alt.Url("url:N"), tooltip=[alt.Tooltip("title:N"), alt.Tooltip("caption:N")]
            ),
            base.mark_text(dy=_PICTURE / 2 + 0.7 * _LINE, fontWeight="bold", **texts).encode(text=alt.Text("title:N")),
            base.mark_text(dy=_PICTURE / 2 + 1.7 * _LINE, **texts).encode(text=alt.Text("caption:N")),
        ).properties(width=_CELL * min(per_row, len(cells)), height=-(-len(cells) // per_row) * height)


def build_image_cells(cells: Sequence[ImageCell], columns: int | None = None) -> str:
    """Return the images as an HTML grid that fills the available width; by default with as many columns as fit."""
    repeated = "auto-fill,minmax(104px,1fr)" if columns is None else f"{columns},minmax(0,1fr)"
    return (
        f'<div style="display:grid;gap:12px;grid-template-columns:repeat({repeated})">'
        f"{''.join(map(_build_cell, cells))}</div>"
    )


def _build_cell(cell: ImageCell) -> str:
    pixelated = "" if max(cell.image.shape) > _SMOOTH else ";image-rendering:pixelated"
    text = "overflow:hidden;font-size:0.8rem;line-height:1.35;overflow-wrap:anywhere"
    lines = f"{text};display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp"
    return (
        f'<figure style="margin:0;min-width:0"><img src="{encode_image(cell.image)}" alt="{escape(cell.alt)}" '
        'style="width:100%;aspect-ratio:1;object-fit:contain;background:rgba(128,138,150,0.14);border-radius:4px'
        f'{pixelated}"><figcaption><div style="{lines}:2;font-weight:600" title="{escape(cell.title)}">'
        f'{escape(cell.title)}</div><div style="{lines}:1;opacity:0.8" title="{escape(cell.caption)}">'
        f"{escape(cell.caption)}</div></figcaption></figure>"
    )


def count_names(data: InspectedDataset, count: int | None = None) -> str:
    """Return "3 classes" or "40 attributes"; by default, the number of all of them."""
    count = len(data.names) if count is None else count
    return format_plural(count, data.noun)


DATA_DISPLAYS: Registry[Any] = Registry("core.displays.data", "view of a dataset")
