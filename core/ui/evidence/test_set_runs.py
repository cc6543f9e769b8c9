"""Finished runs on the test set of a comparison, cached for all sessions."""

import streamlit as st

from core.analysis.hyperparameter_curve import list_hyperparameters
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet
from core.ui.session import home, store


def find_test_set_runs(comparison: Comparison, *, own: bool = False) -> RunsOnTestSet:
    """Return all finished runs on the test set of a comparison, or only its own runs."""
    diverged = (*comparison.diverged, *comparison.diverged_others)
    ids = (*(run.run_id for run in comparison.runs), *(spec.run_id for spec in diverged))
    return _find(str(home().path), store().generation, ids, own, comparison)


@st.cache_resource(show_spinner=False, max_entries=32)
def _find(
    path: str, generation: tuple[int, ...], run_ids: tuple[str, ...], own: bool, _comparison: Comparison
) -> RunsOnTestSet:
    return RunsOnTestSet.of(_comparison) if own else RunsOnTestSet.within(_comparison, store().frame())


def list_varied_settings(test_set_runs: RunsOnTestSet) -> list[str]:
    """Return the hyperparameters that are the only difference, except the seed, between at least two runs."""
    return _list_varied(str(test_set_runs), test_set_runs)


@st.cache_resource(show_spinner=False, max_entries=32)
def _list_varied(key: str, _test_set_runs: RunsOnTestSet) -> list[str]:
    return list_hyperparameters(_test_set_runs)
