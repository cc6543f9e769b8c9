"""Tiles: key figures side by side."""

from collections.abc import Hashable
from typing import Any

import streamlit as st

_ARROWS = {1: "green", -1: "red", 0: "gray"}


def draw_tiles(rows: list[dict[Hashable, Any]], better: list[int]) -> None:
    """Figures side by side, green where they are better (1), red where they are worse (−1)."""
    pairs = [half.container(horizontal=True) for half in st.columns(2)]  # a narrow screen keeps two in a row
    for number, row in enumerate(rows):
        pairs[number // 2].metric(
            f"{row['Figure']}, {row['Head']}",
            row["Value"],
            row["Difference"] or None,
            delta_color=_ARROWS[better[number]],  # type: ignore[arg-type]
            delta_arrow="off",
            border=True,
        )
