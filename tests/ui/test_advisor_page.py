"""The Advisor page in every state: empty, form, plan, running, paused, interrupted, failed, and each kind of answer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access.action import READ_ONLY
from core.advice.race import Race, folder_of_race, list_races, open_race
from core.datasets.cache import open_dataset
from core.displays.markdown import escape_markdown
from core.home import Home, hide_paths
from core.jobs.queue import JobQueue
from core.models.add import add_model
from core.models.before_training import list_training_messages
from core.recipes import RECIPES
from core.reports.report_store import ReportStore
from tests.support.dataset_writer import write_dataset
from tests.support.own_models import FILES
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.races import make_races, write_race
from tests.support.run_writer import RunWriter

FORM: dict[str, str | list[str]] = {
    "candidate_heads": ["gap", "dense"], "candidate_settings": ["filters"], "candidate_values_filters": ["8", "16"],
    "max_params": "60k", "advice_margin": "2", "advice_budget": "20m", "advice_epochs": "4",
}  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(home: Home, no_dispatcher: None) -> None:
    """Home with the digits whose dispatcher lock is held, so that queued jobs stay queued."""
    open_dataset(home, "digits")


Put = Callable[[str], Race]


@pytest.fixture
def put(home: Home, make_run: RunWriter) -> Put:
    """Add the race with a state and its runs to the home."""

    def write(state: str) -> Race:
        race = make_races(home)[state]
        write_race(home, race, make_run)
        return race

    return write


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception
    return app


# Before the race


def test_form_plans_what_the_link_asks_for_and_starts_it_once(open_page: Open, home: Home) -> None:
    app = open_page("advisor", **FORM)
    assert not [*app.error, *app.warning]
    table = read_tables(app)[-1]
    assert table["Candidate"].tolist() == [
        "GAP, 8 filters", "GAP, 16 filters", "Flatten + Dense, 8 filters", "Flatten + Dense, 16 filters",
    ]  # fmt: skip
    assert [status.partition(":")[0] for status in table["Status"]] == [*["starts"] * 2, *["excluded"] * 2]
    assert "2 candidates, 2 excluded by limits" in text_of(app)
    assert list_races(home) == []
    click(app, "Start with 2 candidates")
    (race,) = list_races(home)
    assert (race.request.margin, race.request.budget_seconds, race.request.limits.params) == (2.0, 1200.0, 60_000.0)
    assert app.query_params["advice"] == race.race_id
    assert {job.submitted_by for job in JobQueue(home).unfinished()} == {race.submitted_by}
    assert "Stop now with what is known" in labels(app)


def test_wrong_amounts_are_reported_at_their_fields_in_one_sentence(open_page: Open) -> None:
    app = open_page("advisor", max_size="100 apples", advice_margin="0", advice_budget="soon", max_latency="5")
    assert [error.value.partition(";")[0].split(" to be ")[0].split(" between ")[0] for error in app.error] == [
        "Expected the margin", "Expected the largest file", "Expected the largest latency", "Expected the time budget",
    ]  # fmt: skip
    assert "Correct the values that are marked in the form." in text_of(app)
    assert not [label for label in labels(app) if label.startswith("Start")]


def test_limits_that_exclude_everything_are_an_error(open_page: Open) -> None:
    app = open_page("advisor", max_params="10")
    (error,) = app.error
    assert error.value.startswith("The limits exclude all 5 candidates. The smallest one, ")


def test_too_few_test_images_are_a_warning_before_the_start(open_page: Open, home: Home) -> None:
    write_dataset(home, ("cat", "dog"), name="tiny", train=60, test=12, report=False)
    app = open_page("advisor", advice_data="folder-tiny", candidate_heads=["gap", "dense"])
    assert not app.error
    assert any(one.value.startswith("12 images are too few to show ") for one in app.warning)
    assert "Start with 2 candidates" in labels(app)


def test_sizes_of_images_and_missing_weights_are_stated_before_the_start(
    open_page: Open, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name, channels in (("gray", 1), ("color", 3)):
        write_dataset(home, ("cat", "dog"), name=name, train=60, test=12, report=False, shape=(64, 64, channels))
    add_model(home, "own", next(path for path in FILES if "chain" in path.name))
    for backbone, name in (("model:own", "gray"), ("mobilenet_v2", "color")):
        changes = {"backbone": "model", "model": "own"} if ":" in backbone else {"backbone": backbone}
        spec = RECIPES["folder-heads"].spec_of("gap", {"folder": name, **changes})
        (message,) = list_training_messages(home, [spec])
        choice: dict[str, str | list[str]] = {"advice_data": f"folder-{name}", "candidate_heads": ["gap"]}
        app = open_page("advisor", **choice, candidate_backbones=[backbone])
        assert "Start with 1 candidate" in labels(app)
        assert escape_markdown(hide_paths(message)) in text_of(app)


def test_no_head_asks_for_one(open_page: Open) -> None:
    app = open_page("advisor", candidate_heads="")
    assert [warning.value for warning in app.warning] == ["Select at least one head."]
    assert not app.error


# While it works


def test_page_of_a_running_race_shows_what_is_known_and_its_buttons(open_page: Open, put: Put) -> None:
    app = open_page("advisor", advice=put("begun").race_id)
    assert "The learning curves appear after the first epoch." in text_of(app)
    assert [header.value for header in app.header] == ["Candidates and limits"]
    app = open_page("advisor", advice=put("racing").race_id)
    text = text_of(app)
    assert "4 of 5 candidates are left; " in text
    assert "Nothing is decided yet." in text
    assert [header.value for header in app.header] == ["Race"]
    assert {"Stop now with what is known", "Pause", "New advice"} <= {*labels(app)}


def test_pause_continue_and_stop_change_the_race(open_page: Open, home: Home, put: Put) -> None:
    race_id = put("begun").race_id
    app = click(open_page("advisor", advice=race_id), "Pause")
    assert open_race(home, race_id).state == "paused"
    assert "of the time budget left" in str([bar.proto.text for bar in app.get("progress")])
    click(app, "Continue")
    assert open_race(home, race_id).state == "running"
    app = click(app, "Stop now")
    assert open_race(home, race_id).state == "answered"
    assert app.title[0].value.startswith("Not decided: the race was stopped; ")


def test_interrupted_race_shows_why_and_can_continue(open_page: Open, home: Home, put: Put) -> None:
    app = open_page("advisor", advice=put("failed").race_id)
    assert [error.value for error in app.error] == ["No candidate is left. GAP: out of memory."]
    assert "Continue" in labels(app)
    JobQueue(home).pause("ada")
    assert "The queue was paused" in open_page("advisor", advice=put("racing").race_id).warning[0].value


# The answer


def test_answer_is_the_title_with_its_evidence(open_page: Open, put: Put) -> None:
    cases = {
        "decided": ("Use GAP (linear maps), 16 filters: 13.8× fewer parameters than ", "Compare finalists"),
        "needed": ("Flatten + Dense, 8 filters is needed: ", "Save as report"),
        "undecided": ("Not decided: it is open which of ", "Train 4 more seeds per finalist"),
        "stopped": ("Not decided: the race was stopped; ", "Continue"),
    }
    for state, (beginning, button) in cases.items():
        app = open_page("advisor", advice=put(state).race_id)
        assert not app.error
        assert [title.value[: len(beginning)] for title in app.title] == [beginning]
        assert read_tables(app)[0]["Evidence"].tolist()[-1].endswith("; the limit is 600 kB.")
        shown = {label.partition(" (")[0] for label in labels(app)}
        assert button in shown
        assert bool({"Continue", "Train 4 more seeds per finalist"} & shown) == (state in ("undecided", "stopped"))


def test_answer_leads_to_the_comparison_the_report_and_more_seeds(open_page: Open, home: Home, put: Put) -> None:
    race = put("undecided")
    assert race.answer
    app = click(open_page("advisor", advice=race.race_id), "Compare finalists")
    assert app.session_state["compare"] == f"runs:{','.join(race.answer.runs)}"
    click(open_page("advisor", advice=race.race_id), "Save as report")
    (entry,) = ReportStore(home).entries()
    assert entry.draft.report.title.startswith("Not decided: ")
    click(open_page("advisor", advice=race.race_id), "Train 4 more seeds")
    continued = open_race(home, race.race_id)
    assert (continued.state, continued.least_seeds) == ("running", 7)
    assert {job.submitted_by for job in JobQueue(home).unfinished()} == {race.submitted_by}


def test_answer_without_its_runs_keeps_the_sentence(open_page: Open, put: Put, make_run: RunWriter) -> None:
    race = put("decided")
    assert race.answer
    make_run.store.delete(race.answer.runs[0])
    app = open_page("advisor", advice=race.race_id)
    assert app.title[0].value.startswith("Use GAP (linear maps), 16 filters")
    assert not app.error
    assert app.warning


# Lists, links and roles


def test_form_lists_races_and_links_to_them(open_page: Open, home: Home, put: Put) -> None:
    race = put("decided")
    put("paused")
    folder = folder_of_race(home, "0123456789ab")
    folder.mkdir()
    (folder / "race.json").write_text("{")
    app = open_page("advisor")
    assert "Advice 0123456789ab is damaged" in app.warning[0].value
    assert "Earlier answers: 1" in [expander.label for expander in app.expander]
    app.button(key=f"view-{race.race_id}").click().run()
    assert app.title[0].value.startswith("Use GAP")
    click(app, "New advice")
    assert app.title[0].value == "Advisor"
    app = open_page("advisor", advice="ffffffffffff")
    assert "was not found; it may have been deleted. Select another one." in app.warning[-1].value
    assert app.title[0].value == "Advisor"


def test_reader_sees_everything_and_changes_nothing(open_page: Open, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    races = [put(state).race_id for state in ("racing", "paused", "undecided")]
    monkeypatch.setenv(READ_ONLY, "1")
    for params in ({}, *({"advice": race_id} for race_id in races)):
        app = open_page("advisor", **params)
        assert not app.error
        writing = ("Start with", "Stop now", "Pause", "Continue", "Train 4", "Save as")
        changing = [button for button in app.button if button.label.startswith(writing)]
        assert changing
        assert all(button.disabled for button in changing)
