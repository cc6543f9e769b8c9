"""The command advise."""

from collections.abc import Iterator

import pytest

from core.advice.make_plan import USUAL_HEADS
from core.advice.race import list_races
from core.datasets.cache import fetch_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from tests.support.command import ask, call, refused
from tests.support.racing import run_race, with_rungs, without_training
from tests.support.run_writer import RunWriter
from tests.support.scored_worker import ACCURACY

ADVISE = ["advise", "--recipe", "digits-heads", "--heads", "gap,gap_dense,dense", "--epochs", "16", "--margin", "8"]


@pytest.fixture
def rungs() -> Iterator[None]:
    with with_rungs():
        yield


@pytest.mark.usefixtures("rungs")
def test_plan_is_shown_and_nothing_starts_unasked(home: Home) -> None:
    fetch_dataset(home, "digits")
    plan = ask(*ADVISE, "--max-params", "50k", "--budget", "10m", "--dry-run")
    assert [bool(one["excluded_by"]) for one in plan["candidates"]] == [False, False, True]
    assert (plan["margin"], plan["budget_seconds"], plan["epochs"]) == (8.0, 600.0, [4, 8, 11, 16])
    shown = call(*ADVISE, "--max-params", "50k")
    assert shown.exit_code == 1
    assert "excluded: 431,242 parameters; the limit is 50,000." in shown.stdout
    assert "unknown, checked after training" in shown.stdout
    assert "2 candidates, 1 excluded by limits; compared after 4, 8, 11 and 16 epochs on 288 validation" in shown.stderr
    assert shown.stderr.endswith("nothing was started. Add --yes or --dry-run.\n")
    assert not JobQueue(home).jobs()
    assert ask("advise") == []
    assert "No advice yet." in call("advise").stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--margin", "0"], "Expected margin between 0.01 and 50 percentage points; got '0'."),
        (["--margin", "one"], "Expected margin between 0.01 and 50 percentage points; got 'one'."),
        (["--budget", "30"], "Expected budget to be a time from 1s to 720h such as 30m; got '30'."),
        (["--max-latency", "5"], "Expected max-latency to be a time from 1us to 3600s such as 5ms; got '5'."),
        (["--max-size", "-1kB"], "Expected max-size to be a size from 1 B to 1000 GB such as 100kB; got '-1kB'."),
        (["--max-params", "few"], "Expected max-params to be a number from 1 such as 50000 or 50k; got 'few'."),
        (["--metric", "f1"], "Expected metric to be one of accuracy, balanced_accuracy; got 'f1'."),
        (["--cost", "money"], "Expected cost to be one of params, size, flops, latency; got 'money'."),
        (["--goal", "largest"], "Expected goal to be one of smallest, best; got 'largest'."),
        (["--seeds", "1"], "Expected seeds to be an integer between 2 and 20; got 1."),
        (["--max-params", "10"], "The limits exclude all 3 candidates."),
        (["--set", "epochs=1,2"], "Give epochs either with --set or with --epochs, not both."),
        (["--stop"], "Option --stop needs the ID of an advice."),
        (["--stop", "--pause"], "Give one of --stop, --pause."),
        (["0123"], "Give either the ID of an advice or a recipe and dataset, not both."),
    ],
)
def test_advice_that_cannot_be_is_one_line(home: Home, words: list[str], sentence: str) -> None:
    fetch_dataset(home, "digits")
    code, message = refused(*ADVISE, *words)
    assert code in (1, 2)
    assert message.startswith(sentence), message


def test_usual_heads_are_candidates_unless_heads_are_given(home: Home) -> None:
    fetch_dataset(home, "digits")
    plan = ask("advise", "--recipe", "digits-heads", "--dry-run")
    assert [one["head"] for one in plan["candidates"]] == [*USUAL_HEADS]
    assert all(head in call("advise", "--help").stdout for head in USUAL_HEADS)


def test_other_advice_that_cannot_be_is_one_line(home: Home) -> None:
    assert refused("advise", "0123") == (1, "Advice '0123' was not found. `headroom advise` lists all.\n")
    assert refused("advise", "--heads", "gap")[1].startswith("Give --recipe, or --dataset with the name")
    assert refused("advise", "--epochs", "3")[1].startswith("Give --recipe, or --dataset with the name")


def test_short_runs_have_one_rung(home: Home) -> None:
    fetch_dataset(home, "digits")
    for epochs, rungs in ((16, [16]), (100, [25, 50, 65, 100])):
        assert ask(*ADVISE[:-4], "--epochs", str(epochs), "--dry-run")["epochs"] == rungs
    assert "3 candidates; 16 epochs on 288 validation images" in call(*ADVISE).stderr


@pytest.mark.usefixtures("rungs")
def test_advice_is_started_followed_paused_and_answered(home: Home, make_run: RunWriter) -> None:
    fetch_dataset(home, "digits")
    with without_training(home):
        started = ask(*ADVISE, "--yes", "--no-wait")
        assert started["state"] == "running"
        assert [one["state"] for one in ask("advise")] == ["running"]
        assert ask("advise", started["id"], "--pause")["state"] == "paused"
        assert "The race is paused." in call("advise").stdout
        assert ask("advise", started["id"][:6], "--continue", "--budget", "1h", "--no-wait")["state"] == "running"
        run_race(home, make_run, list_races(home)[0], lambda spec: ACCURACY[spec.head])
        found = ask("advise", started["id"])
        fields = {"state", "choice", "reference", "margin", "difference", "candidates", "training_seconds", "sentence"}
        assert fields <= {*found}
        assert (found["state"], found["choice"]["head"]) == ("decided", "gap_dense")
        assert {*found["choice"]} == {"head", "settings", "params", "test_accuracy"}
        shown = call("advise", started["id"])
        assert shown.stdout.splitlines()[-1] == found["sentence"]
        assert "GAP is out after 8 epochs." in shown.stderr
        assert found["sentence"] in call("advise").stdout
        code, message = refused("advise", started["id"], "--continue")
        assert (code, message) == (1, f"Advice {started['id']} is decided; there is nothing to continue.\n")
        second = ask(*ADVISE, "--yes")
        assert second["id"] == started["id"], "the answer is there at once"
        repeated = call(*ADVISE)
        assert repeated.exit_code == 0, "without a confirmation"
        assert repeated.stderr.startswith("This question was answered before.")
        tested = {one["head"]: one["test_accuracy"] for one in found["candidates"]}
        assert (tested["gap"], tested["gap_dense"]) == (None, found["choice"]["test_accuracy"])
        assert f"{tested['gap_dense']:.1%}" in repeated.stdout
        assert "Caveat: " in repeated.stderr
        assert "fewest parameters within 8.0 points" in repeated.stderr
        assert found["limits"] == {}
