"""Sections of the Data page; only the selected section is computed and drawn."""

import streamlit as st

from core.datasets.background import BackgroundJob, follow_statistics
from core.datasets.inspect import InspectedDataset
from core.datasets.statistics import open_statistics
from core.displays.data.aspect_ratios import AspectRatios
from core.displays.data.class_counts import ClassCounts
from core.displays.data.class_samples import ClassSamples
from core.displays.data.image_sizes import ImageSizes
from core.displays.data.left_out import LeftOut
from core.displays.data.mean_images import MeanImages
from core.displays.data.model_input import ModelInput
from core.displays.data.overview import Overview
from core.displays.data.pixel_range import PixelRange
from core.displays.markdown import escape_markdown
from core.plural import format_plural
from core.recipes import find_general_recipe
from core.spec import DATASETS, SETTINGS
from core.ui import url, widget
from core.ui.data.display import cached_data_description, cached_data_frame, show_data_display
from core.ui.data.findings import show_data_findings
from core.ui.data.samples import show_samples
from core.ui.data.source import show_source
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.session import home
from core.ui.tiles import draw_tiles

url.register("data_section", "input_side", "mean_page", "left_out_page")

_WAIT_SECONDS = 0.1  # longer computations show their progress
_TABLE_ROWS = 12


def show_data_section(data: InspectedDataset) -> None:
    """Show the section picker and the selected section."""
    section = widget.segmented(
        "Section", [*SECTIONS], key="data_section", format_func=lambda name: SECTIONS[name][0],
        label_visibility="collapsed",
    )  # fmt: skip
    with handle_errors():
        SECTIONS[section][1](data)


def _show_overview(data: InspectedDataset) -> None:
    figures = cached_data_frame(Overview(data))
    draw_tiles(
        [{"name": row.figure, "head": "", "value": row.value, "note": row.note} for row in figures.itertuples()],
        figures["rating"].tolist(),
    )
    show_data_findings(data)
    left, right = st.columns(2, gap="large")
    with left:
        show_data_display(ClassCounts(data))
        if not data.info.validation_count:
            st.caption(
                f"By default, the last {SETTINGS['validation_fraction'].default:.0%} of the training images are used "
                "for validation; hyperparameters change this."
            )
    with right:
        show_data_display(ClassSamples(data), table=False)


def _show_input(data: InspectedDataset) -> None:
    low, high = int(SETTINGS["side"].low or 1), min(data.info.input_shape[:2])
    default = _find_side(data)
    st.header(ModelInput.title, anchor=False)
    if high > low and "side" in DATASETS[data.info.name].uses:
        side = widget.number(
            "Image side (pixels)", low, high, key="input_side", value=default, width=200,
            help="Side length of the images that a model receives, the hyperparameter of the Train page.",
        )  # fmt: skip
    else:
        side = None
    if data.sizes is None:
        st.info(
            "The sizes of the source files were not recorded when this dataset was added. Remove it and add it again "
            "to see them and what was cut.",
            icon=":material/info:",
        )
    show_data_display(ModelInput(data, side), title=False)
    st.caption(escape_markdown(cached_data_description(AspectRatios(data))))
    if data.sizes is not None and len(data.sizes) > 1:
        left, right = st.columns(2, gap="large")
        with left:
            show_data_display(ImageSizes(data))
        with right:
            show_data_display(AspectRatios(data))
    elif data.sizes is not None:
        st.caption(escape_markdown(cached_data_description(ImageSizes(data))))


def _find_side(data: InspectedDataset) -> int:
    """Return the side of the general recipe for this dataset, at most the stored size."""
    stored = min(data.info.input_shape[:2])
    return min(find_general_recipe(data.info.name).spec.side or stored, stored)


def _show_pixels(data: InspectedDataset) -> None:
    if open_statistics(data.dataset) is None:
        found = follow_statistics(home(), data.dataset, _WAIT_SECONDS)
        if isinstance(found, BackgroundJob):
            _watch_statistics(data)
            return
    low, high = data.report.value_range
    if (low, high) != (0, 255):
        st.caption(
            f"Images of more than 8 bits: values from {low:,g} to {high:,g} were scaled to 0 to 255 when the dataset "
            "was added. Other images are unchanged."
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(MeanImages.title, anchor=False)
        means = MeanImages(data)
        page = (
            widget.number(f"Page of {means.pages:,}", 1, means.pages, key="mean_page", width=140)
            if means.pages > 1
            else 1
        )
        show_data_display(MeanImages(data, page), title=False, table=False)
    with right:
        show_data_display(PixelRange(data))


@st.fragment(run_every=1.0)
def _watch_statistics(data: InspectedDataset) -> None:
    with handle_errors():
        job = follow_statistics(home(), data.dataset, 0)
        if not isinstance(job, BackgroundJob):
            st.rerun()
        text = f"{job.done:,} of {format_plural(job.total, 'image')}" if job.total else "starting"
        st.progress(job.done / max(job.total, 1), f"Computing mean images and pixel values: {text}")


def _show_left_out(data: InspectedDataset) -> None:
    left_out = LeftOut(data)
    st.header(left_out.title, anchor=False)
    st.write(escape_markdown(left_out.describe()))
    if data.report.skipped:
        show_data_display(left_out, title=False, table=False)
        pages = -(-len(data.report.skipped) // _TABLE_ROWS)
        page = widget.number(f"Page of {pages:,}", 1, pages, key="left_out_page", width=140) if pages > 1 else 1
        table = left_out.table()[(page - 1) * _TABLE_ROWS : page * _TABLE_ROWS]
        show_frame(table, words=("Reason",))
        st.download_button(
            "Download CSV",
            left_out.csv,
            file_name=f"{data.key}-left-out.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"left-out-{data.version}",
        )
    if data.report.ignored:
        st.caption(f"System files, never images, were ignored: {escape_markdown(', '.join(data.report.ignored))}.")


SECTIONS = {
    "overview": ("Overview", _show_overview),
    "images": ("Images", show_samples),
    "input": ("Sizes and model input", _show_input),
    "pixels": ("Pixel values", _show_pixels),
    "left_out": ("Files left out", _show_left_out),
    "source": ("Source and runs", show_source),
}
