"""The command train."""

import signal
import subprocess
import sys
import time

import pytest

from core.cli.recipe_option import read_recipe
from core.cli.train import list_specs
from core.home import Home
from core.jobs.queue import JobQueue
from core.models.add import add_model
from core.recipes import RECIPES, write_command
from core.spec import RunSpec
from tests.support.command import ask, call, refused
from tests.support.dataset_writer import write_dataset
from tests.support.dispatcher import until
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import FAILS


def test_cached_runs_are_reported_and_not_trained(
    home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run(RunSpec(epochs=3), head=head) for head in ("gap", "dense")]
    result = call("train", "--recipe", "digits-heads", "--epochs", "3")
    assert result.exit_code == 0
    assert result.stdout.split() == [run.run_id for run in runs]
    assert result.stderr.count("cached") == 2
    assert not (home.jobs / "queue.sqlite").exists()
    first, second = (run.run_id for run in runs)
    assert result.stderr.splitlines()[-1] == f"See the results: headroom compare {first} {second}"
    monkeypatch.setenv("HEADROOM_URL", "https://h.example/lab")
    *_, command, link = call("train", "--recipe", "digits-heads", "--epochs", "3").stderr.splitlines()
    assert link == f"In the dashboard: https://h.example/lab/compare?compare=runs:{first},{second}"
    assert call(*command.removeprefix("See the results: headroom ").split()).exit_code == 0


def test_setting_that_only_one_head_uses_reaches_that_head(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3, seed=5), head=head, units=64) for head in ("gap", "dense")]
    words = ["--epochs", "3", "--units", "64", "--seed", "5", "--heads", "gap,dense", "--trained-stages", "2"]
    result = call("train", "--recipe", "digits-heads", *words)
    assert result.stdout.split() == [run.run_id for run in runs]
    assert runs[1].spec.units == 64
    assert result.stderr.splitlines()[0] == "Trained stages has no effect on these runs."


def test_seeds_count_upwards(make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3), head="flatten", seed=seed, predictions=False) for seed in (7, 8)]
    words = ["--heads", "flatten", "--seed", "7", "--seeds", "2", "--epochs", "3"]
    assert call("train", "--recipe", "digits-heads", *words).stdout.split() == [run.run_id for run in runs]


def test_dataset_is_named_in_every_way_and_needs_no_recipe(home: Home) -> None:
    write_dataset(home, ["cat", "dog"], name="pets")
    general = RECIPES["folder-heads"].spec.replace(folder="pets")
    for recipe, settings, name, spec in (
        (None, {"dataset": "pets"}, "folder-heads", general),
        (None, {"folder": "pets"}, "folder-heads", general),
        (None, {"dataset": "folder", "folder": "pets"}, "folder-heads", general),
        ("folder-heads", {"folder": "pets"}, "folder-heads", general),
        ("folder-heads", {"dataset": "pets", "side": 48}, "folder-heads", general.replace(side=48)),
        ("digits-heads", {"dataset": "pets"}, "digits-heads", RunSpec(dataset="folder", folder="pets")),
        (None, {"dataset": "kmnist"}, "kmnist-heads", RunSpec(dataset="kmnist")),
        (None, {"dataset": "cifar10", "folder": None}, "digits-heads", RunSpec(dataset="cifar10")),
    ):
        found, changes = read_recipe(home, recipe, settings)
        assert (found, list_specs(found, changes, "gap", 1)) == (name, [spec]), (recipe, settings)
    assert write_command(general).endswith("--recipe folder-heads --heads gap --dataset pets")
    assert "--dataset pets" in write_command(RunSpec(dataset="folder", folder="pets"))
    for words, text in (
        (["train"], "Give --recipe, or --dataset with the name"),
        (
            ["train", "--dataset", "pet"],
            "There is no dataset 'pet'. Did you mean 'pets'? `headroom datasets` lists them.",
        ),
        (
            ["train", "--recipe", "digits-heads", "--dataset", "../x"],
            "Expected the name of added images; got the path '../x'.",
        ),
        (["sweep", "--dataset", "pet", "--set", "blocks=1,2", "--dry-run"], "There is no dataset 'pet'."),
    ):
        assert refused(*words)[1].startswith(text)
    words = ["--heads", "gap", "--side", "16", "--blocks", "1", "--set", "filters=8,16", "--dry-run"]
    by_name, by_folder = (ask("sweep", option, "pets", *words) for option in ("--dataset", "--folder"))
    assert by_name == by_folder == ask("sweep", "--recipe", "folder-heads", "--folder", "pets", *words)


def test_images_have_the_input_size_of_an_added_model(home: Home) -> None:
    write_dataset(home, ["cat", "dog"], name="pets", shape=(64, 64, 1))
    info = add_model(home, "own", next((ROOT / "tests" / "support" / "keras_files").glob("*.keras")))
    wanted = {"backbone": "model", "model": "own", "side": info.input_shape[0]}
    for settings, expected in (
        ({"dataset": "pets", "backbone": "model:own"}, wanted),
        ({"folder": "pets", "model": "own"}, wanted),
        ({"dataset": "pets", "backbone": "model:own", "side": 48}, wanted | {"side": 48}),
    ):
        _, changes = read_recipe(home, None, settings)
        assert changes.items() >= expected.items()
    assert "side" not in read_recipe(home, None, {"dataset": "kmnist", "model": "own"})[1]
    for words in (
        ["sweep", "--dataset", "pets", "--set", "backbone=model:own", "--heads", "gap", "--dry-run"],
        ["sweep", "--dataset", "pets", "--set", "model=own", "--heads", "gap", "--dry-run"],
        ["advise", "--dataset", "pets", "--backbones", "model:own", "--heads", "gap,dense", "--dry-run"],
        ["params", "--recipe", "folder-heads", "--head", "gap", "--set", "backbone=model:own"],
    ):
        assert call(*words).stderr.startswith("Images are resized to 20 × 20 pixels, the input size of model own.")
    for words, text in (
        (
            ["models", "evaluate", "own"],
            "Give --dataset with the name of a dataset or of added images; `headroom datasets` lists them.",
        ),
        (["models", "evaluate", "own", "--dataset", "pet"], "There is no dataset 'pet'."),
        (["train", "--backbone", "model:own"], "Give --recipe, or --dataset with the name"),
        (["import", str(home.models / "own" / "model.keras")], "'model.keras' is a model, not a run."),
    ):
        assert refused(*words)[1].startswith(text)


@pytest.mark.xdist_group("jobs")
def test_failed_training_says_why_and_ends_with_1(served: Home) -> None:
    result = call("train", "--recipe", "digits-heads", "--epochs", "2", "--heads", "gap", "--seed", str(FAILS))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.rstrip().endswith("failed: Expected a test to fail; got one.")
    (row,) = ask("runs", "--status", "failed")
    assert row["run_id"] in result.stderr


@pytest.mark.xdist_group("jobs")
def test_training_is_waited_for_or_not(served: Home) -> None:
    words = ["train", "--recipe", "digits-heads", "--epochs", "3", "--heads", "gap"]
    result = call(*words, "--no-wait")
    assert result.exit_code == 0
    assert "queued" in result.stderr
    assert ask("doctor")["dispatcher"]["pid"]
    repeated = call(*words)
    assert (repeated.exit_code, repeated.stdout) == (0, result.stdout)
    assert "test accuracy 90.0%" in repeated.stderr
    assert [row["status"] for row in ask("runs")] == ["finished"]


@pytest.mark.xdist_group("jobs")
def test_ctrl_c_ends_the_waiting_and_not_the_training(served: Home) -> None:
    words = ["train", "--recipe", "digits-heads", "--epochs", "1000", "--heads", "gap"]
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: [job.state for job in JobQueue(served).jobs()] == ["running"])
    time.sleep(1)  # from asking to waiting
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "headroom jobs" in err
    (job,) = JobQueue(served).jobs()
    assert job.state == "running"
    assert call("jobs", "cancel", job.run_id).exit_code == 0
    until(lambda: ask("jobs")[0]["status"] == "cancelled")
