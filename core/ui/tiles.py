"""Tiles of key metrics."""

from collections.abc import Hashable
from typing import Any

import streamlit as st

from core.displays.markdown import escape_markdown

_HEAD_CHARS = 12  # of a head that fits into four tiles in a row
_COLORS = {1: "green", -1: "red", 0: "gray"}


def draw_tiles(rows: list[dict[Hashable, Any]], better: list[int]) -> None:
    """Draw one tile per row.

    Args:
        rows: name, head (or an empty text), value and difference of each metric, in this order. A long head is above
            the tiles.
        better: 1 for a better value (green), −1 for a worse one (red), 0 for neither.
    """
    long = [head for _, head, *_ in (map(str, row.values()) for row in rows) if len(head) > _HEAD_CHARS]
    for head in dict.fromkeys(long):
        st.markdown(f"**{escape_markdown(head)}**")
    pairs = [half.container(horizontal=True) for half in st.columns(2)]  # keeps two tiles per row on a narrow screen
    for index, row in enumerate(rows):
        name, head, value, difference = row.values()
        pairs[index // 2].metric(
            escape_markdown(f"{name}, {head}" if head and head not in long else str(name)),
            escape_markdown(value),
            escape_markdown(difference) if difference else None,
            delta_color=_COLORS[better[index]],  # type: ignore[arg-type]
            delta_arrow="off",
            border=True,
        )
