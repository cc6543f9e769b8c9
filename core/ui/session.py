"""Session state: the run store, and the selected comparison that is part of the URL."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.errors import ComparisonError, HomeError
from core.home import Home, describe_error, hide_paths
from core.jobs.comparison_choice import RUNS, SWEEP, choose_runs
from core.jobs.diverged import add_diverged
from core.store.comparison import Comparison, Offer, find_offers, list_offers
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.ui import url, widget
from core.ui.access import user
from core.ui.errors import callback

url.register("compare")

_CUSTOM = "Custom selection"
_PICKED, _IDS = "picked comparison", "runs"
_NOTICE = "missing runs"
_NEXT = "next comparison"  # set after the picker was drawn, applied in the next run


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


def read_notes() -> dict[str, Note]:
    """Return all notes; if they cannot be read, show the reason and return none."""
    try:
        return NoteBook(home()).read_all()
    except HomeError as error:
        st.warning(escape_markdown(describe_error(error)), icon=":material/warning:")
        return {}


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


def show_comparison_picker() -> None:
    """Show the comparison picker in the sidebar. The ID of the selected comparison is part of the URL."""
    if selected := st.session_state.pop(_NEXT, None):
        st.session_state["compare"] = selected
    elif "compare" not in st.session_state:
        _complete_link()
    with st.sidebar:
        selected = widget.hidden_text(key="compare") or _default_key()
        if (key := _replace_label(selected)) != selected:  # after Back to an old link
            select_comparison(key)
            st.rerun()
        labels = {offer.key: offer.label for offer in offers()}
        if selected.startswith(SWEEP):
            labels[selected] = f"Sweep {selected.removeprefix(SWEEP)}"
        st.session_state[_PICKED] = RUNS if selected.startswith(RUNS) else selected if selected in labels else None
        st.selectbox(
            "Comparison",
            [*labels, RUNS],
            format_func=lambda key: labels.get(key, _CUSTOM),
            key=_PICKED,
            placeholder="Select a comparison",
            on_change=_pick,
            help=f"All pages show this comparison. For {_CUSTOM.lower()}, select runs on the Runs page.",
        )
        if selected.startswith(RUNS):
            st.session_state[_IDS] = selected.removeprefix(RUNS)
            st.text_input(
                "Run IDs",
                max_chars=widget.MAX_CHARS,
                key=_IDS,
                placeholder="3f9a12bc44d0, 77e0…",
                on_change=_pick_runs,
                help="Separated by commas. To fill in this field, select runs on the Runs page.",
            )


def _complete_link() -> None:
    """Write the ID of the comparison to the URL: the link means the same one after other runs have finished."""
    given = st.query_params.get("compare", "")
    key = _replace_label(given) or (_default_key() if offers() else "")
    if key != given:
        st.query_params["compare"] = key
        st.rerun()


def _replace_label(text: str) -> str:
    """Return the ID of the comparison of an old link, whose value was a label."""
    found = find_offers(offers(), text)
    return found[0].key if len(found) == 1 else text


def _default_key() -> str:
    return offers()[0].key if offers() else RUNS


@callback
def _pick() -> None:
    picked = st.session_state[_PICKED]
    if picked:
        st.session_state["compare"] = picked


@callback
def _pick_runs() -> None:
    st.session_state["compare"] = RUNS + st.session_state[_IDS]


def selected_comparison() -> Comparison | None:
    """Return the comparison that all pages show, or None if there are no runs. Missing runs are left out (see
    `show_missing_runs`).

    Raises:
        HeadroomError: when the comparison or all of its runs no longer exist or are damaged, or the runs cannot be
            compared.
    """
    if store().frame().empty and not st.session_state.get("compare"):
        return None
    try:
        chosen = choose_runs(store(), [st.session_state.get("compare") or _default_key()], offers)
    except ComparisonError as error:
        raise ComparisonError(f"{error} {_advise()}") from None
    st.session_state[_NOTICE] = chosen.notice
    return open_comparison(chosen.run_ids)


def show_missing_runs() -> None:
    """Warn about the runs that the selected comparison has lost."""
    if notice := st.session_state.get(_NOTICE):
        st.warning(escape_markdown(hide_paths(notice)), icon=":material/link_off:")


def _advise() -> str:
    advice = "Restore its runs on the Runs page, or " if store().deleted() else ""
    advice += "select another comparison." if offers() else "train runs on the Train page."
    return advice[0].upper() + advice[1:]


def compare_runs(run_ids: list[str]) -> None:
    """Select a comparison of these runs on all pages, from the next script run on."""
    select_comparison(RUNS + ",".join(run_ids))


def select_comparison(key: str) -> None:
    """Select a comparison on all pages, from the next script run on."""
    st.session_state[_NEXT] = key


def compare_with_siblings(run_id: str) -> None:
    """Select the comparison that contains a run on all pages, from the next script run on."""
    offer = next((offer for offer in offers() if run_id in offer.run_ids), None)
    if offer:
        select_comparison(offer.key)
