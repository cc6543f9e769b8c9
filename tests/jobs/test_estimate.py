"""Time estimates for training, from finished runs."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.architecture.model import compute_model
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator, Work, _list_starts, compute_overhead
from core.jobs.queue import Job
from core.spec import RunSpec
from core.store.machine import Machine
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter

OWN, FORMER = Machine("Own", 2), Machine("Own")
OTHERS = (Machine("Own", 64), Machine("Other", 2), Machine("Other"))
MODEL = compute_model(RunSpec(), (28, 28, 1), 10)
WORK = Work.of(MODEL, 1000)


def finished_runs(
    seconds: list[float], works: list[Work] | None = None, source: str = "home", machine: Machine = OWN
) -> pd.DataFrame:
    """Return runs of WORK, or of `works`, that took these seconds."""
    rows = [
        {
            "run_id": f"{number:012x}", "dataset": "digits", "side": pd.NA, "flops": work.flops, "trainable": 1,
            "fitted_images": work.images, "trained_epochs": work.epochs, "batch_size": work.batch_size,
            "backbone": work.backbone, "head": work.head, "frozen": work.frozen, "trained_stages": 0,
            "augmentation": "",
            "train_seconds": taken, "source": source, "cpu": machine.cpu, "cores": machine.cores,
            "elsewhere": "",
        }
        for number, (taken, work) in enumerate(zip(seconds, works or [WORK] * len(seconds), strict=True))
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"cores": "Int64", "side": "Int64"})


def predict(runs: pd.DataFrame, work: Work = WORK) -> TimeEstimate:
    found = TimeEstimator(runs, machine=OWN).estimate(work)
    assert found is not None
    return found


def change(work: Work = WORK, **values: object) -> Work:
    return dataclasses.replace(work, **values)


works = st.builds(
    change,
    flops=st.floats(1e5, 1e10),
    images=st.integers(10, 100_000),
    epochs=st.integers(1, 200),
    batch_size=st.integers(1, 500),
    head=st.sampled_from(["gap", "dense"]),
)


def test_no_finished_run_gives_no_estimate() -> None:
    runs = finished_runs([1.0]).head(0)
    assert TimeEstimator(runs).estimate(WORK) is None
    assert TimeEstimator(runs).estimate_queue([WORK], 1) is None
    assert TimeEstimator(runs).list_starts([WORK], 1) == []


def test_nothing_to_train_takes_no_time() -> None:
    estimator = TimeEstimator(finished_runs([60.0]), machine=OWN)
    assert (estimator.estimate_queue([], 2), estimator.list_starts([], 2), estimator.estimate_all([])) == (None, [], [])


@settings(deadline=None, max_examples=30)
@given(st.lists(works, min_size=1, max_size=8), works, st.floats(0.05, 20))
def test_range_contains_the_estimate_in_seconds(known: list[Work], work: Work, factor: float) -> None:
    found = predict(finished_runs([factor * each.prior_seconds for each in known], known), work)
    assert 0 < found.low < found.seconds < found.high < np.inf
    assert found.runs == len(known)
    assert not found.elsewhere


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_slower_machine_has_longer_estimates(factor: float, slower: float) -> None:
    other = change(flops=3e7, head="dense")
    before, after = (predict(finished_runs([times * 60.0] * 4), other) for times in (factor, factor * (1 + slower)))
    assert before.seconds < after.seconds


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 10))
def test_runs_of_the_same_kind_determine_the_estimate(factor: float) -> None:
    """The measured times outweigh the prior."""
    found = predict(finished_runs([factor * WORK.prior_seconds] * 8))
    assert found.seconds == pytest.approx(factor * WORK.prior_seconds, rel=0.05)
    assert found.high < 1.3 * found.low * 1.3


def test_range_narrows_with_runs_and_widens_with_the_distance() -> None:
    def width(found: TimeEstimate) -> float:
        return found.high / found.low

    few, many = finished_runs([50.0, 60.0]), finished_runs([50.0, 60.0] * 10)
    assert width(predict(many)) < width(predict(few)) < width(predict(few, change(flops=1e10, head="dense")))


def test_range_follows_the_variation_between_runs() -> None:
    steady, restless = (predict(finished_runs(taken)) for taken in ([50.0, 51.0] * 5, [30.0, 80.0] * 5))
    assert steady.high / steady.low < restless.high / restless.low


def test_four_of_five_runs_are_within_the_range() -> None:
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(100):
        level = np.exp(rng.normal())
        taken = [float(level * WORK.prior_seconds * np.exp(rng.normal(0, 0.2))) for _ in range(9)]
        found = predict(finished_runs(taken[:8]))
        inside.append(found.low <= taken[8] <= found.high)
    assert 0.7 <= np.mean(inside) <= 0.9


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_runs_of_other_machines_are_ignored_if_the_home_has_own_ones(other: Machine) -> None:
    mixed = pd.concat([finished_runs([60.0] * 3), finished_runs([6.0] * 30, machine=other)], ignore_index=True)
    assert predict(mixed) == predict(finished_runs([60.0] * 3))


def test_former_records_without_cores_count_as_own() -> None:
    assert not predict(finished_runs([60.0], machine=FORMER)).elsewhere


@pytest.mark.parametrize(("source", "machine"), [("example", OWN), *(("home", other) for other in OTHERS)], ids=str)
def test_estimate_only_from_other_machines_is_marked_and_wider(source: str, machine: Machine) -> None:
    own, others = predict(finished_runs([60.0] * 3)), predict(finished_runs([60.0] * 3, source=source, machine=machine))
    assert (own.elsewhere, others.elsewhere) == (False, True)
    assert others.high / others.low > 5 * own.high / own.low


def test_examples_count_if_the_home_has_no_run_of_similar_length() -> None:
    runs = pd.concat([finished_runs([60.0] * 9, source="example"), finished_runs([60.0])], ignore_index=True)
    assert predict(runs).runs == 1
    assert predict(runs, change(epochs=WORK.epochs * 20)).runs == 10


def test_frozen_backbone_is_estimated_by_its_head() -> None:
    spec = RunSpec(dataset="folder", side=64, backbone="vgg16", frozen=True, head="flatten")
    model = compute_model(spec, (64, 64, 3), 3)
    assert Work.of(model, 100).flops == 2 * model.trainable < model.flops / 100
    moving = dataclasses.replace(model, spec=spec.replace(augmentation="flip_horizontal=0.5"))
    assert Work.of(moving, 100).flops == model.flops


def test_work_of_a_finished_run_equals_its_record(home: Home, store: RunStore, make_run: RunWriter) -> None:
    run = make_run(RunSpec(head="dense", epochs=3))
    assert Work.list_finished(store.frame()) == [Work.of(run.model, run.record.data.train_images)]


def test_queue_estimate_follows_the_slots() -> None:
    estimator = TimeEstimator(finished_runs([60.0] * 5), overhead_seconds=5.0, machine=OWN)
    ends = {slots: estimator.estimate_queue([WORK] * 4, slots) for slots in (1, 2, 4)}
    alone = estimator.estimate(WORK)
    assert alone is not None
    for slots, found in ends.items():
        assert found is not None
        assert found.seconds == pytest.approx(4 / slots * (alone.seconds + 5))
    assert estimator.list_starts([WORK] * 4, 2) == pytest.approx([0.0, 0.0, *[alone.seconds + 5] * 2])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1000), max_size=20), st.integers(1, 8))
def test_parallel_jobs_are_never_faster_than_the_total_work_allows(amounts: list[float], slots: int) -> None:
    starts, end = _list_starts(amounts, slots)
    assert starts == sorted(starts)
    assert max([*amounts, sum(amounts) / slots]) <= end * (1 + 1e-9) + 1e-9
    assert end <= sum(amounts) * (1 + 1e-9)


def test_remaining_time_includes_time_outside_epochs() -> None:
    runs = finished_runs([60.0, 60.0, 60.0])
    jobs = [
        Job(run_id, 1, "", "finished", attempt, 0, 0, "", "", False, 0.0, 100.0, 100.0 + seconds)
        for run_id, attempt, seconds in zip(runs["run_id"], (1, 1, 2), (64.0, 68.0, 600.0), strict=True)
    ]
    assert compute_overhead(jobs, runs) == 6.0
