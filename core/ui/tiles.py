"""Tiles of key metrics."""

from collections.abc import Hashable
from typing import Any

import streamlit as st

from core.displays.label import shorten
from core.displays.markdown import escape_markdown

_LABEL_CHARS, _MIN_HEAD_CHARS = 31, 10  # two tiles fit half a page
_COLORS = {1: "green", -1: "red", 0: "gray"}


def draw_tiles(rows: list[dict[Hashable, Any]], better: list[int]) -> None:
    """Draw one tile per row.

    Args:
        rows: name, head (or an empty text), value and difference of each metric, in this order.
        better: 1 for a better value (green), −1 for a worse one (red), 0 for neither.
    """
    pairs = [half.container(horizontal=True) for half in st.columns(2)]  # keeps two tiles per row on a narrow screen
    for index, row in enumerate(rows):
        name, head, value, difference = row.values()
        short = shorten(str(head), max(_MIN_HEAD_CHARS, _LABEL_CHARS - len(str(name))))
        pairs[index // 2].metric(
            escape_markdown(f"{name}, {short}" if head else str(name)),
            escape_markdown(value),
            escape_markdown(difference) if difference else None,
            delta_color=_COLORS[better[index]],  # type: ignore[arg-type]
            delta_arrow="off",
            border=True,
            help=None if short == head else escape_markdown(str(head)),
        )
