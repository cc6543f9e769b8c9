"""Feature maps of each layer for a test image or for an image of the user, in a fold that computes them when open."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.analysis.feature_maps import compute_feature_maps
from core.displays.encoding import write_spec
from core.displays.feature_map_chart import build_feature_map_chart, describe_scale
from core.displays.markdown import escape_markdown
from core.displays.views.feature_maps import FeatureMaps
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.store.run import Run
from core.ui.display import cached_description, draw_spec, show_display

_EXPLANATION = (
    "Each map is the output of one kernel after its activation: early layers respond to edges and strokes, later ones "
    "to larger parts of the image."
)


def show_feature_maps(display: FeatureMaps) -> None:
    """Show the feature maps of a test image, or the reason without them."""
    with st.expander(display.title, on_change="rerun", key="feature-maps", icon=":material/layers:") as fold:
        if fold.open:
            st.caption(f"{_EXPLANATION} {escape_markdown(hide_paths(cached_description(display)))}")
            show_display(display, title="", table=False, described=True)


def show_drawn_feature_maps(runs: Mapping[str, Run], image: NDArray[np.uint8], palette: Mapping[str, str]) -> None:
    """Show the feature maps of an image, uint8 of shape (height, width, channels), that is the input of the models."""
    with st.expander(FeatureMaps.title, on_change="rerun", key="drawn-feature-maps", icon=":material/layers:") as fold:
        if not fold.open:
            return
        heads = {}
        for head, run in runs.items():
            try:
                heads[head] = compute_feature_maps(run, image)
            except HeadroomError as error:
                st.caption(escape_markdown(hide_paths(f"{head}: {describe_error(error)}")))
        if heads:
            st.caption(f"{_EXPLANATION} {escape_markdown(describe_scale(heads))}")
            chart = build_feature_map_chart(image, heads, palette)
            draw_spec(write_spec(chart), "Feature maps of each layer for this image.")
