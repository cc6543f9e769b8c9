"""The parts of the Compare page."""

import streamlit as st

from core.analysis.prediction import select_seed_runs
from core.displays.headline import write_cautions, write_facts, write_headline
from core.displays.markdown import escape_markdown
from core.displays.views.first import FirstImages
from core.displays.views.gallery import Gallery
from core.displays.views.published import PublishedResults
from core.displays.views.tiles import Tiles
from core.errors import DatasetError
from core.reports.reproduction import build_reproduction
from core.store.comparison import Comparison
from core.ui.display import keep, keep_of, show_table, tabulate
from core.ui.image_grid import show_cells
from core.ui.session import home
from core.ui.share import share_comparison
from core.ui.tiles import draw_tiles


def show_headline(comparison: Comparison) -> None:
    """The sentence, and below it what it was measured on."""
    st.title(keep(comparison, write_headline), anchor=False)
    st.caption(" · ".join(keep(comparison, write_facts)))


def show_tiles(comparison: Comparison) -> None:
    tiles = Tiles(comparison)
    draw_tiles(tabulate(tiles).to_dict("records"), keep_of(tiles, Tiles.frame)["better"].tolist())


def show_cautions(comparison: Comparison) -> None:
    """What the checks found."""
    if any(len(variant.runs) > 1 for variant in comparison.variants):
        st.caption("± is the standard deviation over the seeds; intervals are on the Evidence page.")
    if cautions := keep(comparison, write_cautions):
        st.info("**Keep in mind.** " + " ".join(cautions), icon=":material/info:")


def show_ways_on(comparison: Comparison) -> None:
    """To all that was asked of the finding, and to those whom it should be shown to."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.page_link("pages/evidence.py", label="How sure is that?", icon=":material/fact_check:")
        share_comparison(comparison)


def show_images(comparison: Comparison) -> None:
    """Two strips: the first test images, and those that only one head gets right."""
    try:
        _show_first(FirstImages(comparison, home()))
        if len(comparison.variants) > 1:
            _show_only_one_right(
                Gallery(comparison, home(), show="only one correct", order="most confident first", page_size=6)
            )
    except DatasetError as error:
        st.info(str(error))


def _show_first(first: FirstImages) -> None:
    st.subheader(first.title, anchor=False)
    st.caption(f"As they are stored, {_write_runs(first)}. {escape_markdown(first.explain())}")
    show_cells(first, first.frame(), key="first")


def _write_runs(gallery: Gallery) -> str:
    """Whose guesses they are, where a head has runs with several seeds."""
    seeds = {head: run.spec.seed for head, run in select_seed_runs(gallery.comparison, gallery.seed).items()}
    same = len(set(seeds.values())) == 1
    said = [f"{head} with seed {seed}" for head, seed in seeds.items()]
    return f"by the runs {f'with seed {min(seeds.values())}' if same else ', '.join(said)}"


def _show_only_one_right(gallery: Gallery) -> None:
    frame = gallery.frame()
    st.subheader("Images that only one head gets right", anchor=False)
    st.caption(f"The surest first, {_write_runs(gallery)}.")
    if frame.empty:
        st.write("There are none: on every test image, all heads are right or more than one is.")
        return
    show_cells(gallery, frame, key="strip")
    st.page_link(
        "pages/predictions.py", label=f"All {len(gallery.selected()):,} of them", icon=":material/image_search:"
    )


def show_published(published: PublishedResults) -> None:
    """What the author printed beside what was measured here, and whether the two may be compared."""
    st.subheader(published.title, anchor=False)
    if note := published.note():
        st.caption(note)
    show_table(published)


def show_reproduction(comparison: Comparison) -> None:
    """A fold: what colours commands is the largest thing a browser would have to load for this page."""
    with st.expander("How to reproduce it", on_change="rerun", key="reproduce", icon=":material/terminal:") as fold:
        if not fold.open:
            return
        st.code("\n".join(keep(comparison, build_reproduction).commands), language="bash")
