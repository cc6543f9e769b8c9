"""The command sweep."""

import pytest

from core.datasets.cache import fetch_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from tests.support.command import ask, call, refused
from tests.support.dispatcher import until
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import FAILS

SWEEP = ["sweep", "--recipe", "digits-heads", "--heads", "gap,dense", "--set", "blocks=1,2", "--epochs", "3"]


def test_sweep_shows_its_grid_and_starts_nothing_unasked(home: Home, make_run: RunWriter) -> None:
    run = make_run(head="dense", blocks=2, epochs=3)
    found = ask(*SWEEP, "--dry-run")
    assert [(m["spec"]["head"], m["spec"]["blocks"], m["status"]) for m in found["runs"]] == [
        ("gap", 1, "to train"), ("dense", 1, "to train"), ("gap", 2, "to train"), ("dense", 2, "cached"),
    ]  # fmt: skip
    assert found["runs"][3]["run_id"] == run.run_id
    assert found["runs"][2]["params"] == 24_586
    assert found["estimate"]["low"] < found["estimate"]["seconds"] < found["estimate"]["high"]
    shown = call(*SWEEP, "--budget", "5")
    assert shown.stderr == call(*SWEEP, "--budget", "4.5m").stderr
    assert shown.exit_code == 1
    assert "4 runs: 3 to train, 1 cached." in shown.stderr
    assert shown.stderr.endswith("nothing was started. Add --yes or --dry-run.\n")
    assert not JobQueue(home).jobs()
    assert ask("sweep") == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "blocks"], "Expected hyperparameter=value,value with one of dataset, "),
        (["--set", "block=1,2"], "Did you mean 'blocks'? Expected hyperparameter=value,value with one of dataset, "),
        (
            ["--recipe", "digits-heads", "--set", "epochs=1,2", "--epochs", "3"],
            "Give epochs either with --set or with",
        ),
        (
            ["--recipe", "digits-heads", "--seeds", "100", "--set", "blocks=1,2"],
            "Expected a sweep of 1 to 200 runs; got 4",
        ),
        (["--recipe", "digits-heads", "abc"], "Give either --recipe or a sweep ID, not both"),
        (["abc"], "Sweep 'abc' was not found."),
        (["--recipe", "digits-heads", "--retry"], "Options --retry and --rest need the ID of a sweep"),
        (["--retry"], "Give --recipe for a new sweep"),
    ],
)
def test_sweep_that_cannot_be_is_one_line(home: Home, words: list[str], sentence: str) -> None:
    fetch_dataset(home, "digits")
    words = ["--recipe", "digits-heads", *words] if words[0] == "--set" else words
    code, message = refused("sweep", *words)
    assert code == 1
    assert message.startswith(sentence)


@pytest.mark.xdist_group("jobs")
def test_sweep_is_followed_reopened_and_retried(served: Home) -> None:
    words = ["sweep", "--recipe", "digits-heads", "--heads", "gap", "--epochs", "2", "--seeds", "2", "--yes"]
    first = call(*words, "--seed", str(FAILS - 1))  # the second seed fails
    assert first.exit_code == 1
    assert "1 of 2 finished · 1 failed." in first.stderr
    (sweep,) = ask("sweep")
    assert f"\nSee the results: headroom compare sweep:{sweep['sweep_id']}\n" in first.stderr
    assert first.stderr.endswith(f"headroom sweep {sweep['sweep_id']} --retry\n")
    assert sweep["counts"] == {"finished": 1, "failed": 1}
    retried = call("sweep", sweep["sweep_id"][:5], "--retry", "--no-wait", "--json")
    assert retried.exit_code == 0
    until(lambda: {job.attempt for job in JobQueue(served).jobs()} == {1, 2})
