"""A sweep: its grid on the Train page, and on the Jobs page the sweep while it runs and its results."""

import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.cache import open_dataset, pin
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.sweep_plan import list_members
from core.jobs.sweep_store import Sweep, keep_sweep, list_sweeps
from core.recipes import RECIPES
from core.spec import RunSpec
from tests.support.page import Open, labels, read_tables
from tests.support.run_writer import RunWriter

FORM: dict[str, str | list[str]] = {
    "sweep": "true", "sweep_settings": ["Blocks", "Dense units"],
    "values_blocks": ["1", "2"], "values_units": ["64", "128"], "seeds": "1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(home: Home, no_dispatcher: None) -> None:
    """Home with the digits whose dispatcher lock is held, so that queued jobs stay queued."""
    open_dataset(home, "digits")


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not [*app.exception, *app.error]
    return app


def ask(home: Home) -> tuple[Sweep, list[RunSpec]]:
    specs = [
        pin(home, spec) for spec in list_members(RECIPES["digits-heads"], ["gap", "dense"], [0], {"blocks": [1, 2]})
    ]
    return keep_sweep(home, "digits-heads", ["blocks"], specs), specs


def end(home: Home, spec: RunSpec, state: str, reason: str) -> None:
    with closing(sqlite3.connect(JobQueue(home).path)) as table, table:
        values = (state, reason, time.time(), spec.run_id)
        table.execute("UPDATE job SET state = ?, reason = ?, ended_at = ? WHERE run_id = ?", values)


def test_grid_shows_each_run_before_the_submission(open_page: Open, home: Home, make_run: RunWriter) -> None:
    make_run(RunSpec(blocks=1))
    app = open_page("train", **FORM)
    assert not [*app.exception, *app.error, *app.warning]
    table = read_tables(app)[0]
    assert table[["Head", "Blocks", "Dense units"]].to_numpy().tolist() == [
        ["GAP", "1", "–"], ["Flatten + Dense", "1", "64"], ["Flatten + Dense", "1", "128"],
        ["GAP", "2", "–"], ["Flatten + Dense", "2", "64"], ["Flatten + Dense", "2", "128"],
    ]  # fmt: skip
    assert table["Status"].tolist() == ["cached", *["to train"] * 5]
    assert table["Parameters"][3] == "24,586"
    assert table["Estimated time"][0] == "–"
    assert "to" in table["Estimated time"][1]
    assert {metric.label: metric.value for metric in app.metric} == {"To train": "5", "Cached": "1"}
    assert [text for text in app.caption if "has no effect on GAP" in text.value]
    assert JobQueue(home).jobs() == []


def test_click_starts_the_sweep_and_shows_it_in_every_session(open_page: Open, home: Home) -> None:
    click(open_page("train", **FORM, budget="30"), "Train 6 runs")
    (sweep,) = list_sweeps(home)
    assert (sweep.settings, sweep.budget_minutes) == (("blocks", "units"), 30)
    assert {job.submitted_by for job in JobQueue(home).jobs()} == {f"sweep {sweep.sweep_id}"}
    other = open_page("jobs")
    assert sweep.sweep_id in str(other.selectbox(key="followed").value)
    assert read_tables(other)[0]["Status"].tolist() == ["queued"] * 6
    assert "Cancel 6" in labels(other)
    assert other.header[0].value == "Sweep"


def test_only_failed_runs_are_retried(open_page: Open, home: Home, make_run: RunWriter) -> None:
    _, specs = ask(home)
    make_run(specs[0])
    JobQueue(home).submit(specs[1:], "sweep")
    end(home, specs[1], "failed", "The training diverged.")
    end(home, specs[2], "cancelled", "The sweep used its time budget of 3 min.")
    end(home, specs[3], "cancelled", "")
    app = open_page("jobs")
    assert read_tables(app)[-1]["Status"].tolist() == ["finished", "failed", "not started", "cancelled"]
    captions = [caption.value for caption in app.caption]
    assert "1 failed: The training diverged." in captions
    assert "1 not started: The sweep used its time budget of 3 min." in captions
    click(app, "Retry 1 failed")
    assert [job.spec for job in JobQueue(home).unfinished()] == [specs[1]]
    assert "Train 2 not started" in labels(open_page("jobs"))


def test_finished_sweep_opens_the_comparison(open_page: Open, home: Home, make_run: RunWriter) -> None:
    sweep, specs = ask(home)
    for spec in specs:
        make_run(spec)
    former = open_page("train", followed=sweep.sweep_id)  # a link to the former place
    assert former.title[0].value == "Jobs"
    app = open_page("jobs")
    click(app, "Compare 4 finished")
    assert "4 variants × 1 seed" in app.caption[0].value


def test_stop_cancels_unfinished_runs(open_page: Open, home: Home, make_run: RunWriter) -> None:
    sweep, specs = ask(home)
    make_run(specs[0])
    JobQueue(home).submit(specs[1:], sweep.submitted_by)
    click(open_page("jobs"), "Cancel 3")
    assert {job.state for job in JobQueue(home).jobs()} == {"cancelled"}


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"values_blocks": ["1", "many"]}, "Expected blocks to be an integer between 1 and 6; got 'many'."),
        ({"values_units": [str(n) for n in range(1, 200)]}, "Expected a sweep of 1 to 200 runs; got 796"),
        ({"values_blocks": ["6"]}, "Use fewer blocks"),
    ],
)
def test_invalid_sweep_gives_an_error_message(open_page: Open, params: dict[str, list[str]], sentence: str) -> None:
    app = open_page("train", **{**FORM, **params})
    assert not app.exception
    assert " ".join(error.value for error in app.error).count(sentence) == 1


@pytest.mark.parametrize(
    ("page", "key", "params", "problem"),
    [
        ("train", "values_blocks", {**FORM, "values_blocks": ["1", "many"]}, "Expected blocks to be an integer"),
        ("train", "hidden", {"heads": "Flatten + MLP", "hidden": "64-x"}, "Expected hidden to be up to five numbers"),
        ("train", "augment", {"augment": "blurred"}, "Expected step 1 of augmentation to be one of"),
        (
            "advisor", "candidate_values_filters",
            {"candidate_settings": "Filters", "candidate_values_filters": "none"}, "Expected filters to be an integer",
        ),
    ],
)  # fmt: skip
def test_wrong_value_is_reported_at_its_field_only(
    open_page: Open, page: str, key: str, params: dict[str, Any], problem: str
) -> None:
    app = open_page(page, **params)
    (error,) = app.error
    assert error.value.startswith(problem)
    around = [column for column in app.columns if key in [one.key for one in (*column.multiselect, *column.text_input)]]
    assert [one.value for one in around[-1].error] == [error.value]  # the innermost column
    if page == "train":
        assert "Correct the value that is marked in the form." in [text.value for text in app.markdown]


def test_damaged_sweep_leaves_the_page(open_page: Open, home: Home) -> None:
    ask(home)
    (home.jobs / "sweeps" / "0123456789ab.json").write_text("{")
    app = open_page("jobs", followed="a deleted sweep")
    assert not app.exception
    assert "was not found; it may have been deleted. Select another one." in app.warning[0].value
