"""Estimated time of races: usual numbers of survivors, cached runs, and the speed of running jobs."""

import json

import pytest

from core.advice.control import start_race
from core.advice.race_time import RaceTimer, expect_survivors
from core.displays.advice_progress import describe_race_time
from core.home import Home
from core.jobs.queue import JobQueue
from core.store.machine import read_machine
from core.store.run_store import RunStore
from tests.support.racing import plan_digits, race_digits
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def test_survivors_decrease_to_finalists() -> None:
    assert expect_survivors(8, 4) == [8, 7, 4, 4, 3]
    assert expect_survivors(4, 4, 2) == [4, 4, 3]
    for count in range(9):
        for rungs in range(5):
            for rung in range(rungs + 1):
                found = expect_survivors(count, rungs, rung)
                assert len(found) == rungs - rung + 1
                assert found == sorted(found, reverse=True)
                assert found[0] == (count if rung < rungs else min(count, 3))
                assert found[-1] >= min(count, 2)


def test_epochs_of_running_jobs_correct_the_time(racing_home: Home, make_run: RunWriter) -> None:
    rewrite(make_run(head="gap", epochs=16, seed=9), cpu=read_machine().cpu)  # 2 s per epoch
    race = start_race(racing_home, plan_digits(racing_home))

    def estimate() -> float:
        found = RaceTimer(racing_home, RunStore(racing_home)).estimate(race)
        assert found
        assert found.low <= found.seconds <= found.high
        assert describe_race_time(found).endswith("at the speed measured so far")
        return found.seconds

    before = estimate()
    job = JobQueue(racing_home).claim()
    assert job
    folder = racing_home.jobs / job.run_id
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {"epoch": epoch, "seconds": 20.0 * epoch, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}
        for epoch in (1, 2, 3)
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[:1]))
    assert estimate() <= before, "the first epoch includes tracing"
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert estimate() > 5 * before, "ten times as slow as the finished run"


def test_time_of_cached_runs_is_zero(racing_home: Home, make_run: RunWriter) -> None:
    accuracy = {"gap": 0.55, "gap_dense": 0.96, "dense": 0.965}
    plan = plan_digits(racing_home)
    assert plan.estimate is None
    race, _ = race_digits(racing_home, make_run, lambda spec: accuracy[spec.head], plan)
    timer = RaceTimer(racing_home, RunStore(racing_home))
    left = timer.estimate_seeds(race, 0, race.seeds)
    assert left is None or left.seconds == pytest.approx(0)
    more = timer.estimate_seeds(race, 0, race.seeds + 2)
    assert more
    assert more.seconds > 60
    later = plan_digits(racing_home)
    assert later.estimate
    assert later.longest
    assert later.estimate.seconds < later.longest.seconds
