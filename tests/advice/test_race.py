"""Races on made-up runs: dropping, seeds, one comparison on the test images, budget, and kills of processes."""

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from core.advice import advance as advance_module
from core.advice import conclude
from core.advice.advance import advance
from core.advice.control import continue_race, pause_race, start_race, stop_race
from core.advice.evidence import Evidence, read_cost
from core.advice.job_machine import select_measured
from core.advice.limits import Limits
from core.advice.race import Race, list_damaged_races, list_races, open_race
from core.advice.status import estimate_more_seeds, is_advising, read_race_status
from core.displays.advice_text import build_advice_json, write_answer
from core.errors import AdviceError
from core.home import Home
from core.jobs.notice import list_notices
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.store.run_store import RunStore
from core.ui.advisor.race import read_progress_of
from tests.support.racing import EPOCHS, on_machine_of_runs, plan_digits, race_digits, run_race, train_next, with_budget
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

ACCURACY = {"gap": 0.55, "gap_dense": 0.96, "dense": 0.965}


def score(spec: RunSpec) -> float:
    """A small head that is too weak, one that is good enough, and a large one."""
    return ACCURACY[spec.head]


def read(home: Home, race: Race) -> dict[str, object]:
    return build_advice_json(race, read_race_status(home, race))


def name_of(race: Race, key: str) -> str:
    return race.find(key).head


def test_race_drops_the_weak_head_and_answers_with_the_small_one(racing_home: Home, make_run: RunWriter) -> None:
    race, trained = race_digits(racing_home, make_run, score)
    answer = race.answer
    assert answer
    assert (answer.state, name_of(race, answer.choice)) == ("decided", "gap_dense"), write_answer(race)
    assert [name_of(race, key) for key in race.dropped] == ["gap"]
    epochs = Counter((spec.head, spec.epochs) for spec in trained)
    assert max(spec.epochs for spec in trained if spec.head == "gap") < EPOCHS, "dropped before it is trained fully"
    assert epochs["dense", EPOCHS] == epochs["gap_dense", EPOCHS] == answer.seeds >= 2
    assert len({spec.run_id for spec in trained}) == len(trained), "nothing is trained twice"
    found = read(racing_home, race)
    assert found["state"] == "decided"
    assert found["choice"]["head"] == "gap_dense"  # type: ignore[index]
    assert found["choice"]["test_accuracy"] == pytest.approx(0.96, abs=0.03)  # type: ignore[index]
    assert [*found["candidates"][0]] == [  # type: ignore[index]
        "head", "settings", "params", "dropped_at", "reason", "validation_accuracy", "test_accuracy", "runs",
    ]  # fmt: skip
    assert found["candidates"][1]["finalist"] is True  # type: ignore[index]
    progress = read_progress_of(race)
    for one, candidate in zip(race.candidates, found["candidates"], strict=True):  # type: ignore[call-overload]
        assert candidate["validation_accuracy"] == pytest.approx(progress.find_last(one.key)[1])  # type: ignore[index]
    assert found["sentence"] == write_answer(race)
    assert found["difference"]["low"] <= found["difference"]["mean"] <= found["difference"]["high"]  # type: ignore[index]
    assert write_answer(race).startswith("Use GAP + Dense: "), write_answer(race)
    assert "within 8.0 points of it" in write_answer(race) or "no other is more than" in write_answer(race)
    # Each run of the writer takes 2 s per epoch, and those of the rungs continue each other.
    assert race.train_seconds == pytest.approx(sum(2.0 * spec.epochs for spec in trained), rel=0.5)
    assert [race.race_id for race in list_races(racing_home)] == [race.race_id]


def test_race_needs_the_large_head_if_every_smaller_one_is_weak(racing_home: Home, make_run: RunWriter) -> None:
    accuracy = {"gap": 0.55, "gap_dense": 0.65, "dense": 0.965}
    race, trained = race_digits(racing_home, make_run, lambda spec: accuracy[spec.head])
    assert race.answer
    assert race.answer.state == "needed", write_answer(race)
    assert name_of(race, race.answer.choice) == "dense"
    assert "is needed" in write_answer(race)
    assert {spec.head for spec in trained if spec.epochs == EPOCHS} == {"gap_dense", "dense"}, "two are compared"
    assert read(racing_home, race)["difference"]["high"] < -8  # type: ignore[index]


def test_race_stops_when_more_seeds_would_not_decide(racing_home: Home, make_run: RunWriter) -> None:
    plan = plan_digits(racing_home, ("gap_dense", "dense"), margin=0.3)
    race, trained = race_digits(racing_home, make_run, lambda spec: 0.9, plan)
    answer = race.answer
    assert answer
    assert (answer.state, answer.more_seeds) == ("undecided", None)
    assert len({spec.seed for spec in trained}) == answer.seeds < plan.request.seeds
    assert "More seeds would probably not decide it." in [event.text for event in race.events]
    assert "more seeds would probably not settle it with 360 test images" in write_answer(race)
    with pytest.raises(AdviceError, match=r"^More seeds would probably not decide it"):
        continue_race(racing_home, race.race_id)


def test_test_images_are_read_once_and_only_for_finalists(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    compare = conclude._compare_on_test
    monkeypatch.setattr(
        conclude,
        "_compare_on_test",
        lambda race, *rest: counts.append(len(race.survivors)) or compare(race, *rest),
    )
    race, _ = race_digits(racing_home, make_run, score)
    assert counts == [2]
    assert race.answer
    finalists = {run.spec.head for run in RunStore(racing_home).open_all(list(race.answer.runs))}
    assert finalists == {"gap_dense", "dense"}
    assert race.answer.read_at == pytest.approx(time.time(), abs=60)


def test_second_advice_on_the_same_data_trains_nothing(racing_home: Home, make_run: RunWriter) -> None:
    plan = plan_digits(racing_home)
    race, _ = race_digits(racing_home, make_run, score, plan)
    newest = JobQueue(racing_home).newest_number()
    second = start_race(racing_home, with_budget(plan, 60.0))
    assert (second.race_id, second.answers) == (race.race_id, race.answers), "the same question has its answer"
    other_plan = plan_digits(racing_home, seeds=4)
    assert other_plan.cached > 3
    other, trained = race_digits(racing_home, make_run, score, other_plan)
    assert other.race_id != race.race_id
    assert other.answer
    seeds = [[event.text for event in one.events if event.text.startswith("Seed 2 is ")] for one in (race, other)]
    assert seeds == [[f"Seed 2 is {state} for GAP + Dense, Flatten + Dense."] for state in ("trained", "cached")]
    # In contrast to real ones, made-up shorter runs are no prefixes of longer ones, so one more epoch can be needed.
    assert len(trained) <= 1
    assert other.train_seconds < race.train_seconds / 4
    assert JobQueue(racing_home).newest_number() == newest + len(trained)


class _Killed(BaseException):
    """kill -9: no code of the process runs after it."""


def test_race_continues_after_its_process_is_killed_anywhere(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill each call before and after it writes or submits; the runs and the answer are the same as without."""
    save, submit = advance_module.save_race, advance_module.submit_all
    calls = 0

    def kill_sometimes(act: object, when: int) -> object:
        def run(*args: object, **more: object) -> None:
            nonlocal calls
            calls += 1
            if calls % 3 == when:
                raise _Killed
            act(*args, **more)  # type: ignore[operator]
            if calls % 5 == when:
                raise _Killed

        return run

    monkeypatch.setattr(advance_module, "save_race", kill_sometimes(save, 1))
    monkeypatch.setattr(advance_module, "submit_all", kill_sometimes(submit, 2))
    plan = plan_digits(racing_home)
    trained: list[RunSpec] = []
    race, killed = None, 0
    for _ in range(300):
        try:
            race = start_race(racing_home, plan) if race is None else advance(racing_home, race.race_id)
        except _Killed:
            killed += 1
            race = race or next(iter(list_races(racing_home)), None)
        if race and open_race(racing_home, race.race_id).state == "answered":
            break
        spec = train_next(racing_home, make_run, score)
        trained += [spec] if spec else []
    assert race
    race = open_race(racing_home, race.race_id)
    assert race.answer, race
    assert killed > 10
    assert name_of(race, race.answer.choice) == "gap_dense"
    assert len({spec.run_id for spec in trained}) == len(trained)


def test_budget_ends_a_race_with_what_is_known(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_digits(racing_home, budget_seconds=3600.0)
    race = start_race(racing_home, plan, by="ada")
    assert is_advising(racing_home, "ada")
    assert not is_advising(racing_home, "bob")
    train_next(racing_home, make_run, score)
    clock = time.time
    monkeypatch.setattr(advance_module.time, "time", lambda: clock() + 3601)
    race = advance(racing_home, race.race_id)
    assert race.answer
    assert (race.state, race.answer.state, race.answer.why, race.answer.runs) == ("answered", "undecided", "budget", ())
    assert "Not decided within 1 h 0 min" in write_answer(race)
    assert "the test images were not read" in write_answer(race)
    assert not JobQueue(racing_home).has("queued"), "its jobs are cancelled"
    assert [notice.by for notice in list_notices(racing_home)] == ["ada"]
    assert not is_advising(racing_home, "ada")
    monkeypatch.setattr(advance_module.time, "time", clock)
    race = continue_race(racing_home, race.race_id, 3600.0)
    assert race.deadline == pytest.approx(time.time() + 3600, abs=30)
    race, _ = run_race(racing_home, make_run, race, score)
    assert race.answer
    assert race.answer.state == "decided"


def test_seeds_that_do_not_fit_the_budget_are_not_started(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs of the writer take 32 s each, so 50 s are not enough for one more seed of two finalists."""
    monkeypatch.setenv("HEADROOM_SLOTS", "1")
    close = {"gap": 0.55, "gap_dense": 0.93, "dense": 0.95}
    race = start_race(racing_home, plan_digits(racing_home, budget_seconds=50.0))
    race, trained = run_race(racing_home, make_run, race, lambda spec: close[spec.head])
    assert race.answer
    assert race.answer.why == "budget"
    assert (race.answer.seeds, race.answer.runs) == (1, ())
    assert max(spec.seed for spec in trained) == 0


def test_race_is_paused_continued_and_stopped(racing_home: Home, make_run: RunWriter) -> None:
    race = start_race(racing_home, plan_digits(racing_home, budget_seconds=3600.0))
    train_next(racing_home, make_run, score)
    race = pause_race(racing_home, race.race_id)
    assert (race.state, race.deadline) == ("paused", None)
    assert race.left_seconds == pytest.approx(3600, abs=60)
    assert not JobQueue(racing_home).has("queued")
    assert advance(racing_home, race.race_id).state == "paused"
    assert write_answer(race) == "The race is paused."
    with pytest.raises(AdviceError, match="is not running"):
        pause_race(racing_home, race.race_id)
    race = continue_race(racing_home, race.race_id)
    assert JobQueue(racing_home).has("queued")
    assert race.dropped == {}, "a job that the pause cancelled is no reason"
    while race.rung < len(race.rungs) or race.seeds < 3:
        assert train_next(racing_home, make_run, score)
        race = advance(racing_home, race.race_id)
    race = stop_race(racing_home, race.race_id)
    assert race.answer
    assert (race.answer.why, race.answer.seeds) == ("stopped", 2), "two seeds are complete"
    assert race.answer.runs
    with pytest.raises(AdviceError, match="already ended"):
        stop_race(racing_home, race.race_id)


def test_undecided_race_continues_with_the_seeds_that_it_needs(racing_home: Home, make_run: RunWriter) -> None:
    close = {"gap": 0.55, "gap_dense": 0.93, "dense": 0.955}
    plan = plan_digits(racing_home, margin=7.0, seeds=2)
    race, _ = race_digits(racing_home, make_run, lambda spec: close[spec.head], plan)
    first = race.answer
    assert first
    assert first.state == "undecided", write_answer(race)
    assert write_answer(race, 720.0).startswith("Not decided: it is open which of GAP + Dense and Flatten + Dense")
    assert first.more_seeds
    assert "(12 min 0 s)" in write_answer(race, 720.0)
    assert estimate_more_seeds(racing_home, race)
    race, trained = run_race(
        racing_home, make_run, continue_race(racing_home, race.race_id), lambda spec: close[spec.head]
    )
    assert {spec.seed for spec in trained} == {*range(first.seeds, min(first.seeds + first.more_seeds, 20))}
    assert race.looks == 2
    assert [answer.level for answer in race.answers] == [0.03, 0.015], "all comparisons share one error rate"
    assert sum(conclude.LEVELS) == pytest.approx(0.05)


def test_failed_and_too_costly_candidates_are_dropped_with_the_reason(racing_home: Home, make_run: RunWriter) -> None:
    plan = plan_digits(racing_home, limits=Limits(latency=2.59e-4))  # the writer measures FLOPs / 2e10
    race = start_race(racing_home, plan)
    queue = JobQueue(racing_home)
    job = next(job for job in queue.jobs() if job.spec.head == "gap")
    claimed = queue.claim()
    assert claimed
    assert claimed.run_id == job.run_id
    queue.settle(claimed, "failed", "Out of memory.")
    race, _ = run_race(racing_home, make_run, race, score)
    reasons = {name_of(race, key): dropped.reason for key, dropped in race.dropped.items()}
    assert reasons["gap"] == "Its training failed: Out of memory."
    assert reasons["dense"].startswith("It needs 287 µs per image; the limit is 259 µs.")
    assert race.answer
    assert name_of(race, race.answer.choice) == "gap_dense"
    assert "no other candidate is left" in write_answer(race)
    texts = " ".join(event.text for event in race.events)
    assert "The test images were read for 1 finalist." in texts
    assert not re.search(r"\b1 (candidates|finalists|seeds|epochs)\b", texts)


def test_latency_of_an_example_drops_no_candidate(
    racing_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_digits(racing_home, limits=Limits(latency=2.59e-4))
    examples = RunWriter(Home(tmp_path / "examples"))
    for one in plan.candidates:
        for spec in (one.spec_of(epochs, 0) for epochs in plan.rungs):
            examples(spec, accuracy=score(spec), data=spec.data)
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(examples.home.runs))
    race = advance_module.advance(racing_home, start_race(racing_home, plan).race_id)
    assert not [dropped for dropped in race.dropped.values() if dropped.reason.startswith("It needs")]


def test_latency_of_another_machine_neither_drops_a_candidate_nor_is_its_cost(
    racing_home: Home, make_run: RunWriter
) -> None:
    """Its processor has the same name, but it has more cores: runs were imported, or the container was resized."""
    plans = [plan_digits(racing_home, cost="latency", limits=Limits(latency=limit)) for limit in (1e-3, 2e-3)]
    for one in plans[0].candidates:
        spec = one.spec_of(plans[0].rungs[0], 0)
        run = rewrite(make_run(spec, accuracy=score(spec), data=spec.data), cores=64, cost={"latency_seconds": 5.0})
    for plan, cores, known in zip(plans, (2, 64), (False, True), strict=True):
        with on_machine_of_runs(cores):
            race, evidence = start_race(racing_home, plan), Evidence(RunStore(racing_home))
            assert any(dropped.reason.startswith("It needs 5 s") for dropped in race.dropped.values()) == known
            assert (read_cost(race, race.candidates[-1], [run], evidence) == 5.0) == known
            assert len(select_measured(RunStore(racing_home).frame())) == (3 if known else 0)


def test_best_candidate_within_limits_is_found_by_balanced_accuracy(racing_home: Home, make_run: RunWriter) -> None:
    accuracy = {"gap": 0.95, "gap_dense": 0.6, "dense": 0.99}
    plan = plan_digits(
        racing_home, goal="best", metric="balanced_accuracy", cost="size", limits=Limits(params=100_000)
    )  # fmt: skip
    race, trained = race_digits(racing_home, make_run, lambda spec: accuracy[spec.head], plan)
    assert race.answer
    assert name_of(race, race.answer.choice) == "gap", "the cheaper one is not the question"
    assert {spec.head for spec in trained} == {"gap", "gap_dense"}, "the limit excludes the best one"
    assert write_answer(race).startswith("Use GAP: it is the most accurate finalist"), write_answer(race)
    assert "test balanced accuracy 9" in write_answer(race)


def test_race_without_candidates_and_with_an_unexpected_error_fails_with_a_message(
    racing_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    race = start_race(racing_home, plan_digits(racing_home, limits=Limits(latency=1e-6)))
    race, _ = run_race(racing_home, make_run, race, score)
    assert race.state == "failed"
    assert race.problem.startswith("No candidate is left. GAP: It needs")
    monkeypatch.setattr(advance_module, "choose_dropped", lambda *_: 1 / 0)
    race, _ = race_digits(racing_home, make_run, score, plan_digits(racing_home, margin=2.0))
    assert race.state == "failed"
    assert race.problem == "Unexpected error: ZeroDivisionError: division by zero"
    assert write_answer(race) == race.problem


def test_damaged_race_is_named_and_does_not_hold_the_others(racing_home: Home) -> None:
    race = start_race(racing_home, plan_digits(racing_home))
    path = racing_home.advice / race.race_id / "race.json"
    path.write_text("{")
    assert "headroom doctor --repair" in list_damaged_races(racing_home)[path]
    assert list_races(racing_home) == []
    advance_module.advance_all(racing_home)
    assert not path.with_name("open").exists()
    with pytest.raises(AdviceError, match="is damaged"):
        open_race(racing_home, race.race_id)
