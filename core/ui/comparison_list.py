"""Comparisons that the picker offers, cached for all sessions, and those that a session has opened."""

import streamlit as st

from core.displays.sweep import name_sweep
from core.home import Home
from core.jobs.comparison_list import ListedComparison, list_comparisons
from core.jobs.sweep_store import list_sweeps
from core.store.comparison import Offer, list_offers
from core.store.run_store import RunStore
from core.store.saved_comparison import list_saved

_RECENT, _MAX_RECENT = "recent comparisons", 4


@st.cache_resource(show_spinner=False, max_entries=8)
def _offers(path: str, generation: tuple[int, ...], _store: RunStore) -> list[Offer]:
    return list_offers(_store.frame())


def find_all_offers(store: RunStore) -> list[Offer]:
    """Return the comparisons of all recipes and configurations, the most informative first."""
    return _offers(str(store.home.path), store.generation, store)


@st.cache_resource(show_spinner=False, max_entries=8)
def _listed(
    path: str, generation: tuple[int, ...], changed: tuple[int, ...], _store: RunStore
) -> list[ListedComparison]:
    frame = _store.frame()
    sweeps = {sweep.sweep_id: (sweep, name_sweep(sweep)) for sweep in list_sweeps(_store.home)}
    heads = dict(zip(frame["run_id"], frame["head"], strict=True))
    return list_comparisons(find_all_offers(_store), sweeps, list_saved(_store.home), heads)


def find_all_listed(store: RunStore) -> list[ListedComparison]:
    """Return all comparisons of the picker, read again when a run, a sweep or a saved comparison was added."""
    return _listed(str(store.home.path), store.generation, _read_times(store.home), store)


def _read_times(home: Home) -> tuple[int, ...]:
    """Return the times at which a file was added to or removed from the folders of sweeps and saved comparisons."""
    folders = home.jobs / "sweeps", home.comparisons
    return tuple(folder.stat().st_mtime_ns if folder.is_dir() else 0 for folder in folders)


def list_recent(current: str) -> list[str]:
    """Return the IDs of the comparisons that this session has shown before, newest first, and note the current one."""
    opened: list[str] = st.session_state.setdefault(_RECENT, [])
    if current and (not opened or opened[0] != current):
        opened[:] = [current, *(key for key in opened if key != current)][: _MAX_RECENT + 1]
    return [key for key in opened if key != current]
