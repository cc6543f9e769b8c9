"""Sweeps: their runs, their estimates, and that no restart, budget or failure loses a run."""

import fcntl
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.cache import open_dataset, pin
from core.displays.sweep import (
    build_plan_table,
    build_status_table,
    build_sweep_chart,
    compute_share,
    describe_plan,
    describe_status,
    list_problems,
    list_reasons,
    name_sweep,
)
from core.errors import JobError, SpecError
from core.files import write_json
from core.home import Home
from core.jobs import dispatcher as dispatcher_module
from core.jobs.dispatcher import Dispatcher
from core.jobs.local_executor import LocalExecutor
from core.jobs.queue import JobQueue
from core.jobs.sweep_plan import list_idle, list_members, plan_sweep, read_values
from core.jobs.sweep_status import read_sweep_status, resubmit_failed, submit_sweep
from core.jobs.sweep_store import Sweep, keep_sweep, list_overdue, list_sweeps, open_sweep
from core.recipes import RECIPES
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import FAILS, STAND_IN

DIGITS = RECIPES["digits-heads"]
SMALL = {"train_images": 200, "epochs": 3}


def values_of(specs: list[RunSpec], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(spec, name) for name in names) for spec in specs]


# Sweep runs


def test_runs_are_ordered_by_seed_so_that_half_a_sweep_is_a_whole_grid() -> None:
    specs = list_members(DIGITS, ["gap", "dense"], range(2), {"blocks": [1, 2]})
    grid = [("gap", 1), ("dense", 1), ("gap", 2), ("dense", 2)]
    assert values_of(specs, "seed", "head", "blocks") == [(seed, *point) for seed in (0, 1) for point in grid]


def test_setting_that_a_head_does_not_use_gives_one_run() -> None:
    values = {"units": [64, 128, 256]}
    specs = list_members(DIGITS, ["gap", "dense"], [0], values)
    assert [spec.head for spec in specs] == ["gap", "dense", "dense", "dense"]
    assert list_idle(specs, values) == ["Dense units has no effect on GAP: one run for all values."]
    assert list_idle(specs, {"units": [64], "epochs": [3]}) == []
    assert list_idle(specs, {"model": ["net"], "epochs": [3]}) == ["Model has no effect on these runs."]


@settings(deadline=None, max_examples=30)
@given(
    heads=st.lists(st.sampled_from(["gap", "dense", "flatten", "gap_mlp"]), min_size=1, max_size=6),
    seeds=st.integers(1, 3),
    blocks=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    units=st.lists(st.integers(1, 8192), min_size=1, max_size=4),
)
def test_runs_are_distinct_and_have_the_given_values(
    heads: list[str], seeds: int, blocks: list[int], units: list[int]
) -> None:
    specs = list_members(DIGITS, heads, range(seeds), {"blocks": blocks, "units": units}, {"epochs": 7})
    assert len({spec.run_id for spec in specs}) == len(specs) <= len(set(heads)) * seeds * len(blocks) * len(units)
    assert {spec.head for spec in specs} == set(heads)
    assert {(spec.seed, spec.blocks) for spec in specs} == {(seed, block) for seed in range(seeds) for block in blocks}
    assert {spec.units for spec in specs if spec.uses("units")} in (set(units), set())
    assert {spec.epochs for spec in specs} == {7}


def test_too_large_sweep_is_rejected_quickly() -> None:
    begin = time.monotonic()
    with pytest.raises(SpecError) as raised:
        list_members(DIGITS, ["gap", "dense"], range(100), {"units": range(1, 8000), "filters": range(1, 500)})
    assert time.monotonic() - begin < 1
    assert str(raised.value) == (
        "Expected a sweep of 1 to 200 runs; got 798,300,200: 2 heads × 100 seeds × 7,999 values of units "
        "× 499 values of filters."
    )


@pytest.mark.parametrize(
    ("word", "name", "values"),
    [
        ("blocks=1,2,2, 3", "blocks", [1, 2, 3]),
        ("learning-rate=0.01,1e-3", "learning_rate", [0.01, 0.001]),
        ("patience=none,3", "patience", [None, 3]),
        ("augmentation=none;flip_horizontal=0.5,rotation=10", "augmentation", ["", "flip_horizontal=0.5,rotation=10"]),
        ("hidden=64,64-32", "hidden", ["64", "64-32"]),
    ],
)
def test_values_are_parsed_by_their_setting(word: str, name: str, values: list[Any]) -> None:
    assert read_values([word]) == {name: values}


@pytest.mark.parametrize("words", [["blocks"], ["blox=1"], ["head=gap"], ["seed=1,2"], ["blocks=1", "blocks=2"]])
def test_invalid_list_of_values_is_rejected(words: list[str]) -> None:
    with pytest.raises(SpecError, match=r"Expected|is given twice"):
        read_values(words)


# Plans


@pytest.fixture
def digits(home: Home) -> Home:
    open_dataset(home, "digits")
    return home


def test_plan_has_state_and_estimate_of_each_run(digits: Home, store: RunStore, make_run: RunWriter) -> None:
    make_run(RunSpec(head="gap", blocks=1))
    specs = list_members(DIGITS, ["gap", "dense"], [0], {"blocks": [1, 2, 6]})
    JobQueue(digits).submit([pin(digits, specs[1])])
    found = plan_sweep(digits, specs, store)
    assert [member.state for member in found.members] == [
        "cached", "in progress", "to train", "to train", "invalid", "invalid",
    ]  # fmt: skip
    assert found.ahead == 1
    cached, *others = found.members
    assert cached.estimate is None
    assert all(
        member.estimate and member.estimate.low < member.estimate.high
        for member in others
        if member.state == "to train"
    )
    starts = [member.starts_in for member in found.of("to train")]
    assert all(start is not None for start in starts)
    assert starts == sorted(starts)
    assert describe_plan(found) == "6 runs: 2 to train, 1 in progress, 1 cached, 2 invalid."
    table = build_plan_table(found, ["blocks"])
    assert table["Blocks"].tolist() == ["1", "1", "2", "2", "6", "6"]
    assert table["Parameters"].tolist()[2:4] == ["24,586", "431,242"]
    assert "Use fewer blocks" in list_problems(found)[0]
    assert JobQueue(digits).jobs()[0].run_id == specs[1].replace(data=found.members[1].spec.data).run_id


def test_plan_of_cached_runs_has_no_estimate(digits: Home, store: RunStore, make_run: RunWriter) -> None:
    found = plan_sweep(digits, [make_run(RunSpec()).spec], store)
    assert ([member.state for member in found.members], found.estimate) == (["cached"], None)


def test_sweep_without_valid_runs_is_rejected_with_the_reasons(digits: Home, store: RunStore) -> None:
    with pytest.raises(SpecError, match="Use fewer blocks"):
        plan_sweep(digits, list_members(DIGITS, ["gap"], [0], {"blocks": [6]}), store)


def test_effect_of_the_budget_is_estimated(
    digits: Home, store: RunStore, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "1")
    make_run(RunSpec(epochs=25))  # 50 seconds
    found = plan_sweep(digits, list_members(DIGITS, ["gap"], range(1, 11), {}), store)
    assert found.estimate is not None
    assert 300 < found.estimate.seconds < 1200
    late = found.count_late(1)
    assert 7 <= late <= 9
    assert f"{late} will probably not start within 1 min" in describe_plan(found, 1)
    assert build_plan_table(found, [], 1)["Status"].tolist().count("to train, if the time budget allows") == late


# Stored sweeps


def store_sweep(home: Home, specs: list[RunSpec], budget: int | None = None) -> Sweep:
    return keep_sweep(home, "digits-heads", ["blocks"], [pin(home, spec) for spec in specs], budget)


def test_same_runs_are_the_same_sweep_for_every_user_and_order(digits: Home) -> None:
    specs = list_members(DIGITS, ["gap", "dense"], [0], {"blocks": [1, 2]})
    first, second, other = (
        store_sweep(digits, specs),
        store_sweep(digits, specs[::-1], 5),
        store_sweep(digits, specs[1:]),
    )
    assert first.sweep_id == second.sweep_id != other.sweep_id
    assert [sweep.sweep_id for sweep in list_sweeps(digits)] == [other.sweep_id, second.sweep_id]
    assert open_sweep(digits, first.sweep_id[:6]) == second
    assert second.specs == [pin(digits, spec) for spec in specs[::-1]]
    assert name_sweep(first) == "digits-heads: GAP, Flatten + Dense; blocks 1, 2; 1 seed"


@pytest.mark.parametrize("text", ["", "{}", '{"sweep_id": "000000000000"}'])
def test_damaged_file_is_left_out_of_the_list_and_reported_when_opened(digits: Home, text: str) -> None:
    sweep = store_sweep(digits, [RunSpec()])
    (digits.jobs / "sweeps" / "000000000000.json").write_text(text)
    assert list_sweeps(digits) == [sweep]
    with pytest.raises(JobError, match="Sweep 000000000000 is damaged or was saved by an incompatible version"):
        open_sweep(digits, "0000")


@pytest.mark.parametrize("sweep_id", ["", "zz", "../x", "*"])
def test_unknown_sweep_is_reported(digits: Home, sweep_id: str) -> None:
    with pytest.raises(JobError, match="was not found"):
        open_sweep(digits, sweep_id)


def backdate(home: Home, sweep: Sweep, minutes: float) -> None:
    path = home.jobs / "sweeps" / f"{sweep.sweep_id}.json"
    write_json(path, json.loads(path.read_bytes()) | {"asked_at": sweep.asked_at - 60 * minutes})


def test_budget_cancels_only_queued_runs_of_the_sweep(digits: Home) -> None:
    queue = JobQueue(digits)
    mine, others = pin(digits, RunSpec(seed=1)), pin(digits, RunSpec(seed=2))
    queue.submit([others], "the command line")
    sweep = store_sweep(digits, [mine, others], 10)
    queue.submit([mine, others], sweep.submitted_by)
    assert list_overdue(digits, queue.unfinished()) == []
    backdate(digits, sweep, 11)
    ((job, reason),) = list_overdue(digits, queue.unfinished())
    assert job.run_id == mine.run_id
    assert reason == "The sweep used its time budget of 10 min."


@pytest.fixture
def dispatcher(digits: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    """Dispatcher whose lock is held, so that a submission starts no other one; its jobs are stand-ins, one at a
    time.
    """
    monkeypatch.setenv("HEADROOM_SLOTS", "1")
    digits.jobs.mkdir(parents=True, exist_ok=True)
    with (digits.jobs / "dispatcher.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Dispatcher(digits, LocalExecutor(digits, warm=False, module=STAND_IN))


def test_each_step_of_the_dispatcher_reads_the_sweeps_once(
    dispatcher: Dispatcher, digits: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    monkeypatch.setattr(dispatcher_module, "list_overdue", lambda home, jobs: reads.append(1) or [])
    monkeypatch.setattr(dispatcher, "_start", lambda job: None)
    queue = JobQueue(digits)
    for paused in (False, True):
        queue.submit([pin(digits, RunSpec(seed=int(paused)))])
        if paused:
            queue.pause()
        reads.clear()
        dispatcher._checked_overdue_at = -1.0
        dispatcher.step()
        assert len(reads) == 1


def work(dispatcher: Dispatcher, seconds: float = 90.0) -> None:
    """Run the dispatcher until no work is left."""
    end = time.monotonic() + seconds
    while dispatcher.step():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.xdist_group("jobs")
def test_sweep_ends_with_its_budget_and_continues_when_resubmitted(
    digits: Home, dispatcher: Dispatcher, store: RunStore
) -> None:
    specs = [pin(digits, RunSpec(**SMALL, seed=seed)) for seed in (1, 2, FAILS)]
    sweep = submit_sweep(digits, "digits-heads", [], specs, budget_minutes=10)
    dispatcher.step()
    backdate(digits, sweep, 11)
    work(dispatcher)
    status = read_sweep_status(digits, sweep, store)
    assert [member.state for member in status.members] == ["finished", "not started", "not started"]
    assert build_status_table(status, [])["Status"].tolist() == ["finished", "not started", "not started"]
    assert list_reasons(status) == ["2 not started: The sweep used its time budget of 10 min."]
    assert status.ended
    assert compute_share(status) == 1.0
    assert list_sweeps(digits)[0].sweep_id == sweep.sweep_id

    assert len(resubmit_failed(digits, sweep, "not started")) == 2
    work(dispatcher)
    status = read_sweep_status(digits, sweep, store)
    assert [member.state for member in status.members] == ["finished", "finished", "failed"]
    assert status.members[2].reason == "Expected a test to fail; got one."
    assert describe_status(status) == "2 of 3 finished · 1 failed"

    assert len(resubmit_failed(digits, sweep, "failed")) == 1
    attempts = {job.run_id: job.state for job in JobQueue(digits).jobs()}
    assert attempts == {specs[0].run_id: "finished", specs[1].run_id: "finished", specs[2].run_id: "queued"}
    work(dispatcher)


# The chart


def test_chart_has_the_range_of_the_whole_sweep_from_the_start(
    digits: Home, store: RunStore, make_run: RunWriter
) -> None:
    specs = [pin(digits, spec) for spec in list_members(DIGITS, ["gap", "dense"], [0], {"units": [64, 128]})]
    sweep = keep_sweep(digits, "digits-heads", ["units"], specs)
    make_run(specs[0], accuracy=0.9)  # the units make no difference to GAP
    chart: Any = build_sweep_chart(read_sweep_status(digits, sweep, store), sweep.settings, "units").to_dict()
    points = chart["layer"][-1]
    assert points["encoding"]["x"]["scale"]["domain"] == ["64", "128"]
    assert points["encoding"]["color"]["scale"]["domain"] == ["GAP", "Flatten + Dense"]
    rows = chart["datasets"][points["data"]["name"]]
    assert [(row["head"], row["x"]) for row in rows] == [("GAP", "64"), ("GAP", "128")]
    assert all(math.isclose(row["accuracy"], 0.9, abs_tol=0.1) for row in rows)


def test_sweep_without_finished_runs_has_a_chart_with_empty_axes(digits: Home, store: RunStore) -> None:
    sweep = store_sweep(digits, list_members(DIGITS, ["gap", "dense"], [0], {}))
    chart: Any = build_sweep_chart(read_sweep_status(digits, sweep, store), sweep.settings, None).to_dict()
    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == ["GAP", "Flatten + Dense"]


def test_run_that_was_deleted_has_a_reason(digits: Home, store: RunStore, tmp_path: Path) -> None:
    sweep = store_sweep(digits, [RunSpec()])
    (member,) = read_sweep_status(digits, sweep, store).members
    assert (member.state, member.params) == ("not started", 24_586)
    assert "never queued, or it was deleted" in member.reason
