"""Every function that Streamlit calls for a widget handles its errors, checked from the source."""

import ast
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.ui.errors import callback, handle_errors, wait_for_callbacks
from tests.support.paths import ROOT

EVENTS = ("on_change", "on_click", "on_submit", "on_select", "on_dismiss")
PAGE_SOURCES = sorted([*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "dashboard.py"])


def find_unhandled(source: str) -> Iterator[str]:
    """Return the callbacks that are neither an option of Streamlit nor wrapped in `callback`."""
    tree = ast.parse(source)
    wrapped = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and "callback" in map(ast.unparse, node.decorator_list)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in EVENTS:
            text = ast.unparse(node.value)
            if not isinstance(node.value, ast.Constant) and text not in wrapped and not text.startswith("callback("):
                yield f"{node.arg}={text} in line {node.value.lineno}"


def test_every_callback_handles_errors() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in PAGE_SOURCES}
    assert {path.name: found for path, source in sources.items() if (found := list(find_unhandled(source)))} == {}
    assert sum(source.count("@callback") for source in sources.values()) >= 10


@pytest.mark.parametrize("value", ["change", "lambda: None", "partial(change, 1)", "other.change", "None or change"])
def test_check_finds_a_callback_without_it(value: str) -> None:
    assert list(find_unhandled(f"def change(): pass\nst.button('x', on_click={value})"))
    assert not list(find_unhandled(f"@callback\ndef change(): pass\nst.button('x', on_click=callback({value}))"))


def show_failing_buttons() -> None:
    import streamlit as st

    from core.errors import HomeError
    from core.ui.errors import callback, handle_errors

    def fail(error: Exception) -> None:
        raise error

    with handle_errors():
        for label, error in (
            ("known", HomeError("Cannot write /srv/secret/a.json: full.")),
            ("bug", KeyError("secret")),
        ):
            st.button(label, on_click=callback(fail), args=(error,))
        st.text_input("Words", key="words")


def test_error_of_a_callback_is_shown_and_fields_keep_their_text() -> None:
    app = AppTest.from_function(show_failing_buttons, default_timeout=30).run()
    app.text_input[0].set_value("mine")
    for button, message in ((0, "Cannot write a.json: full."), (1, "The last action failed.")):
        app.button[button].click().run()
        assert not app.exception
        assert app.error[0].value.startswith(message)
        assert app.text_input[0].value == "mine"
    assert not app.run().error


@pytest.mark.parametrize("begin", [wait_for_callbacks, lambda: handle_errors().__enter__()], ids=["page", "fragment"])
def test_script_run_waits_for_the_callback_of_an_earlier_click(
    begin: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    began, order = Event(), []

    def save() -> None:
        began.set()
        time.sleep(0.2)
        order.append("saved")

    thread = Thread(target=callback(save))
    thread.start()
    began.wait()
    begin()
    order.append("shown")
    thread.join()
    assert order == ["saved", "shown"]


def show_interrupted_button() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from core.ui.errors import callback, handle_errors

    def save() -> None:
        context = get_script_run_ctx()
        assert context
        context.session_state._yield_callback.__self__.request_stop()  # as Streamlit does for another click
        st.session_state["steps"] = 1
        st.toast("Saved.")
        st.session_state["steps"] = 2

    with handle_errors():
        st.button("Save", on_click=callback(save))
        st.session_state["shown"] = st.session_state.get("shown", 0) + 1


def test_callback_runs_to_its_end_when_another_click_stops_its_script_run() -> None:
    app = AppTest.from_function(show_interrupted_button).run()
    app.button[0].click().run()
    assert app.session_state["steps"] == 2
    assert app.session_state["shown"] == 1  # the script run itself has stopped
