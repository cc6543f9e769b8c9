"""Learning curves of a race: the longest run per candidate and seed, finished or in training."""

import json

import numpy as np

from core.advice.race_curves import RaceProgress, list_race_runs, read_race_progress
from core.home import Home
from tests.support.races import RUNGS, make_races, write_race
from tests.support.run_writer import RunWriter


def test_longest_curve_of_each_candidate_and_seed_is_read(home: Home, make_run: RunWriter) -> None:
    race = make_races(home)["seeds"]
    write_race(home, race, make_run)
    progress = read_race_progress(home, make_run.store, race)
    lengths = progress.curves.groupby(["key", "seed"], sort=False).size()
    keys = [one.key for one in race.candidates]
    assert lengths.to_dict() == {
        (keys[0], 0): 3, (keys[1], 0): 6, (keys[2], 0): 6,
        **{(key, seed): 12 for key in keys[3:5] for seed in range(3)},
    }  # fmt: skip
    assert not progress.curves["training"].any()
    assert progress.find_last(keys[0]) == (3, progress.find_accuracy(keys[0], 3))
    assert progress.find_last(keys[5]) is None
    assert len(list_race_runs(race)) == 5 * len(RUNGS) + 2 * 2, "three are dropped with one seed"
    for epochs, seed in ((12, 0), (12, 1)):  # by another race
        make_run(race.candidates[0].spec_of(epochs, seed), accuracy=0.99)
    after = read_race_progress(home, make_run.store, race)
    assert after.find_last(keys[0])[0] == 3
    assert not after.curves.query("key == @keys[0] and (seed > 0 or epoch > 3)").size


def test_curve_of_a_running_job_continues_that_of_the_finished_run(home: Home, make_run: RunWriter) -> None:
    race = make_races(home)["racing"]
    write_race(home, race, make_run)
    before = read_race_progress(home, make_run.store, race)
    candidate = race.candidates[3]
    folder = home.jobs / candidate.spec_of(6, 0).run_id
    folder.mkdir(parents=True)
    values = {"seconds": 1.0, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
    lines = [json.dumps({"epoch": epoch, **values}) for epoch in range(1, 6)]
    (folder / "history.jsonl").write_text("\n".join(lines) + '\n{"epoch": 6')
    after = read_race_progress(home, make_run.store, race)
    assert before.find_last(candidate.key) != after.find_last(candidate.key) == (5, 0.5)
    assert set(after.curves.loc[after.curves["training"], "key"]) == {candidate.key}
    assert before.version != after.version == RaceProgress(race, after.curves.copy()).version
    assert np.isfinite(after.curves["accuracy"]).all()
