"""The Jobs page: running, queued and completed jobs."""

import json
import time
from collections.abc import Callable

import pytest

from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.dispatcher import queue_up
from tests.support.page import Open, labels, list_misaligned


def test_empty_home_has_a_link_to_train(open_page: Open) -> None:
    app = open_page("jobs")
    assert "**No jobs yet.**" in [text.value for text in app.markdown]
    assert [link.proto.label for link in app.get("page_link")] == ["Train a first comparison"]
    assert not app.dataframe


def test_running_job_is_shown_with_its_log_and_can_be_cancelled(
    open_page: Open, home: Home, no_dispatcher: None
) -> None:
    spec = queue_up(home, epochs=4)
    queue_up(home, seed=1)
    job = JobQueue(home).claim()
    assert job is not None
    folder = home.jobs / spec.run_id
    folder.mkdir()
    (folder / "log.txt").write_text("Training continues.\n")
    progress = '{"phase": "training", "epoch": 1, "epochs": 4, "step": 1, "steps": 2, "loss": 0.5, "eta_seconds": 60}'
    (folder / "progress.json").write_text(progress)
    app = open_page("jobs")
    assert "**1 running, 1 queued.**" in [text.value for text in app.markdown]
    table = app.dataframe[0].value
    assert table[["Status", "Progress", "Epoch", "Loss", "Time left"]].values.tolist() == [
        ["training", 37.5, "2 of 4", "0.500", "1 min 0 s"], ["queued", 0.0, "–", "–", "–"],
    ]  # fmt: skip
    app = open_page("run", run=spec.run_id)
    assert [code.value for code in app.code] == ["Training continues."]
    assert app.get("progress")[0].proto.text.startswith("epoch 2 of 4")
    app.button(key=f"cancel-{spec.run_id}").click().run()
    (job,) = JobQueue(home).running()
    assert job.cancel
    assert app.button(key=f"cancel-{spec.run_id}").disabled
    shown = open_page("jobs")
    assert shown.dataframe[0].value["Status"][0] == "stopping"
    assert list_misaligned(shown) == []


def test_former_link_to_a_job_opens_its_run(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None]
) -> None:
    specs = [queue_up(home, seed=seed) for seed in range(53)]
    ended(specs[0], "failed")
    seeds = {spec.run_id: spec.seed for spec in specs}
    for job in (specs[0].run_id, f"GAP, an old label · {specs[1].run_id}", "abc"):
        app = open_page("jobs", job=job)
        assert app.query_params["run"] == job[-12:]
        assert app.title[0].value == ("Run" if job == "abc" else f"GAP on Digits, seed {seeds[job[-12:]]}")
    assert [warning.value for warning in app.warning] == [
        "Run 'abc' was not found; it may have been deleted permanently. Select a run on the Runs page."
    ]


def test_queued_job_can_be_moved_to_the_front(open_page: Open, home: Home, no_dispatcher: None) -> None:
    specs = [queue_up(home, seed=seed) for seed in range(3)]
    last = specs[-1].run_id
    app = open_page("run", run=last)
    app.button(key=f"Move to front-{last}").click().run()
    assert [job.run_id for job in JobQueue(home).unfinished()] == [last, specs[0].run_id, specs[1].run_id]
    app.button(key=f"Move down-{last}").click().run()
    assert list(open_page("jobs").dataframe[0].value["Run"]) == [specs[0].run_id, last, specs[1].run_id]


def test_paused_queue_is_shown_on_both_pages_and_unpaused_from_either(
    open_page: Open, home: Home, no_dispatcher: None
) -> None:
    queue_up(home)
    app = open_page("jobs")
    next(button for button in app.button if button.label == "Pause queue").click().run()
    sentence = "The queue was paused just now by test@example.com. No new jobs start."
    assert [warning.value for warning in app.warning] == [sentence]
    assert "Pause queue" not in labels(app)
    other = open_page("train")
    assert [warning.value for warning in other.warning] == [sentence]
    other.button(key="unpause").click().run()
    assert JobQueue(home).paused() is None
    assert not other.warning


@pytest.mark.parametrize(("state", "label"), [("failed", "Retry"), ("cancelled", "Resume")])
def test_completed_job_shows_its_reason_and_can_be_resubmitted(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None], state: str, label: str
) -> None:
    spec = queue_up(home)
    reason = "The training diverged." if state == "failed" else ""
    job = JobQueue(home).claim()
    assert job is not None
    JobQueue(home).settle(job, "failed", reason)
    ended(spec, state)
    app = open_page("jobs")
    table = app.dataframe[0].value
    assert table["Status"][0] == state
    if reason:
        assert table["Reason"][0] == reason
    else:
        assert "Reason" not in table
    app = open_page("run", run=spec.run_id)
    assert [error.value for error in app.error] == ([reason] if reason else [])
    app.button(key=f"{label}-{spec.run_id}").click().run()
    (job,) = JobQueue(home).unfinished()
    assert (job.spec, job.submitted_by) == (spec, "test@example.com")
    assert "Position 1 of 1 in the queue." in [text.value for text in app.caption]


def test_job_without_a_sign_of_life_can_be_restarted(open_page: Open, home: Home, no_dispatcher: None) -> None:
    spec = queue_up(home, epochs=4)
    job = JobQueue(home).claim()
    assert job is not None
    folder = home.jobs / spec.run_id
    folder.mkdir()
    progress = {"attempt": 1, "phase": "training", "epoch": 1, "epochs": 4, "eta_seconds": 22.2}
    (folder / "progress.json").write_text(json.dumps(progress | {"updated_at": time.time() - 40}))
    with JobQueue(home)._table.writing() as table:
        table.execute("UPDATE job SET queued_at = queued_at - 40, started_at = started_at - 40")
    app = open_page("jobs")
    (row,) = app.dataframe[0].value.to_dict("records")
    assert row["Status"].startswith("no sign of life for 4")
    assert row["Time left"] == "–"
    open_page("run", run=spec.run_id).button(key=f"Restart-{spec.run_id}").click().run()
    assert (folder / "restart").read_text() == "1\n"
    app = open_page("train")
    assert "no sign of life for 4" in app.get("progress")[0].proto.text
    assert [button.label for button in app.button if button.key == f"restart-{spec.run_id}"] == ["Restart"]
