"""Test results of candidates: no decision of a race reads them, and only those of finalists are listed and compared."""

from dataclasses import replace

import numpy as np
import pytest

from core.advice.advance import advance
from core.advice.control import start_race
from core.advice.race import Race
from core.analysis.check import CHECKS
from core.api.parameter import RunName, RunSearch
from core.api.run import RunEndpoint
from core.displays.job_table import read_accuracy
from core.home import Home
from core.jobs.comparison_list import list_newest
from core.jobs.diverged import list_diverged
from core.jobs.failure_reason import DIVERGED
from core.jobs.pending import list_pending
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.jobs.submit import submit_all
from core.spec import RunSpec
from core.store.comparison import Comparison, list_offers
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.same_test_set import RunsOnTestSet
from core.store.withheld import list_withheld
from tests.support.racing import plan_digits, race_digits, run_race, train_next, without_training
from tests.support.run_writer import RunWriter

ACCURACY = {"gap": 0.55, "gap_dense": 0.96, "dense": 0.965}
RECIPE = "recipe:digits-heads"


def score(spec: RunSpec) -> float:
    return ACCURACY[spec.head]


def list_shown(home: Home) -> set[str]:
    """Return the runs whose test accuracy any list shows; all lists show the same."""
    store, queue = RunStore(home), JobQueue(home)
    frame = store.frame()
    shown = set(frame.loc[frame["test_accuracy"].notna(), "run_id"])
    rows = [row for row in list_runs(home) if row["status"] == "finished"]
    assert {row["run_id"] for row in rows if row["test_accuracy"] is not None} == shown
    assert {row["run_id"] for row in rows if not row["withheld"]} == shown
    runs = RunEndpoint(home).list(RunSearch()).runs
    assert {run.run_id for run in runs if run.test_accuracy is not None} == shown
    assert {run.run_id for run in runs if not run.withheld} == shown
    assert {job.run_id for job in queue.jobs() if read_accuracy(store, job) is not None} <= shown
    return shown


def list_compared(home: Home) -> set[str]:
    return {run_id for offer in list_offers(RunStore(home).frame()) for run_id in offer.run_ids}


def test_only_finalists_are_listed_and_compared(racing_home: Home, make_run: RunWriter) -> None:
    race = start_race(racing_home, plan_digits(racing_home))
    while race.state == "running":
        assert list_shown(racing_home) == list_compared(racing_home) == set()
        assert list_newest(RunStore(racing_home).frame()) == []
        assert list_pending(RunStore(racing_home), RECIPE) == []
        assert train_next(racing_home, make_run, score)
        race = advance(racing_home, race.race_id)
    assert race.answer
    finalists = {*race.answer.runs}
    assert list_shown(racing_home) == list_compared(racing_home) == finalists
    others = {*RunStore(racing_home).list_ids()} - finalists
    assert list_withheld(racing_home) == others != set()
    store = RunStore(racing_home)
    comparison = Comparison.of(store.open_all(sorted(finalists)))
    assert {*RunsOnTestSet.within(comparison, store.frame()).runs["run_id"]} == finalists
    chosen = Comparison.of(store.open_all(sorted(others)[:1]))
    found = RunsOnTestSet.within(chosen, store.frame()).runs.set_index("run_id")["test_accuracy"]
    assert {*found.index} == finalists | {sorted(others)[0]}, "a selection shows what it contains"
    assert found.notna().all()
    assert CHECKS["dropped"].run(chosen).message == (
        f"An advice trained {chosen.labels[0]}, and has not chosen it as a finalist by validation accuracy. Do not "
        "select by the test accuracy."
    )
    assert CHECKS["dropped"].run(comparison).state == "passed"
    assert RunEndpoint(racing_home).show(RunName(run_id=sorted(others)[0])).withheld


def test_diverged_candidates_are_not_those_of_a_comparison(racing_home: Home) -> None:
    start_race(racing_home, plan_digits(racing_home))
    queue = JobQueue(racing_home)
    job = queue.claim()
    assert job
    queue.settle(job, "failed", DIVERGED)
    assert list_diverged(racing_home) == ()
    submit_all(racing_home, [job.spec], submitted_by="ada")
    queue.settle(job, "failed", DIVERGED)
    assert list_diverged(racing_home) == (job.spec,), "a user has trained it"


def test_a_run_that_a_user_trains_is_released(racing_home: Home, make_run: RunWriter) -> None:
    race, _ = race_digits(racing_home, make_run, score)
    dropped = next(run_id for run_id in list_withheld(racing_home))
    before = RunStore(racing_home).generation
    submit_all(racing_home, [RunStore(racing_home).open(dropped).spec], submitted_by="ada")
    assert dropped in list_shown(racing_home) & list_compared(racing_home)
    assert RunStore(racing_home).generation != before
    assert race.answer


def test_runs_that_a_user_has_trained_are_not_withheld(racing_home: Home, make_run: RunWriter) -> None:
    plan = plan_digits(racing_home)
    specs = [one.spec_of(plan.rungs[-1], 0) for one in plan.candidates]
    own = {make_run(spec, accuracy=score(spec), data=spec.data).run_id for spec in specs}
    race_digits(racing_home, make_run, score, plan)
    assert own <= list_shown(racing_home)


def run_with_test_accuracy(home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, right: float) -> Race:
    """Run a race in which this share of the test images is correct for GAP + Dense, and the rest for the others."""
    original = Run.predictions.func  # type: ignore[attr-defined]

    def read(run: Run) -> object:
        found = original(run)
        share = right if run.spec.head == "gap_dense" else 1 - right
        wrong = np.arange(len(found.test_labels)) >= share * len(found.test_labels)
        probs = np.eye(found.test_probs.shape[1], dtype=np.float32)[(found.test_labels + wrong) % 10]
        return replace(found, test_probs=probs)

    with monkeypatch.context() as patch, without_training(home):
        patch.setattr(Run, "predictions", property(read))
        return run_race(home, make_run, start_race(home, plan_digits(home)), score)[0]


def test_no_decision_before_the_answer_depends_on_test_images(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    races = []
    for number, right in enumerate((0.1, 0.9)):
        home = Home(racing_home.path / str(number))
        races.append(run_with_test_accuracy(home, RunWriter(home), monkeypatch, right))
    one, other = races
    assert one.answer
    assert other.answer
    assert [event.text for event in one.events] == [event.text for event in other.events]
    assert {key: dropped.reason for key, dropped in one.dropped.items()} == {
        key: dropped.reason for key, dropped in other.dropped.items()
    }
    assert (one.answer.runs, one.answer.reference) == (other.answer.runs, other.answer.reference)
    assert one.answer.accuracy != other.answer.accuracy, "only the answer reads them"
