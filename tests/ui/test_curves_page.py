"""The Learning curves page."""

from streamlit.testing.v1 import AppTest

from core.home import Home
from core.jobs.queue import JobQueue
from core.store.run_store import RunStore
from tests.support.page import Open

# URL values


def test_warning_contains_the_value_and_the_expected_ones(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="abc", by="year")
    assert [warning.value for warning in app.warning] == [
        "Expected by to be one of 'epoch', 'seconds'; got 'year'.",
        "Expected smoothing between 0 and 0.95; got 'abc'.",
    ]
    assert app.slider(key="smoothing").value == 0.0
    assert not app.run().warning  # shown only once


def test_valid_values_next_to_an_invalid_one_are_kept(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="0.5", by="year", log="true")
    assert len(app.warning) == 1
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="log").value is True


def test_two_values_of_a_link_are_rejected_for_a_single_setting(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing=["0.1", "0.2"], splits=["training", "validation"])
    assert [warning.value for warning in app.warning] == ["Expected smoothing between 0 and 0.95; got '0.1 and 0.2'."]


# Predictions


def test_link_keeps_its_settings(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", by="seconds", smoothing="0.5", log="true")
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="log").value is True
    assert "Accuracy by training time" in [heading.value for heading in app.header]


def test_charts_band_heads_and_epochs_follow_the_link(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", charts="costs", band="interval", epoch_range=["2", "3"], marks="false")
    assert {"Time per epoch", "Learning rate by epoch"} <= {heading.value for heading in app.header}
    assert app.slider(key="epoch_range").value == (2, 3)
    next(button for button in app.button if button.label == "Show all epochs").click().run()
    assert app.slider(key="epoch_range").value == (1, 3)
    assert "Show all epochs" not in [button.label for button in app.button]
    key = app.button_group(key="lines").options[0]
    assert key


def test_range_of_epochs_in_a_link_has_two_values(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", epoch_range="2")
    assert [warning.value for warning in app.warning] == [
        "Expected epoch_range to be two integers between 1 and 3; got '2'."
    ]


def pictures(app: AppTest) -> list[bytes]:
    return [chart.proto.SerializeToString() for chart in app.get("vega_lite_chart")]


def test_images_are_unchanged_until_a_setting_changes(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves")
    first = pictures(app)
    assert len(first) == 2
    assert pictures(app.run()) == first
    app.slider(key="smoothing").set_value(0.9).run()
    assert not set(pictures(app)) & set(first)


# Train


def test_more_epochs_are_submitted_for_every_run(
    open_page: Open, home: Home, two_heads: list[str], no_dispatcher: None
) -> None:
    app = open_page("curves")
    next(button for button in app.button if button.label == "Train 10 more epochs").click().run()
    stored = [RunStore(home).open(run_id).spec for run_id in two_heads]
    wanted = {spec.replace(epochs=spec.epochs + 10).run_id for spec in stored}
    assert {job.run_id for job in JobQueue(home).jobs()} == wanted


def test_open_marks_of_curves_are_explained_on_every_page(open_page: Open, two_heads: list[str]) -> None:
    for app in (open_page("compare"), open_page("curves"), open_page("run", run=two_heads[0])):
        assert [text for text in app.caption if "Open marks: best epoch of each" in text.value], app.title[0].value
