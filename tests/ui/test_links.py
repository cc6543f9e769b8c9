"""Settings in the URL: valid, invalid, unknown, and kept between pages."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.markers import LONG
from tests.support.page import PAGES, TICKED, Open
from tests.support.paths import ROOT

INVALID = {
    "compare": ["nonsense", "<b>", "x" * 5000, "", "%00", "digits-heads;epochs=-3"],
    "runs": ["", "zzz", "../../etc", "0123456789ab,,;;"],
    "image": ["-1", "999999", "abc", "1e3", "", "²"],
    "page": ["-1", "99999", "abc", ""],
    "show": ["nothing", "0", ""],
    "by": ["year", ""],
    "order": ["sideways", ""],
    "class": ["eleven", ""],
    "seed": ["77", "x", ""],
    "smoothing": ["2", "-1", "abc", "nan", "inf"],
    "splits": ["test", ""],
    "log": ["maybe"],
    "single": ["2"],
    "side": ["", "1", "1000000", "nan"],
    "channels": ["0"],
    "classes": ["1"],
    "layers_of": ["nobody", ""],
    "calculator_blocks": ["9"],
    "calculator_filters": ["x"],
    "calculator_units": ["-1"],
    "recipe": ["soup", ""],
    "dataset": ["cifar"],
    "backbone": ["resnet"],
    "heads": ["Soup"],
    "epochs": ["0", "many"],
    "learning_rate": ["30"],
    "batch_size": ["-5"],
    "train_images": ["1e9"],
    "seeds": ["0"],
    "kernel_size": ["0"],
    "padding": ["full"],
    "loss": ["hinge", ""],
    "l2": ["30"],
    "dimensions": ["4D", ""],
    "evidence": ["Hearsay", ""],
    "models_of": ["77", "x"],
    "cell": ["nobody"],
    "cell_page": ["-1", "99999"],
    "target": ["0", "101", "nan"],
    "corruption": ["heat", ""],
    "cost": ["money", ""],
    "cost_log": ["maybe"],
    "setting_runs": ["nobody", ""],
    "calculator_backbone": ["resnet"],
}
REDIRECTS = ("core/ui/url.py", "core/ui/jobs/queue.py", "core/ui/jobs/sweep.py")  # of former links
SEEN_ON = {
    "image": "predictions", "page": "predictions", "show": "predictions", "order": "predictions",
    "class": "predictions", "seed": "predictions", "by": "curves", "smoothing": "curves", "splits": "curves",
    "log": "curves", "single": "curves", "side": "parameters", "channels": "parameters", "classes": "parameters",
    "layers_of": "parameters", "calculator_blocks": "parameters", "calculator_filters": "parameters",
    "calculator_units": "parameters", "recipe": "train", "dataset": "train", "backbone": "train", "heads": "train",
    "epochs": "train", "learning_rate": "train", "batch_size": "train", "train_images": "train", "seeds": "train",
    "kernel_size": "train", "padding": "train", "loss": "train", "l2": "train", "dimensions": "parameters",
    "calculator_backbone": "parameters", "evidence": "evidence", "models_of": "evidence", "cell": "evidence",
    "cell_page": "evidence", "target": "evidence", "corruption": "evidence", "cost": "evidence", "cost_log": "evidence",
    "setting_runs": "evidence",
}  # fmt: skip
SECTION = {
    "models_of": "Agreement", "cell": "Agreement", "cell_page": "Agreement", "target": "Convergence",
    "corruption": "Robustness", "cost": "Cost", "cost_log": "Cost", "setting_runs": "Hyperparameters",
}  # fmt: skip
_MESSAGES = (
    r"^Expected .*; got .*\.|^Comparison '.*' no longer exists\. "
    r"|^No runs are selected\. Select runs |^Run '.*' was not found; it may have been deleted\."
)
# An empty list of splits or heads is valid: it is the URL after a user has deselected all of them. An empty comparison
# is the default.
EMPTY_IS_A_CHOICE = {"splits", "runs", "compare"}


PAGE_SECTIONS = sorted({(SEEN_ON.get(name, "compare"), SECTION.get(name, "")) for name in INVALID})


@pytest.mark.parametrize(("page", "section"), PAGE_SECTIONS)
def test_invalid_url_value_gives_a_message_and_the_default(
    open_page: Open, two_heads: list[str], page: str, section: str
) -> None:
    """Open links with the first, then with the second invalid value of all settings of a page at once."""
    names = [name for name in INVALID if (SEEN_ON.get(name, "compare"), SECTION.get(name, "")) == (page, section)]
    for number in range(max(len(INVALID[name]) for name in names) if LONG else 2):
        params = {name: INVALID[name][number] for name in names if number < len(INVALID[name])}
        selected = params.pop("runs", None)
        check_invalid(open_page(page, **params, **({"evidence": section} if section else {})), params)
        if selected is not None:
            check_invalid(open_page(page, compare=TICKED, runs=selected), {"runs": selected})


def check_invalid(app: AppTest, params: dict[str, str]) -> None:
    assert not app.exception, params
    messages = [element.value for element in [*app.error, *app.warning]]
    assert all(re.search(_MESSAGES, message) for message in messages), messages
    for name, value in params.items():
        assert messages or (name in EMPTY_IS_A_CHOICE and not value), value
        if name != "runs":
            expected = f"Expected {name} " if name != "compare" else "Expected a comparison such as "
            assert [message for message in messages if expected in message] or not value, (name, messages)
            assert app.title, "the page is drawn all the same"
            assert name not in app.query_params or not value or name == "compare"


def test_unknown_name_is_reported(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothness="0.5")
    assert [warning.value for warning in app.warning] == ['Unknown link parameter "smoothness" was ignored.']
    assert "smoothness" not in app.query_params


def test_settings_of_another_page_give_no_warning(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", smoothing="0.5", side="64", show="wrong", epochs="3")
    for page in PAGES:
        assert not [*app.warning, *app.error, *app.exception]
        app.switch_page(f"pages/{page}.py").run()
    assert not [*app.warning, *app.error, *app.exception]


def test_every_setting_of_a_page_is_kept_during_visits_to_other_pages(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="0.5")
    app.switch_page("pages/train.py").run()
    app.slider(key="epochs").set_value(7).run()
    app.switch_page("pages/parameters.py").run()
    app.slider(key="calculator_blocks").set_value(1).run()
    app.switch_page("pages/train.py").run()
    assert (app.slider(key="epochs").value, app.slider(key="blocks").value) == (7, 2)
    app.switch_page("pages/curves.py").run()
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="single").value is False


def test_every_button_opens_a_page_as_one_entry_of_the_browser_history() -> None:
    sources = [path for path in (ROOT / "core" / "ui").rglob("*.py") if "st.switch_page(" in path.read_text("utf-8")]
    assert sorted(path.relative_to(ROOT).as_posix() for path in sources) == sorted(REDIRECTS)
