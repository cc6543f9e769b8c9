"""Sections of the Compare page."""

import streamlit as st

from core.analysis.baseline import find_baseline
from core.analysis.prediction import select_seed_runs
from core.displays.headline import write_brief_headline, write_cautions, write_facts, write_headline
from core.displays.markdown import escape_markdown
from core.displays.sentence import write_sentences
from core.displays.views.curves import Curves
from core.displays.views.first import FirstImages
from core.displays.views.gallery import Gallery
from core.displays.views.heads import Heads
from core.displays.views.published import PublishedResults
from core.displays.views.tiles import Tiles
from core.errors import DatasetError
from core.home import describe_error
from core.reports.reproduction import build_reproduction
from core.store.comparison import MANY_VARIANTS, Comparison
from core.ui.compare.saved import show_latest_deleted, show_saving
from core.ui.display import (
    cached_display_result,
    cached_result,
    cached_table,
    show_data_table,
    show_display,
    show_frame,
    show_table,
)
from core.ui.heading import show_caveats, show_title
from core.ui.image_grid import CLICK, show_image_grid
from core.ui.session import home
from core.ui.share import share_comparison
from core.ui.tiles import draw_tiles

_TABLE_ROWS = 10
_ROW = 6  # images
_FEW_VARIANTS = 3  # more have tabs with one row of images, because each image has a line per variant


def show_comparison(comparison: Comparison) -> None:
    """Show all sections of the page."""
    _show_headline(comparison)
    heads = Heads(comparison)
    if many := len(comparison.variants) > MANY_VARIANTS:
        _show_differences(heads)
    _show_tiles(comparison)
    if many:
        show_data_table(heads, heads.title)
    else:
        show_table(heads)
    _show_caveats(comparison)
    _show_links(comparison)
    left, right = st.columns(2, gap="large")
    with left:
        show_display(heads, title="Accuracy against number of parameters", table=False)
    with right:
        curves = Curves(comparison, splits="validation")
        show_display(curves, title="Validation accuracy by epoch", table=False)
        st.caption(escape_markdown(write_sentences(cached_display_result(curves, Curves.explain))))
    if many:  # one line per variant below each image
        label = "Test images and predictions"
        linked, icon = "image" in st.query_params, ":material/image_search:"
        with st.expander(label, linked, on_change="rerun", key="images", icon=icon) as expander:
            if expander.open:
                _show_images(comparison)
    else:
        _show_images(comparison)
    _show_published(PublishedResults(comparison))
    _show_reproduction(comparison)


def _show_headline(comparison: Comparison) -> None:
    title, headline = (cached_result(comparison, write) for write in (write_brief_headline, write_headline))
    show_title(escape_markdown(title))
    if title != headline:
        st.markdown(escape_markdown(headline))
    st.caption(" · ".join(map(escape_markdown, cached_result(comparison, write_facts))))


def _show_differences(heads: Heads) -> None:
    """Show the accuracy of many variants with the difference from the baseline, before everything else."""
    show_frame(cached_display_result(heads, Heads.tabulate_differences), {}, rows=_TABLE_ROWS)
    baseline = escape_markdown(find_baseline(heads.comparison).label)
    st.caption(f"Differences from {baseline} in percentage points, with 95% confidence intervals.")


def _show_tiles(comparison: Comparison) -> None:
    tiles = Tiles(comparison)
    draw_tiles(cached_table(tiles).to_dict("records"), cached_display_result(tiles, Tiles.frame)["better"].tolist())


def _show_caveats(comparison: Comparison) -> None:
    if any(len(variant.runs) > 1 for variant in comparison.variants):
        st.caption("± is the standard deviation across seeds. Confidence intervals are on the Evidence page.")
    show_caveats(cached_result(comparison, write_cautions))


def _show_links(comparison: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.page_link("pages/evidence.py", label="View statistical evidence", icon=":material/fact_check:")
        if recipe := comparison.recipe:
            link = {"library": recipe.name}
            st.page_link(
                "pages/library.py", label="About this system", icon=":material/local_library:", query_params=link
            )
        show_saving(comparison)
        share_comparison(comparison)
    show_latest_deleted()


def _show_images(comparison: Comparison) -> None:
    """Show the first test images, and those that exactly one head predicts correctly."""
    few = len(comparison.variants) <= _FEW_VARIANTS
    first = FirstImages(comparison, home(), page_size=2 * _ROW if few else _ROW)
    strip = Gallery(comparison, home(), show="only one correct", order="most confident first", page_size=_ROW)
    title = f"Only one {escape_markdown(comparison.noun)} correct"
    try:
        if few:
            st.header(first.title, anchor=False)
            _show_first(first)
            if len(comparison.variants) > 1:
                st.header(title, anchor=False)
                _show_only_one_correct(strip)
            return
        for tab, gallery, show in zip(
            st.tabs([first.title, title]), (first, strip), (_show_first, _show_only_one_correct), strict=True
        ):
            with tab:
                show(gallery)
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))


def _show_first(first: Gallery) -> None:
    st.caption(f"In dataset order. {_describe_runs(first)} {escape_markdown(first.explain())} {CLICK}")
    show_image_grid(first, first.frame(), key="first")


def _describe_runs(gallery: Gallery) -> str:
    """Describe which seed made the predictions."""
    seeds = {head: run.spec.seed for head, run in select_seed_runs(gallery.comparison, gallery.seed).items()}
    if len(set(seeds.values())) == 1:
        return f"Predictions of seed {min(seeds.values()):d}."
    return f"Predictions of {', '.join(f'{escape_markdown(head)} (seed {seed:d})' for head, seed in seeds.items())}."


def _show_only_one_correct(gallery: Gallery) -> None:
    frame = gallery.frame()
    noun = escape_markdown(gallery.comparison.noun)
    st.caption(
        f"Test images that exactly one {noun} predicts correctly, most confident first. {_describe_runs(gallery)} "
        f"{CLICK}"
    )
    if frame.empty:
        st.write(f"No test image is predicted correctly by exactly one {noun}.")
        return
    show_image_grid(gallery, frame, key="strip", linked=False)
    st.page_link("pages/predictions.py", label=f"Show all {len(gallery.selected()):,}", icon=":material/image_search:")


def _show_published(published: PublishedResults) -> None:
    if published.frame().empty:
        return
    st.header(published.title, anchor=False)
    if note := published.note():
        st.caption(escape_markdown(note))
    show_table(published)


def _show_reproduction(comparison: Comparison) -> None:
    # rendered on demand: the syntax highlighter is the largest resource of this page
    label = "Reproduce these results"
    with st.expander(label, on_change="rerun", key="reproduce", icon=":material/terminal:") as expander:
        if not expander.open:
            return
        st.code("\n".join(cached_result(comparison, build_reproduction).commands), language="bash")
