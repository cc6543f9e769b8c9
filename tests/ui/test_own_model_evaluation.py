"""Evaluation of an unchanged model from the Train page, with a stand-in for the process that predicts."""

import threading
import time
from collections.abc import Sequence

import pytest

from core.errors import ModelFileError
from core.home import Home
from core.models import background
from core.models.add import add_model
from core.models.background import begin_evaluation, find_evaluation
from core.spec import RunSpec
from tests.support.own_models import FILES
from tests.support.page import Open
from tests.support.run_writer import RunWriter

FILE = next(path for path in FILES if path.name == "keras-3.15.1-chain.keras")


class StandIn:
    """Replaces `start_evaluation`: waits until it may end, then returns a run or raises."""

    def __init__(self, run_id: str) -> None:
        self.run_id, self.problem = run_id, ""
        self.calls: list[tuple[str, ...]] = []
        self.may_end = threading.Event()

    def __call__(self, home: Home, name: str, dataset: str, folder: str, classes: Sequence[str]) -> str:
        self.calls.append((name, dataset, folder, *classes))
        assert self.may_end.wait(30)
        if self.problem:
            raise ModelFileError(self.problem)
        return self.run_id


def _wait(home: Home) -> None:
    end = time.monotonic() + 30
    while (state := find_evaluation(home, "own", "digits", "")) is None or state.is_running:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_model_is_evaluated_in_the_background_and_the_page_links_to_its_run(
    open_page: Open, home: Home, digits: None, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(RunSpec())
    stand_in = StandIn(run.run_id)
    monkeypatch.setattr(background, "start_evaluation", stand_in)
    add_model(home, "own", FILE)
    app = open_page("train", backbone="model", model="own")
    assert not app.button(key="evaluate").disabled
    assert any("expects images of 20 × 20 pixels" in caption.value for caption in app.caption)
    app.text_input(key="evaluated-classes").input("a, b").run()
    app.button(key="evaluate").click().run()
    assert app.button(key="evaluate").disabled
    assert any(info.value.startswith("Model own is being evaluated on ") for info in app.info)
    begin_evaluation(home, "own", "digits", "", [])  # the one in progress stays
    stand_in.problem = "Model own returns 10 scores; 2 class names are given for them."
    stand_in.may_end.set()
    _wait(home)
    app.run()
    assert stand_in.calls == [("own", "digits", "", "a", "b")]
    assert stand_in.problem in [error.value for error in app.error]

    stand_in.problem = ""
    app.text_input(key="evaluated-classes").input("").run()
    app.button(key="evaluate").click().run()
    _wait(home)
    app.run()
    assert stand_in.calls[-1] == ("own", "digits", "")
    assert not app.error
    assert any(success.value.startswith("Model own was evaluated on ") for success in app.success)
    app.button(key="evaluated-run").click().run()
    assert app.query_params["run"] in (run.run_id, [run.run_id])
