"""Runs on the same test set."""

import pandas as pd

from core.store.comparison import Comparison
from core.store.run_store import RunStore
from core.store.same_test_set import RunsOnTestSet
from tests.support.run_writer import RunWriter


def test_test_set_runs_are_all_runs_on_the_same_images(make_run: RunWriter, store: RunStore) -> None:
    mine = [make_run(head=head) for head in ("gap", "dense")]
    other = make_run(head="dense", units=32)
    make_run(head="gap", seed=1, test_images=100)  # other images
    test_set_runs = RunsOnTestSet.within(Comparison.of(mine), store.frame())
    assert {*test_set_runs.runs["run_id"]} == {run.run_id for run in (*mine, other)}
    assert test_set_runs.settings == ["units"]
    names = ["GAP", "Flatten + Dense · 32 dense units", "Flatten + Dense · 256 dense units"]
    assert test_set_runs.runs["name"].tolist() == names
    assert RunsOnTestSet.within(Comparison.of(mine), store.frame()).__str__() == str(test_set_runs)
    assert str(RunsOnTestSet.of(Comparison.of(mine))) != str(test_set_runs)


def test_test_set_runs_of_a_comparison_equal_those_of_the_list(make_run: RunWriter, store: RunStore) -> None:
    comparison = Comparison.of(
        make_run(head=head, seed=seed, train_images=images)
        for head in ("gap", "dense") for seed in (0, 1) for images in (500, None)
    )  # fmt: skip
    alone, listed = RunsOnTestSet.of(comparison), RunsOnTestSet.within(comparison, store.frame())
    columns = ["run_id", "configuration", "name"]
    pd.testing.assert_frame_equal(alone.runs[columns], listed.runs[columns])
    assert alone.settings == listed.settings == ["train_images"]
