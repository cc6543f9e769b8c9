"""What a session looks at: the store, the chosen comparison, and the URL that names it."""

import streamlit as st

from core.errors import ComparisonError
from core.home import Home
from core.store.comparison import Comparison, Offer, list_offers
from core.store.run_store import RunStore
from core.ui import url, widget
from core.ui.access import user

url.register("compare", "runs")

TICKED = "Custom selection"


@st.cache_resource(show_spinner=False)
def _store(path: str) -> RunStore:
    return RunStore(Home.default())


def home() -> Home:
    """
    Raises:
        AccessError: when the person of this session is not let in, or not any more: then nothing is to be read.
    """
    user()
    return Home.default()


def store() -> RunStore:
    """The runs of the home, one index for all sessions."""
    return _store(str(home().path))


@st.cache_resource(show_spinner=False, max_entries=8)
def _offers(path: str, generation: tuple[int, ...]) -> list[Offer]:
    return list_offers(store().frame())


def offers() -> list[Offer]:
    """All comparisons that the cached runs make possible, the one for the front page first."""
    return _offers(str(home().path), store().generation)


@st.cache_resource(show_spinner=False, max_entries=64)
def _comparison(path: str, run_ids: tuple[str, ...], written: tuple[int, ...]) -> Comparison:
    return Comparison.of(store().open_all(run_ids))


def open_comparison(run_ids: tuple[str, ...]) -> Comparison:
    """Opens runs once for all sessions; a run that was replaced on disk is opened anew."""
    paths = [store().path(run_id) for run_id in run_ids]
    written = tuple((path / "record.json").stat().st_mtime_ns if path else 0 for path in paths)
    return _comparison(str(home().path), run_ids, written)


def ticked_ids() -> tuple[str, ...]:
    text = str(st.session_state.get("runs", ""))
    return tuple(dict.fromkeys(part.strip() for part in text.replace(";", ",").split(",") if part.strip()))


def pick_comparison() -> None:
    """The picker in the sidebar. Its choice is in the URL, so a link opens the same comparison."""
    choices = [offer.label for offer in offers()]
    if "runs" in st.query_params and "compare" not in st.query_params and "compare" not in st.session_state:
        st.session_state["compare"] = TICKED  # a link that names runs means them
    if wanted := st.session_state.pop("wanted", None):
        st.session_state["compare"] = wanted
    if ids := st.session_state.pop("wanted runs", None):
        st.session_state["runs"] = ids
    with st.sidebar:
        chosen = widget.selectbox(
            "Comparison", [*choices, TICKED], key="compare", help="Every page speaks about this comparison."
        )
        if chosen == TICKED:
            widget.set_text(
                "Run ids",
                key="runs",
                placeholder="3f9a12bc44d0, 77e0…",
                help="Separated by commas. Tick runs in the table on the Compare page to fill this in.",
            )


def chosen_comparison() -> Comparison | None:
    """The comparison that every page speaks about; None when there is no run to speak of.

    Raises:
        HeadroomError: when a chosen run is gone, damaged, or cannot be compared with the others.
    """
    if store().frame().empty:
        return None
    key = st.session_state.get("compare")
    if key == TICKED:
        ids = ticked_ids()
        if not ids:
            raise ComparisonError("Expected the ids of finished runs; got none. Tick some below, or pick a comparison.")
        return open_comparison(tuple(store().find(run_id).run_id for run_id in ids))
    offer = next((offer for offer in offers() if offer.label == key), None)
    return open_comparison(offer.run_ids) if offer else None


def compare_runs(run_ids: list[str]) -> None:
    """Turns all pages to a comparison of these runs."""
    st.session_state["wanted"], st.session_state["wanted runs"] = TICKED, ",".join(run_ids)


def compare_with_siblings(run_id: str) -> None:
    """Turns all pages to the comparison that a run belongs to."""
    offer = next((offer for offer in offers() if run_id in offer.run_ids), None)
    if offer:
        st.session_state["wanted"] = offer.label  # the picker is drawn already; it follows in the next run
