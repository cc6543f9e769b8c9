"""Session state: the run store, and the selected comparison that is part of the URL."""

import streamlit as st

from core.errors import ComparisonError
from core.home import Home
from core.jobs.diverged import add_diverged
from core.store.comparison import Comparison, Offer, list_offers
from core.store.run_store import RunStore
from core.ui import url, widget
from core.ui.access import user

url.register("compare", "runs")

CUSTOM = "Custom selection"
_NEXT, _NEXT_RUNS = "next comparison", "next run IDs"  # set after the picker was drawn, applied in the next run


@st.cache_resource(show_spinner=False)
def _store(path: str) -> RunStore:
    return RunStore(Home.default())


def home() -> Home:
    """Return the home of this dashboard.

    Raises:
        AccessError: when the user of this session is not authorized, or no longer.
    """
    user()
    return Home.default()


def store() -> RunStore:
    """Return the run store of the home, one index for all sessions."""
    return _store(str(home().path))


@st.cache_resource(show_spinner=False, max_entries=8)
def _offers(path: str, generation: tuple[int, ...]) -> list[Offer]:
    return list_offers(store().frame())


def offers() -> list[Offer]:
    """Return all comparisons of the finished runs, the default one first."""
    return _offers(str(home().path), store().generation)


@st.cache_resource(show_spinner=False, max_entries=64)
def _comparison(path: str, run_ids: tuple[str, ...], written: tuple[int, ...]) -> Comparison:
    return Comparison.of(store().open_all(run_ids))


def open_comparison(run_ids: tuple[str, ...]) -> Comparison:
    """Open a comparison, cached for all sessions; a run that was replaced on disk is reloaded."""
    paths = [store().path(run_id) for run_id in run_ids]
    written = tuple((path / "record.json").stat().st_mtime_ns if path else 0 for path in paths)
    return add_diverged(home(), _comparison(str(home().path), run_ids, written))


def read_run_ids() -> tuple[str, ...]:
    """Return the run IDs of the custom selection."""
    text = str(st.session_state.get("runs", ""))
    return tuple(dict.fromkeys(part.strip() for part in text.replace(";", ",").split(",") if part.strip()))


def show_comparison_picker() -> None:
    """Show the comparison picker in the sidebar. Its selection is part of the URL."""
    choices = [offer.label for offer in offers()]
    if "runs" in st.query_params and "compare" not in st.query_params and "compare" not in st.session_state:
        st.session_state["compare"] = CUSTOM  # a link with run IDs only
    if label := st.session_state.pop(_NEXT, None):
        st.session_state["compare"] = label
    if ids := st.session_state.pop(_NEXT_RUNS, None):
        st.session_state["runs"] = ids
    with st.sidebar:
        selected = widget.selectbox(
            "Comparison",
            [*choices, CUSTOM],
            key="compare",
            unknown="The comparison in this link no longer exists.",
            help=f"All pages show this comparison. For {CUSTOM.lower()}, select runs on the Runs page.",
        )
        if selected == CUSTOM:
            widget.synced_text(
                "Run IDs",
                key="runs",
                placeholder="3f9a12bc44d0, 77e0…",
                help="Separated by commas. To fill in this field, select runs on the Runs page.",
            )


def selected_comparison() -> Comparison | None:
    """Return the comparison that all pages show, or None if there are no runs.

    Raises:
        HeadroomError: when a selected run does not exist, is damaged, or cannot be compared with the others.
    """
    if store().frame().empty:
        return None
    key = st.session_state.get("compare")
    if key == CUSTOM:
        ids = read_run_ids()
        if not ids:
            raise ComparisonError("No runs are selected. Select runs on the Runs page, or choose another comparison.")
        return open_comparison(tuple(store().find(run_id).run_id for run_id in ids))
    offer = next((offer for offer in offers() if offer.label == key), None)
    return open_comparison(offer.run_ids) if offer else None


def compare_runs(run_ids: list[str]) -> None:
    """Select a comparison of these runs on all pages, from the next script run on."""
    st.session_state[_NEXT], st.session_state[_NEXT_RUNS] = CUSTOM, ",".join(run_ids)


def compare_with_siblings(run_id: str) -> None:
    """Select the comparison that contains a run on all pages, from the next script run on."""
    offer = next((offer for offer in offers() if run_id in offer.run_ids), None)
    if offer:
        st.session_state[_NEXT] = offer.label
