"""Session state: the run store, and the selected comparison that is part of the URL."""

from collections.abc import Iterable
from contextlib import suppress

import streamlit as st

from core.analysis.baseline import find_best
from core.displays.markdown import escape_markdown
from core.errors import ComparisonError, HomeError
from core.home import Home, describe_error, hide_paths
from core.jobs.comparison_choice import RUNS, SAVED, SWEEP, choose_runs
from core.jobs.comparison_list import find_default, find_listed
from core.jobs.diverged import add_diverged
from core.plural import format_plural
from core.store.comparison import Comparison, Offer, find_offers
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.store.saved_comparison import find_saved_id, open_saved
from core.ui import url, widget
from core.ui.access import user
from core.ui.comparison_list import find_all_listed, find_all_offers, list_recent
from core.ui.errors import callback
from core.ui.navigation import has_request

url.register("compare", "baseline")

_CUSTOM = "Custom selection"
_PREFIXES = {"saved": "Saved: ", "recipe": "", "sweep": "Sweep: "}
_BASELINE, _CHOSEN = "baseline", "chosen baseline"
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


def offers() -> list[Offer]:
    """Return all comparisons of the finished runs, the most informative first."""
    return find_all_offers(store())


@st.cache_resource(show_spinner=False, max_entries=64)
def _comparison(path: str, run_ids: tuple[str, ...], written: tuple[int, ...]) -> Comparison:
    return Comparison.of(store().open_all(run_ids))


def open_comparison(run_ids: tuple[str, ...]) -> Comparison:
    """Open a comparison, cached for all sessions; a run that was replaced on disk is reloaded."""
    paths = [store().path(run_id) for run_id in run_ids]
    written = tuple((path / "record.json").stat().st_mtime_ns if path else 0 for path in paths)
    return add_diverged(home(), _comparison(str(home().path), run_ids, written))


def show_comparison_picker() -> None:
    """Show the comparison picker in the sidebar. The IDs of the comparison and its baseline are part of the URL."""
    if not has_request() and (selected := st.session_state.pop(_NEXT, None)):  # otherwise for the requested page
        st.session_state["compare"], st.session_state[_BASELINE] = selected
    elif "compare" not in st.session_state:
        _complete_link()
    with st.sidebar:
        selected = widget.hidden_text(key="compare") or _default_key()
        widget.hidden_text(key=_BASELINE)
        if (key := _replace_label(selected)) != selected:  # after Back to an old link
            select_comparison(key)
            st.rerun()
        labels = _label_options(selected)
        st.session_state[_PICKED] = RUNS if selected.startswith(RUNS) else selected if selected in labels else None
        st.selectbox(
            "Comparison",
            [*labels, RUNS],
            format_func=lambda key: labels.get(key, _CUSTOM),
            key=_PICKED,
            placeholder="Select a comparison",
            on_change=_pick,
            help="All pages show this comparison. Type to search recipes, sweeps, saved and recent comparisons. "
            f"For {_CUSTOM.lower()}, select runs on the Runs page.",
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


def _label_options(selected: str) -> dict[str, str]:
    """Return the labels of the comparisons in the picker by ID: recent ones, then by group. The selected one is part of
    it, whether it is listed or not."""
    labels = {one.key: _PREFIXES[one.group] + one.label for one in find_all_listed(store())}
    named = _name_comparisons() | labels
    if selected.startswith(SWEEP):
        named.setdefault(selected, f"Sweep {selected.removeprefix(SWEEP)}")
    opened = list_recent(selected)
    named |= {key: format_plural(key.count(",") + 1, "selected run") for key in opened if _is_selection(key)}
    recent = {key: f"Recent: {named[key]}" for key in opened if key in named}
    own = {selected: named[selected]} if selected in named else {}
    return recent | {key: label for key, label in labels.items() if key not in recent} | own


def _name_comparisons() -> dict[str, str]:
    """Return the labels of all comparisons by ID, also of those that the picker offers as a part of a sweep."""
    listed = {one.key: one.label for one in find_all_listed(store())}
    return {offer.key: offer.label for offer in offers()} | listed


def _is_selection(key: str) -> bool:
    return key.startswith(RUNS) and key != RUNS


def _complete_link() -> None:
    """Write the ID of the comparison to the URL: the link means the same one after other runs have finished."""
    given = st.query_params.get("compare", "")
    key = _replace_label(given) or (_default_key().removesuffix(RUNS) if has_runs() else "")
    if key == given:
        return
    st.query_params["compare"] = key
    if given:  # the label of an old link
        st.rerun()
    st.session_state["compare"] = key  # its widget does not read the URL again without another run of the script


def has_runs() -> bool:
    """Return whether there are runs to compare without a selection."""
    return not store().frame()["withheld"].all()


def _replace_label(text: str) -> str:
    """Return the ID of a comparison for its name, or for the label in an old link."""
    if text.startswith(SAVED):
        with suppress(ComparisonError):  # reported where the comparison is shown
            return SAVED + find_saved_id(home(), text)
        return text
    found = find_offers(offers(), text)
    return found[0].key if len(found) == 1 else text


def _default_key() -> str:
    """Return the ID of the comparison that a page without one opens. A link of an older version with other values opens
    what it opened then: the first offer."""
    if (found := offers()) and {*st.query_params} - {"compare"}:
        return find_listed(find_all_listed(store()), found[0].run_ids)
    return find_default(offers(), find_all_listed(store()), store().frame())


@callback
def _pick() -> None:
    picked = st.session_state[_PICKED]
    if picked:
        st.session_state["compare"], st.session_state[_BASELINE] = picked, _read_saved_baseline(picked)


@callback
def _pick_runs() -> None:
    st.session_state["compare"] = RUNS + st.session_state[_IDS]


def _read_saved_baseline(key: str) -> str:
    """Return the baseline of a saved comparison; "" for the default."""
    if not key.startswith(SAVED):
        return ""
    try:
        return open_saved(home(), key.removeprefix(SAVED)).baseline
    except ComparisonError:
        return ""  # reported where the comparison is shown


def selected_comparison() -> Comparison | None:
    """Return the comparison that all pages show, or None if there are no runs. Missing runs are left out (see
    `show_missing_runs`).

    Raises:
        HeadroomError: when the comparison or all of its runs no longer exist or are damaged, or the runs cannot be
            compared.
    """
    if not has_runs() and not st.session_state.get("compare"):
        return None
    try:
        chosen = choose_runs(store(), [selected_key()], offers)
    except ComparisonError as error:
        raise ComparisonError(f"{error} {_advise()}") from None
    st.session_state[_NOTICE] = chosen.notice
    comparison = open_comparison(chosen.run_ids)
    baseline = st.session_state.get(_BASELINE) or ""
    if baseline not in ["", *(variant.key for variant in comparison.variants)]:
        lost = f'The baseline "{baseline[: url.MAX_SHOWN]}" is not part of this comparison. The best variant is used.'
        st.session_state[_NOTICE], baseline = f"{chosen.notice} {lost}".strip(), ""
    return comparison.with_baseline(baseline)


def show_baseline_picker(comparison: Comparison) -> None:
    """Show the picker of the baseline in the sidebar, for comparisons of several variants."""
    if len(comparison.variants) < 2:
        return
    best = find_best(comparison)
    labels = {variant.key: variant.label for variant in comparison.variants}
    labels[best.key] += " (best)"
    st.session_state[_CHOSEN] = comparison.baseline or best.key
    st.sidebar.selectbox(
        "Baseline",
        [*labels],
        format_func=labels.__getitem__,
        key=_CHOSEN,
        on_change=_choose_baseline,
        args=(best.key,),
        help=f"All differences are to this {escape_markdown(comparison.noun)}. Default: the one with the highest "
        "validation accuracy.",
    )


@callback
def _choose_baseline(best: str) -> None:
    chosen = st.session_state[_CHOSEN]
    st.session_state[_BASELINE] = "" if chosen == best else chosen


def selected_key() -> str:
    """Return the ID of the comparison that all pages show."""
    return st.session_state.get("compare") or _default_key()


def name_comparison() -> str:
    """Return the name of the selected comparison for the browser tab."""
    key = selected_key()
    if key.startswith(SWEEP):
        return f"sweep {key.removeprefix(SWEEP)}"
    if key.startswith(RUNS):
        return format_plural(len(key.split(",")), "selected run")
    return _name_comparisons().get(key, key)


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
    st.session_state[_NEXT] = key, _read_saved_baseline(key)


def take_comparison() -> dict[str, str]:
    """Return the URL parameters of the comparison that was selected for the next page, or of the current one."""
    current = st.session_state.get("compare"), st.session_state.get(_BASELINE)
    selected = zip(("compare", _BASELINE), st.session_state.pop(_NEXT, None) or current, strict=True)
    return {name: value for name, value in selected if value}


def compare_with_siblings(run_ids: Iterable[str]) -> None:
    """Select the comparison that contains these runs (see `find_listed`) on all pages, from the next script run on."""
    select_comparison(find_listed(find_all_listed(store()), run_ids))
