"""Steps on the Reports page: press a button, find the text field of a block."""

from typing import Any

from streamlit.testing.v1 import AppTest


def press(app: AppTest, label: str) -> AppTest:
    button = next(button for button in app.button if button.label == label or button.help == label)
    return button.click().run()


def block_text(app: AppTest) -> Any:
    """Return the text field of the first text block."""
    return next(box for box in app.text_area if box.label == "Markdown")


def without_errors(app: AppTest) -> AppTest:
    assert not [*app.exception, *app.error]
    return app
