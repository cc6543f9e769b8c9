"""The command line: what it answers, what it refuses, and what it leaves alone."""

import json
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from core.cli import doctor
from core.cli.app import OneLine, app
from core.cli.output import format_known, print_json, print_table
from core.datasets.cache import fetch_dataset, pin
from core.displays.figure import EVIDENCE
from core.displays.plain import list_records
from core.displays.progress import describe_progress
from core.errors import JobError
from core.home import Home
from core.jobs.progress import Progress
from core.jobs.queue import JobQueue
from core.recipes import RECIPES
from core.spec import DATASETS, KNOBS, RunSpec
from core.store.comparison import list_offers
from core.store.runs import RunStore
from tests.support.paths import ROOT
from tests.support.run_rewriter import as_kmnist
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import FAILS, STAND_IN


@pytest.fixture(autouse=True)
def _without_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def ask(*words: str) -> Any:
    """The JSON that a command answers with."""
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str) -> tuple[int, str]:
    """Exit code and the one line on standard error."""
    result = call(*words)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert "to end well" not in result.stderr  # what is said of an error that nobody foresaw
    return result.exit_code, result.stderr


def list_commands() -> dict[str, Any]:
    """Path to command, «datasets fetch» among them."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():
        found[name] = command
        if isinstance(command, TyperGroup):
            found |= {f"{name} {member}": inner for member, inner in command.commands.items()}
    return found


COMMANDS = list_commands()


# -- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_explains_itself(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    assert [param.name for param in command.params if not param.help] == []
    assert call(*path.split(), "--help").exit_code == 0


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_stands_in_the_readme(path: str) -> None:
    assert f"python -m core {path}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_without_a_command_the_help_is_shown() -> None:
    result = call()
    assert result.exit_code == 0
    assert all(path.split()[0] in result.stdout for path in COMMANDS)


def test_help_offers_no_fingerprint_to_choose() -> None:
    text = call("train", "--help").stdout
    assert "--data " not in text
    assert "--dataset " in text


@pytest.mark.parametrize("name", [name for name in KNOBS if name != "head"])
def test_every_knob_is_an_option_of_train_with_its_help_and_bounds(name: str) -> None:
    option = next(param for param in COMMANDS["train"].params if param.name == name)
    knob = KNOBS[name]
    assert option.opts == [f"--{name.replace('_', '-')}"]
    assert knob.help in option.help
    assert knob.low is None or knob.bounds.removeprefix("between ") in option.help


# -- starting fast, and without what is not needed --------------------------------------------------------------------

READS = [
    ["recipes"], ["params", "--recipe", "digits-heads"], ["runs"], ["compare", "--recipe", "digits-heads"],
    ["datasets"], ["jobs"], ["doctor"], ["show", "0"], ["analyse", "0"], ["--help"], ["train", "--help"], ["sweep"],
    ["sweep", "--recipe", "digits-heads", "--dry-run"],
]  # fmt: skip
LOADED = """
import json, sys
from core.cli.app import app
from core.displays.figure import EVIDENCE
for words in json.loads(sys.argv[1]):
    try:
        app(words)
    except SystemExit as end:
        assert end.code in (0, 1), (words, end.code)
print("loaded", *{name.partition(".")[0] for name in sys.modules})
"""


def list_loaded(calls: list[list[str]]) -> set[str]:
    """Top-level packages that a fresh process has imported after some commands."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(calls)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_commands_that_read_import_neither_tensorflow_nor_streamlit(make_run: RunWriter) -> None:
    make_run(head="gap")
    make_run(head="dense")
    assert not {"tensorflow", "keras", "streamlit", "sklearn"} & list_loaded(READS)


def test_help_imports_no_library_for_numbers() -> None:
    assert not {"numpy", "pandas", "altair", "scipy"} & list_loaded([["--help"], ["train", "--help"]])


def test_help_takes_less_than_a_second_of_processor_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "core", "--help"], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 1


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["train", "--recipe", "digits-heads", "--heads", "gap,gpa"], 1, "'gpa'"),
        (["train", "--recipe", "digits-heads", "--heads", ""], 1, "got ''"),
        (["train", "--recipe", "digits-heads", "--epochs", "0"], 1, "between 1 and 1000; got 0."),
        (["train", "--recipe", "digits-heads", "--epochs", "1000000000"], 1, "got 1000000000."),
        (["train", "--recipe", "digits-heads", "--epochs", "many"], 2, "whole number between 1 and 1000; got 'many'."),
        (["train", "--recipe", "digits-heads", "--dropout", "x"], 2, "to be a number between 0 and 0.9; got 'x'."),
        (["train", "--recipe", "digits-heads", "--learning-rate", "nan"], 1, "between 1e-06 and 1; got nan"),
        (["train", "--recipe", "digits-heads", "--train-images", "100000"], 1, "between 20 and 1437"),
        (["train", "--recipe", "digits-heads", "--blocks", "6"], 1, "Choose fewer blocks"),
        (["train", "--recipe", "digits-heads", "--seeds", "0"], 2, "a whole number between 1 and 100; got 0."),
        (["train", "--recipe", "digits-heads", "--seed", "-1"], 1, "got -1."),
        (["train", "--recipe", "digits-heads", "--data", "x"], 1, "16 hex digits; got 'x'"),
        (["train", "--recipe", "nonsense"], 1, "'nonsense'"),
        (["train", "--recipe", "kmnist-heads"], 1, "python -m core datasets fetch kmnist"),
        (["train"], 2, "'--recipe'"),
        (["train", "--recipe", "digits-heads", "--epoch", "3"], 2, "--epochs"),
        (["params", "--recipe", "digits-heads", "--set", "blocks"], 1, "'blocks'"),
        (["params", "--recipe", "digits-heads", "--set", "colour=red"], 1, "'colour=red'"),
        (["params", "--recipe", "digits-heads", "--set", "blocks=2.5"], 1, "'2.5'"),
        (["params", "--recipe", "digits-heads", "--side", "0"], 1, "(0, 0, 1)"),
        (["params", "--recipe", "digits-heads", "--side", "two"], 2, "between 8 and 512; got 'two'."),
        (["params", "--recipe", "digits-heads", "--classes", "1"], 1, "got 1."),
        (["runs", "--status", "lost"], 1, "'lost'"),
        (["runs", "--recipe", "nonsense"], 1, "'nonsense'"),
        (["show", "abc"], 1, "'abc'"),
        (["show", ""], 1, "got ''"),
        (["show", "../../etc"], 1, "'../../etc'"),
        (["compare"], 2, "neither"),
        (["compare", "abc", "--recipe", "digits-heads"], 2, "both"),
        (["compare", "abc"], 1, "'abc'"),
        (["compare", "--recipe", "digits-heads"], 1, "python -m core train --recipe digits-heads"),
        (["datasets", "fetch", "nonsense"], 1, "'nonsense'"),
        (["jobs", "cancel", "abc"], 1, "'abc'"),
        (["trian"], 2, "'train'"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line_that_names_the_value(
    home: Home, words: list[str], code: int, named: str
) -> None:
    got, line = refused(*words)
    assert got == code
    assert named in line
    assert line.startswith("Expected ") or "; got " not in line


def test_damaged_run_is_one_line_for_show_and_left_out_of_the_list(make_run: RunWriter) -> None:
    whole, damaged = make_run(head="gap"), make_run(head="dense")
    (damaged.path / "record.json").write_text("{")
    for words in (["show", damaged.run_id], ["show", damaged.run_id[:6]], ["compare", damaged.run_id]):
        code, line = refused(*words)
        assert code == 1
        assert damaged.run_id in line
    result = call("runs", "--json")
    assert [row["run_id"] for row in json.loads(result.stdout)] == [whole.run_id]
    assert damaged.run_id in result.stderr


def test_home_that_is_a_file_is_one_line(home: Home) -> None:
    home.path.write_text("")
    for words in (["train", "--recipe", "digits-heads"], ["datasets", "fetch", "digits"]):
        code, line = refused(*words)
        assert code == 1
        assert str(home.path) in line


def test_damaged_table_of_jobs_is_one_line(home: Home) -> None:
    home.jobs.mkdir(parents=True)
    (home.jobs / "queue.sqlite").write_bytes(b"no table of jobs" * 100)
    code, line = refused("jobs")
    assert code == 1
    assert "queue.sqlite" in line


def test_error_nobody_foresaw_is_one_line_too() -> None:
    broken = typer.Typer(cls=OneLine)
    broken.callback()(lambda: None)

    @broken.command()
    def break_down() -> None:
        raise ZeroDivisionError("division\nby zero")

    result = CliRunner().invoke(broken, ["break-down"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "got ZeroDivisionError: division by zero" in result.stderr


# -- what is printed --------------------------------------------------------------------------------------------------


def test_what_json_does_not_know_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), np.float64("inf")], "b": (np.int64(3), None, 0.5), 7: {"c": "x"}})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None], "b": [3, None, 0.5], "7": {"c": "x"}}


def test_records_of_a_frame_have_none_for_what_is_missing() -> None:
    frame = pd.DataFrame({"name": ["a", None], "value": [np.nan, 2.0], "count": pd.array([None, 3], dtype="Int64")})
    records = list_records(frame)
    assert records == [{"name": "a", "value": None, "count": None}, {"name": None, "value": 2.0, "count": 3}]
    assert [format_known(record["value"]) for record in records] == ["–", "2.0"]


def test_table_in_a_pipe_breaks_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"name": "[bold]" + "x" * 200, "count": "1"}], numbers=("count",))
    assert "[bold]" + "x" * 200 in capsys.readouterr().out


# -- recipes and params -----------------------------------------------------------------------------------------------


def test_recipes_say_what_is_published_and_what_was_measured_here(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", seed=seed, accuracy=accuracy) for seed, accuracy in enumerate((0.5, 0.9))]
    accuracies = [run.record.metrics.test_accuracy for run in runs]
    found = {recipe["name"]: recipe for recipe in ask("recipes")}
    assert list(found) == list(RECIPES)
    assert {"head": "gap", "metric": "test_accuracy", "value": 0.9087} in found["kmnist-heads"]["published"]
    assert found["kmnist-heads"]["measured"] == {
        "runs": 0, "runs_at_other_settings": 0, "settings": None, "official": None, "heads": [],
    }  # fmt: skip
    digits = found["digits-heads"]
    assert (digits["dataset"], digits["backbone"], digits["heads"]) == ("digits", "conv_pool", ["gap", "dense"])
    assert digits["measured"]["runs"] == 2
    (gap,) = digits["measured"]["heads"]
    assert (gap["head"], gap["runs"], gap["best_test_accuracy"]) == ("gap", 2, max(accuracies))
    assert gap["mean_test_accuracy"] == pytest.approx(sum(accuracies) / 2)
    text = call("recipes").stdout
    assert f"{max(accuracies):.1%}".replace("%", " %") in text
    assert "Measured here at other settings than the recipe's own: 3 epochs." in text


def test_recipes_measure_at_the_recipes_own_settings_alone(make_run: RunWriter) -> None:
    own = make_run(RunSpec(), head="gap", accuracy=0.5)
    make_run(head="gap", epochs=2, accuracy=0.95)
    make_run(RunSpec(), head="dense", units=8)
    measured = next(recipe["measured"] for recipe in ask("recipes") if recipe["name"] == "digits-heads")
    assert (measured["runs"], measured["runs_at_other_settings"], measured["settings"]) == (1, 2, None)
    (gap,) = measured["heads"]
    assert (gap["head"], gap["best_test_accuracy"]) == ("gap", own.record.metrics.test_accuracy)
    assert "Measured here at" not in call("recipes").stdout


def test_recipes_speak_to_strangers(home: Home) -> None:
    text = call("recipes").stdout
    assert not re.search(r"\bR\d\b", text)
    assert all(recipe.question in text for recipe in RECIPES.values())


def test_params_are_the_published_ones_without_the_dataset(home: Home) -> None:
    gap, dense = ask("params", "--recipe", "kmnist-heads")["models"]
    assert list(gap) == ["head", "total", "trainable", "non_trainable", "flops", "layers"]
    assert (gap["head"], gap["total"], gap["trainable"], gap["non_trainable"]) == ("gap", 24_586, 24_586, 0)
    assert (dense["head"], dense["total"]) == ("dense", 431_242)
    assert gap["layers"][0] == {
        "name": "conv2d", "type": "Conv2D", "output_shape": [26, 26, 32],
        "params": 320, "trainable": 320, "non_trainable": 0, "flops": 26 * 26 * 32 * (2 * 9 + 1),
    }  # fmt: skip
    for model in (gap, dense):
        for total, column in (("total", "params"), ("trainable", "trainable"), ("flops", "flops")):
            assert sum(layer[column] for layer in model["layers"]) == model[total]
    assert [layer["params"] for layer in dense["layers"] if layer["params"]] == [320, 18_496, 409_856, 2_570]
    assert not home.path.exists()
    assert "431,242" in call("params", "--recipe", "kmnist-heads").stdout


def test_params_follow_knobs_side_and_classes() -> None:
    words = ["--set", "units=64", "--set", "filters=8", "--side", "64", "--classes", "3"]
    models = ask("params", "--recipe", "kmnist-heads", "--head", "dense", "--head", "gap_dense", *words)["models"]
    assert [model["head"] for model in models] == ["dense", "gap_dense"]
    dense = {layer["name"]: layer for layer in models[0]["layers"]}
    assert dense["conv2d"]["output_shape"] == [62, 62, 8]
    assert dense["dense"]["output_shape"] == [64]
    assert models[1]["layers"][-1]["output_shape"] == [3]


def test_head_may_be_set_like_any_knob() -> None:
    models = ask("params", "--recipe", "kmnist-heads", "--set", "head=flatten")["models"]
    assert [model["head"] for model in models] == ["flatten"]


# -- runs, show, jobs -------------------------------------------------------------------------------------------------


@pytest.fixture
def queued(home: Home, make_run: RunWriter) -> RunSpec:
    """A job that waits: nobody has started a dispatcher."""
    make_run(head="gap")
    spec = pin(home, RunSpec(head="dense", epochs=4))
    JobQueue(home).submit([spec], asked_by="a test")
    return spec


def test_runs_lists_jobs_and_finished_runs_with_null_for_what_is_not_known(queued: RunSpec) -> None:
    waiting, finished = ask("runs")
    assert waiting == {
        "run_id": queued.run_id, "recipe": "digits-heads", "dataset": "digits", "head": "dense", "seed": 0,
        "epochs": 4, "trained_epochs": None, "status": "queued", "test_accuracy": None,
            "test_loss": None, "params": 431_242,
    }  # fmt: skip
    assert (finished["status"], finished["head"]) == ("finished", "gap")
    assert 0 < finished["test_accuracy"] < 1
    text = call("runs").stdout
    assert queued.run_id in text
    assert "431,242" in text
    assert "–" in text


def test_counts_stay_whole_beside_a_job_that_nobody_can_read(home: Home, queued: RunSpec) -> None:
    with sqlite3.connect(home.jobs / "queue.sqlite") as table:
        table.execute('UPDATE job SET spec = \'{"colour": "red"}\'')
    table.close()
    unread, finished = ask("runs")
    assert (unread["params"], unread["seed"], unread["epochs"]) == (None, None, None)
    assert [type(finished[name]) for name in ("params", "seed", "epochs")] == [int, int, int]


@pytest.mark.parametrize(
    ("words", "heads"),
    [
        (["--status", "queued"], ["dense"]),
        (["--status", "finished"], ["gap"]),
        (["--status", "failed"], []),
        (["--recipe", "digits-heads"], ["dense", "gap"]),
        (["--recipe", "kmnist-heads"], []),
    ],
)
def test_runs_can_be_filtered(queued: RunSpec, words: list[str], heads: list[str]) -> None:
    assert [row["head"] for row in ask("runs", *words)] == heads


def test_empty_list_says_how_to_fill_it_and_leaves_standard_output_empty(home: Home) -> None:
    for words in (["runs"], ["jobs"]):
        result = call(*words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "python -m core train" in result.stderr
        assert ask(*words) == []
    assert not home.path.exists()


def test_show_opens_a_run_by_how_its_id_begins(make_run: RunWriter) -> None:
    run = make_run(head="dense", units=64)
    found = ask("show", run.run_id[:5])
    assert found["run_id"] == run.run_id
    assert found["spec"] == run.spec.model_dump()
    assert found["metrics"] == run.record.metrics.model_dump()
    assert found["cost"]["params"] == run.record.cost.params
    assert found["data"]["test_images"] == 360
    assert (found["status"], found["path"]) == ("finished", str(run.path))
    text = call("show", run.run_id).stdout
    assert f"{run.record.cost.params:,}" in text
    assert str(run.path) in text


def test_show_refuses_a_beginning_that_fits_several_runs(make_run: RunWriter) -> None:
    ids = [make_run(seed=seed, predictions=False).run_id for seed in range(17)]
    first = [run_id[0] for run_id in ids]
    shared = next(digit for digit in first if first.count(digit) > 1)
    code, line = refused("show", shared)
    assert code == 1
    assert f"fits {first.count(shared)}" in line


def test_show_says_how_far_a_job_is(home: Home, queued: RunSpec) -> None:
    found = ask("show", queued.run_id[:6])
    assert (found["status"], found["metrics"], found["progress"]) == ("queued", None, None)
    job = JobQueue(home).claim()
    assert job is not None
    (home.jobs / queued.run_id).mkdir()
    said = {"phase": "training", "epoch": 1, "epochs": 4, "step": 5, "steps": 10, "loss": 0.5, "accuracy": 0.875}
    (home.jobs / queued.run_id / "progress.json").write_text(json.dumps(said))
    found = ask("show", queued.run_id)
    assert (found["status"], found["progress"]["epoch"]) == ("running", 1)
    assert found["path"] == str(home.jobs / queued.run_id)
    for text in (found["progress_text"], call("show", queued.run_id).stdout, call("jobs").stdout):
        assert "epoch 2 of 4 · loss 0.500 · accuracy 87.5 %" in text


def test_failed_job_says_why(home: Home, queued: RunSpec) -> None:
    job = JobQueue(home).claim()
    assert job is not None
    JobQueue(home).settle(job, "failed", "Expected room on the disk for this run; got none left.")
    assert ask("show", queued.run_id)["reason"] == "Expected room on the disk for this run; got none left."
    (row,) = ask("jobs")
    assert (row["status"], row["reason"]) == ("failed", "Expected room on the disk for this run; got none left.")
    assert "got none left" in call("jobs").stdout


def test_cancelled_job_is_cancelled_and_not_twice(home: Home, queued: RunSpec) -> None:
    assert call("jobs", "cancel", queued.run_id[:8]).exit_code == 0
    (row,) = ask("jobs")
    assert (row["run_id"], row["status"], row["asked_by"]) == (queued.run_id, "cancelled", "a test")
    code, line = refused("jobs", "cancel", queued.run_id)
    assert code == 1
    assert queued.run_id in line


def test_queue_is_paused_put_in_order_and_asked_again_from_the_command_line(home: Home, queued: RunSpec) -> None:
    other = queued.replace(seed=1)
    assert call("jobs", "pause").exit_code == 0
    for words in (["jobs"], ["jobs", "pause"]):
        assert "The queue is paused" in call(*words).stderr
    JobQueue(home).submit([other])
    for word, order in (("first", [other, queued]), ("down", [queued, other]), ("up", [other, queued])):
        assert "of 2 that wait." in call("jobs", word, other.run_id[:8]).stderr
        assert [job.spec for job in JobQueue(home).unfinished()] == order
    assert call("jobs", "cancel", other.run_id).exit_code == 0
    code, line = refused("jobs", "retry", other.run_id)
    assert (code, line.strip()) == (1, f"Expected the id of a failed job; got {other.run_id!r}, which is cancelled.")
    assert f"{other.run_id}: queued." in call("jobs", "resume", other.run_id).stderr
    JobQueue(home).cancel(queued.run_id)
    JobQueue(home).cancel(other.run_id)
    assert call("jobs", "go-on").stderr == "The queue goes on.\n"
    assert JobQueue(home).paused() is None
    assert not (home.jobs / "dispatcher.lock").exists()


@pytest.mark.parametrize(
    ("state", "said", "share", "words"),
    [
        ("queued", None, 0.0, "queued"),
        ("finished", None, 1.0, "finished"),
        ("running", None, 0.0, "starting"),
        ("running", {"phase": "loading", "epochs": 4}, 0.0, "starting"),
        ("running", {"phase": "training", "epochs": 4, "epoch": 0, "step": 0, "steps": 9}, 0.0, "epoch 1 of 4"),
        (
            "running",
            {"phase": "training", "epochs": 4, "epoch": 3, "step": 5, "steps": 10, "loss": 0.25, "accuracy": 0.5,
             "images_per_second": 1234.5, "eta_seconds": 75.2},
            0.875, "epoch 4 of 4 · loss 0.250 · accuracy 50.0 % · 1,234 images/s · 1 min 15 s left",
        ),
        ("running", {"phase": "exporting", "epochs": 4, "epoch": 4}, 1.0, "exporting"),
    ],
)  # fmt: skip
def test_progress_is_a_share_and_words(state: Any, said: dict[str, Any] | None, share: float, words: str) -> None:
    assert describe_progress(state, Progress(**said) if said else None) == (share, words)


# -- compare ----------------------------------------------------------------------------------------------------------


def test_compare_answers_with_everything_the_first_page_of_a_report_says(make_run: RunWriter) -> None:
    gap = [make_run(head="gap", seed=seed, accuracy=0.8) for seed in (0, 1)]
    dense = [make_run(head="dense", seed=seed, accuracy=0.95) for seed in (0, 1)]
    found = ask("compare", *(run.run_id[:8] for run in dense + gap))
    assert found["headline"].startswith("After 3 epochs of 25: GAP has 17.5× fewer parameters than Flatten + Dense")
    assert ("H06", "failed") in [(check["code"], check["state"]) for check in found["checks"]]
    assert found["difference"][0]["verdict"] == "no difference shown"
    assert len(found["significance"]) == 2
    assert set(EVIDENCE) <= set(found)
    assert (found["dataset"], found["fingerprint"], found["official"]) == ("digits", gap[0].spec.data, True)
    assert found["published"] == []
    first, second = found["heads"]
    assert (first["head"], first["label"], first["params"], second["params"]) == ("gap", "GAP", 24_586, 431_242)
    assert isinstance(first["keras_bytes"], int)
    assert first["seeds"] == [0, 1]
    assert first["run_ids"] == [run.run_id for run in gap]
    accuracies = [run.record.metrics.test_accuracy for run in gap]
    assert first["test_accuracy"]["mean"] == pytest.approx(sum(accuracies) / 2)
    assert first["test_accuracy"]["spread"] == pytest.approx(abs(accuracies[0] - accuracies[1]) / 2**0.5)
    text = call("compare", "--recipe", "digits-heads").stdout
    assert found["headline"] in text
    assert "431,242" in text
    assert "Take care: " in text


def test_analyse_prints_every_figure_that_compare_carries(make_run: RunWriter) -> None:
    ids = [make_run(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in (0, 1)]
    beside = make_run(head="dense", units=32).run_id  # not asked for, but on the same images
    found, compared = ask("analyse", *ids), ask("compare", *ids)
    assert {*ids, beside} <= {row["run_id"] for row in found["pareto"]}
    assert {row["head"] for row in found["cost"]} == {"GAP", "Flatten + Dense"}
    assert {row["knob"] for row in found["knob_curve"]} >= {"units"}
    assert all(found[name] == compared[name] for name in ("headline", *EVIDENCE))
    text = call("analyse", *(run_id[:8] for run_id in ids)).stdout
    assert found["headline"] in text
    for words in (
        "Student's t",
        "McNemar's exact test",
        "H06",
        "Temperature",
        "validation accuracy, mean over seeds",
        "not measured",
        "for the last point of accuracy",
        "On the front",
        "Dense units",
    ):
        assert words in text
    alone = ask("analyse", ids[0])
    assert (alone["difference"], alone["significance"]) == ([], [])


def test_spread_of_one_seed_is_null(make_run: RunWriter) -> None:
    (head,) = ask("compare", make_run(head="gap").run_id)["heads"]
    assert head["test_accuracy"]["spread"] is None
    assert head["test_loss"]["spread"] is None


def test_compare_by_recipe_takes_what_the_front_page_shows(home: Home, make_run: RunWriter) -> None:
    report = [make_run(RunSpec(), head=head).run_id for head in ("gap", "dense")]
    for head in ("gap", "dense"):
        make_run(head=head, epochs=2)
    result = call("compare", "--recipe", "digits-heads", "--json")
    assert [head["run_ids"] for head in json.loads(result.stdout)["heads"]] == [[run_id] for run_id in report]
    assert set(list_offers(RunStore(home).frame())[0].run_ids) == set(report)
    assert "one of 2 settings" in result.stderr


def test_published_figures_name_the_head_and_count_in_whole_numbers(make_run: RunWriter) -> None:
    runs = [as_kmnist(make_run(head=head, epochs=1)) for head in ("gap", "dense")]
    found = ask("compare", *(run.run_id for run in runs))["published"]
    assert {(row["head"], row["label"]) for row in found} == {("gap", "GAP"), ("dense", "Flatten + Dense")}
    counted = [(row["published"], row["measured"]) for row in found if row["metric"] == "params"]
    assert counted == [(24_586, 24_586), (431_242, 431_242)]
    assert all(type(value) is int for row in counted for value in row)
    text = call("compare", *(run.run_id for run in runs)).stdout
    assert "with other settings than published (1 epoch instead of 25)" in text


# -- datasets ---------------------------------------------------------------------------------------------------------


def test_datasets_says_which_are_here_and_how_to_get_the_others(home: Home) -> None:
    info = fetch_dataset(home, "digits").info
    found = {status["name"]: status for status in ask("datasets")}
    assert list(found) == list(DATASETS)
    assert (found["digits"]["here"], found["digits"]["fingerprint"]) == (True, info.fingerprint)
    assert (found["digits"]["bytes"], found["digits"]["official"]) == (info.bytes, True)
    assert (found["kmnist"]["here"], found["kmnist"]["fingerprint"]) == (False, None)
    assert found["kmnist"]["how"] == "python -m core datasets fetch kmnist"
    text = call("datasets").stdout
    assert "python -m core datasets fetch kmnist" in text
    assert info.fingerprint in text


def test_fetched_dataset_is_here_and_made_anew_only_when_asked(home: Home) -> None:
    made = []
    for words in ([], [], ["--again"]):
        result = call("datasets", "fetch", "digits", *words)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "1,437 training and 360 test images" in result.stdout
        made.append((home.datasets / "digits" / "dataset.json").stat().st_mtime_ns)
    assert made[0] == made[1] < made[2]
    assert ask("datasets")[0]["here"]


def test_damaged_dataset_says_what_repairs_it(home: Home) -> None:
    fetch_dataset(home, "digits")
    (home.datasets / "digits" / "dataset.json").write_text("{")
    result = call("datasets")
    assert result.exit_code == 0
    assert "damaged" in result.stdout
    assert "repair it with: python -m core datasets fetch digits" in result.stderr


# -- doctor -----------------------------------------------------------------------------------------------------------


def test_doctor_finds_what_is_needed(make_run: RunWriter, home: Home) -> None:
    make_run()
    found = ask("doctor")
    assert found["missing"] == []
    assert found["libraries"]["tensorflow"]
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 1e9
    assert (found["home"]["path"], found["home"]["writable"], found["runs"]) == (str(home.path), True, 1)
    assert found["dispatcher"] == {"pid": None, "unfinished": 0}
    assert {status["name"]: status["here"] for status in found["datasets"]}["digits"]
    assert "Nothing that is needed is missing." in call("doctor").stdout


def test_doctor_ends_with_1_when_something_needed_is_missing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.path.write_text("")
    result = call("doctor", "--json")
    assert result.exit_code == 1
    assert str(home.path) in json.loads(result.stdout)["missing"][0]
    assert str(home.path) in call("doctor").stdout.splitlines()[-1]


def test_doctor_names_a_slot_number_that_is_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "lots")
    result = call("doctor", "--json")
    assert result.exit_code == 1
    assert "'lots'" in json.loads(result.stdout)["missing"][0]


def test_doctor_reads_the_requirements(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# a comment\n-r other.txt\nnumpy==2.0\nno-such-package>=1\n")
    found = doctor.read_libraries(path)
    assert found == {"numpy": found["numpy"], "no-such-package": None}
    assert found["numpy"]
    monkeypatch.setattr(doctor, "REQUIREMENTS", path)
    assert "Expected no-such-package to be installed" in doctor.examine(home)["missing"][0]


def test_doctor_finds_gpus_by_the_program_or_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    card = tmp_path / "driver/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    assert doctor.list_gpus(tmp_path / "nothing") == []
    (card / "information").write_text("Model: \t\t A card\nIRQ: 1\n")
    assert doctor.list_gpus(tmp_path / "driver") == ["A card"]
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Card 1'\necho 'Card 2'\n")
    program.chmod(0o755)
    assert doctor.list_gpus(tmp_path / "driver") == ["Card 1", "Card 2"]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert doctor.list_gpus(tmp_path / "driver") == ["A card"]


# -- train ------------------------------------------------------------------------------------------------------------


def test_cached_runs_are_said_to_be_cached_and_start_nothing(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3), head=head) for head in ("gap", "dense")]
    result = call("train", "--recipe", "digits-heads", "--epochs", "3")
    assert result.exit_code == 0
    assert result.stdout.split() == [run.run_id for run in runs]
    assert result.stderr.count("cached") == 2
    assert not (home.jobs / "queue.sqlite").exists()


def test_knob_that_only_one_head_uses_reaches_that_head(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3, seed=5), head=head, units=64) for head in ("gap", "dense")]
    words = ["--epochs", "3", "--units", "64", "--seed", "5", "--heads", "gap,dense"]
    assert call("train", "--recipe", "digits-heads", *words).stdout.split() == [run.run_id for run in runs]
    assert runs[1].spec.units == 64


def test_seeds_count_upwards(make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(epochs=3), head="flatten", seed=seed, predictions=False) for seed in (7, 8)]
    words = ["--heads", "flatten", "--seed", "7", "--seeds", "2", "--epochs", "3"]
    assert call("train", "--recipe", "digits-heads", *words).stdout.split() == [run.run_id for run in runs]


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    """A home with a dispatcher whose trainings are stand-ins."""
    fetch_dataset(home, "digits")
    home.jobs.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.jobs", str(home.path), "--module", STAND_IN],
        cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until(lambda: doctor.find_dispatcher(home) == process.pid)
    yield home
    end_jobs(home)
    process.kill()
    process.wait()


def until(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def end_jobs(home: Home) -> None:
    queue = JobQueue(home)
    for job in queue.unfinished():
        with suppress(JobError):  # it has ended meanwhile
            queue.cancel(job.run_id)
    until(lambda: not queue.unfinished())


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
    again = call(*words)
    assert (again.exit_code, again.stdout) == (0, result.stdout)
    assert "test accuracy 90.0 %" in again.stderr
    assert [row["status"] for row in ask("runs")] == ["finished"]


SWEEP = ["sweep", "--recipe", "digits-heads", "--heads", "gap,dense", "--set", "blocks=1,2", "--epochs", "3"]


def test_sweep_shows_its_grid_and_starts_nothing_unasked(home: Home, make_run: RunWriter) -> None:
    run = make_run(head="dense", blocks=2, epochs=3)
    found = ask(*SWEEP, "--dry-run")
    assert [(m["spec"]["head"], m["spec"]["blocks"], m["status"]) for m in found["members"]] == [
        ("gap", 1, "to train"), ("dense", 1, "to train"), ("gap", 2, "to train"), ("dense", 2, "cached"),
    ]  # fmt: skip
    assert found["members"][3]["run_id"] == run.run_id
    assert found["members"][2]["params"] == 24_586
    assert found["estimate"]["low"] < found["estimate"]["seconds"] < found["estimate"]["high"]
    shown = call(*SWEEP, "--budget", "5")
    assert shown.exit_code == 1
    assert "4 runs: 3 to train, 1 cached." in shown.stderr
    assert shown.stderr.endswith("Expected --yes where nobody can be asked, or --dry-run; nothing was started.\n")
    assert not JobQueue(home).jobs()
    assert ask("sweep") == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "blocks"], "Expected knob=value,value with one of dataset, "),
        (["--recipe", "digits-heads", "--set", "epochs=1,2", "--epochs", "3"], "Expected epochs from --set or from"),
        (
            ["--recipe", "digits-heads", "--seeds", "100", "--set", "blocks=1,2"],
            "Expected a sweep of 1 to 200 runs; got 4",
        ),
        (["--recipe", "digits-heads", "abc"], "Expected a recipe or the id of a sweep; got both"),
        (["abc"], "Expected the id of one sweep; got 'abc', which fits 0."),
        (["--recipe", "digits-heads", "--retry"], "Expected the id of a sweep with --retry"),
        (["--retry"], "Expected --recipe for a new sweep"),
    ],
)
def test_sweep_that_cannot_be_is_one_line(home: Home, words: list[str], sentence: str) -> None:
    fetch_dataset(home, "digits")
    words = ["--recipe", "digits-heads", *words] if words[0] == "--set" else words
    code, said = refused("sweep", *words)
    assert code == 1
    assert said.startswith(sentence)


@pytest.mark.xdist_group("jobs")
def test_sweep_is_followed_found_again_and_retried(served: Home) -> None:
    words = ["sweep", "--recipe", "digits-heads", "--heads", "gap", "--epochs", "2", "--seeds", "2", "--yes"]
    first = call(*words, "--seed", str(FAILS - 1))  # the second seed fails
    assert first.exit_code == 1
    assert "1 of 2 finished · 1 failed." in first.stderr
    (sweep,) = ask("sweep")
    assert first.stderr.endswith(f"python -m core sweep {sweep['sweep_id']} --retry\n")
    assert sweep["counts"] == {"finished": 1, "failed": 1}
    again = call("sweep", sweep["sweep_id"][:5], "--retry", "--no-wait", "--json")
    assert again.exit_code == 0
    until(lambda: {job.attempt for job in JobQueue(served).jobs()} == {1, 2})


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
    assert "python -m core jobs" in err
    (job,) = JobQueue(served).jobs()
    assert job.state == "running"
    assert call("jobs", "cancel", job.run_id).exit_code == 0
    until(lambda: ask("jobs")[0]["status"] == "cancelled")
