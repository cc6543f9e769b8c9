"""The commands `runs` and `show`."""

import json
import sqlite3
from datetime import UTC

import pytest

from core.displays.headline import write_facts
from core.displays.job_table import list_active_jobs, write_name
from core.displays.run_columns import build_run_table
from core.home import Home
from core.jobs.queue import JobQueue
from core.reports.default_report import write_title
from core.spec import SETTINGS, RunSpec
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.command import ask, call, refused
from tests.support.run_writer import RunWriter


def test_runs_lists_jobs_and_finished_runs_with_null_for_unknown_values(queued: RunSpec) -> None:
    waiting, finished = ask("runs")
    assert waiting == {
        "run_id": queued.run_id, "recipe": "digits-heads", "elsewhere": None, "dataset": "digits", "folder": "",
        "backbone": "conv_pool", "model": "", "head": "dense", "seed": 0, "epochs": 4, "trained_epochs": None,
        "status": "queued", "test_accuracy": None, "test_loss": None, "params": 431_242, "keep": "last",
        "measured_epoch": None, "withheld": False,
    }  # fmt: skip
    assert (finished["status"], finished["head"]) == ("finished", "gap")
    assert 0 < finished["test_accuracy"] < 1
    text = call("runs").stdout
    assert queued.run_id in text
    assert "431,242" in text
    assert "–" in text


def test_counts_are_integers_next_to_an_unreadable_job(home: Home, queued: RunSpec) -> None:
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


def test_backbones_other_than_the_default_are_named(make_run: RunWriter) -> None:
    make_run(head="gap")
    make_run(head="gap", backbone="conv_conv_pool")
    rows = ask("runs")
    assert {row["backbone"] for row in rows} >= {"conv_pool", "conv_conv_pool"}
    lines = call("runs").stdout.splitlines()
    assert sum("gap · Conv–conv–pool" in line for line in lines) == 1


def test_empty_list_describes_how_to_fill_it_on_standard_error(home: Home) -> None:
    for words in (["runs"], ["jobs"]):
        result = call(*words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "headroom train" in result.stderr
        assert ask(*words) == []
    assert not home.path.exists()


def test_show_opens_a_run_by_the_beginning_of_its_id(make_run: RunWriter) -> None:
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
    changed, used = text.partition("Settings that differ")[2].split("Other settings")
    assert "64" in next(line for line in changed.splitlines() if "Dense units" in line)
    assert "Blocks" not in changed
    assert "Blocks" in used
    assert not any(SETTINGS[name].label in used for name in ("attribute", "folder", "hidden")), "not used"


def test_show_rejects_an_ambiguous_beginning(make_run: RunWriter) -> None:
    ids = [make_run(seed=seed, predictions=False).run_id for seed in range(17)]
    first = [run_id[0] for run_id in ids]
    shared = next(digit for digit in first if first.count(digit) > 1)
    code, line = refused("show", shared)
    assert code == 1
    assert f"matches {first.count(shared)} runs" in line


def test_show_reports_the_progress_of_a_job(home: Home, queued: RunSpec) -> None:
    found = ask("show", queued.run_id[:6])
    assert (found["status"], found["metrics"], found["progress"]["epoch"]) == ("queued", None, None)
    job = JobQueue(home).claim()
    assert job is not None
    (home.jobs / queued.run_id).mkdir()
    progress = {"phase": "training", "epoch": 1, "epochs": 4, "step": 5, "steps": 10, "loss": 0.5, "accuracy": 0.875}
    (home.jobs / queued.run_id / "progress.json").write_text(json.dumps(progress))
    found = ask("show", queued.run_id)
    assert (found["status"], found["progress"]["epoch"]) == ("running", 1)
    assert found["path"] == str(home.jobs / queued.run_id)
    for text in (found["progress_text"], call("show", queued.run_id).stdout, call("jobs").stdout):
        assert "epoch 2 of 4 · loss 0.500 · accuracy 87.5%" in text


def test_lists_name_the_custom_dataset_and_not_its_kind(home: Home, make_run: RunWriter) -> None:
    run = make_run(dataset="folder", folder="pets")
    comparison = Comparison.of([run])
    frame = RunStore(home).frame()
    shown = [
        call("runs").stdout,
        build_run_table(frame.assign(name="", star=False, tags="", note=""), ["run", "dataset"], UTC).to_string(),
        " ".join(write_facts(comparison)),
    ]
    assert all("pets" in text and "not the official" not in text for text in shown)
    assert "pets" in write_title(Comparison.of([run, make_run(dataset="folder", folder="pets", head="flatten")]))
    JobQueue(home).submit([run.spec.replace(seed=7)])
    (waiting,) = JobQueue(home).jobs()
    assert "pets" in write_name(waiting)
    assert "pets" in str(list_active_jobs([waiting], {}).to_dict("records"))
    assert [row["folder"] for row in ask("runs")] == ["pets"] * 3
