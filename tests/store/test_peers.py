"""Runs on the same test set."""

import pandas as pd

from core.store.comparison import Comparison
from core.store.peers import Peers
from core.store.runs import RunStore
from tests.support.run_writer import RunWriter


def test_peers_are_all_runs_on_the_same_images(make_run: RunWriter, store: RunStore) -> None:
    mine = [make_run(head=head) for head in ("gap", "dense")]
    other = make_run(head="dense", units=32)
    make_run(head="gap", seed=1, test_images=100)  # other images
    peers = Peers.within(Comparison.of(mine), store.frame())
    assert {*peers.runs["run_id"]} == {run.run_id for run in (*mine, other)}
    assert peers.knobs == ["units"]
    names = ["GAP", "Flatten + Dense · 32 dense units", "Flatten + Dense · 256 dense units"]
    assert peers.runs["name"].tolist() == names
    assert Peers.within(Comparison.of(mine), store.frame()).__str__() == str(peers)
    assert str(Peers.of(Comparison.of(mine))) != str(peers)


def test_peers_of_a_comparison_are_those_of_the_list(make_run: RunWriter, store: RunStore) -> None:
    comparison = Comparison.of(
        make_run(head=head, seed=seed, train_images=images)
        for head in ("gap", "dense") for seed in (0, 1) for images in (500, None)
    )  # fmt: skip
    alone, listed = Peers.of(comparison), Peers.within(comparison, store.frame())
    columns = ["run_id", "setting", "name"]
    pd.testing.assert_frame_equal(alone.runs[columns], listed.runs[columns])
    assert alone.knobs == listed.knobs == ["train_images"]
