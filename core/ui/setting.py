"""Widgets for training settings, built from the spec."""

from typing import Any

import streamlit as st

from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.spec import SETTINGS, RunSpec
from core.ui import url, widget

# URL names of settings whose own name belongs to a widget of another page
URL_NAMES = {"augmentation": "augment", "side": "image_side"}

url.register(*(f"values_{name}" for name in SETTINGS))


def choose_setting_values(name: str, value: Any, *, prefix: str = "values", verb: str = "sweep") -> list[Any]:
    """Show a multiselect for several values of a setting, with the URL name `{prefix}_{name}`, and the errors of values
    that it does not allow.

    Args:
        value: the initial value.
        verb: what is done with the values, as part of the label.
    """
    setting = SETTINGS[name]
    options = [setting.write(option) for option in setting.suggest(value)]
    texts = widget.texts(
        f"{setting.label}: values to {verb}",
        options,
        [setting.write(value)],
        key=f"{prefix}_{name}",
        help=f"{setting.help} Choose or type values: {setting.bounds}.",
        placeholder="Choose or type values",
    )
    values = list(dict.fromkeys(setting.read(text) for text in texts))
    show_problems(name, values)
    return values


def show_problems(name: str, values: list[Any]) -> None:
    """Show the error message of each value that the setting does not allow, below its field."""
    for problem in list_problems_of(name, values):
        st.error(escape_markdown(problem), icon=":material/error:")


def list_problems_of(name: str, values: list[Any]) -> list[str]:
    """Return the error message of each value that the setting does not allow."""
    problems = []
    for value in values:
        try:
            RunSpec.parse({name: value})
        except HeadroomError as error:
            problems.append(str(error))
    return problems


def choose_setting(name: str, value: Any, *, key: str | None = None) -> Any:
    """Show the widget of a setting: a slider over its usual range, a toggle, a select box or a text field.

    A slider extends to an initial value outside the usual range, and to a value in the URL, within the setting's
    bounds.

    Args:
        value: the initial value.
        key: the URL name; by default the name of the setting.
    """
    setting = SETTINGS[name]
    key = key or name
    if setting.kind is bool:
        return widget.toggle(setting.label, value, key=key, help=setting.help)
    if setting.kind is str and setting.choices:
        return widget.selectbox(
            setting.label, list(setting.choices), value, format_func=setting.describe, key=key, help=setting.help
        )
    if setting.kind is str:
        return widget.text(setting.label, value, key=key, help=f"{setting.help} Format: {setting.form}.").strip()
    assert setting.low is not None
    assert setting.high is not None
    linked = url.read_number(key, setting.low, setting.high)
    included = [value] if linked is None else [value, setting.kind(linked)]
    if setting.choices:
        options: list[Any] = sorted({*setting.choices, *included} - {None})
        if setting.default is None:
            options = [None, *options]
        return widget.select_slider(
            setting.label, options, value, key=key, help=setting.help,
            format_func=lambda option: escape_markdown(setting.describe(option)),
        )  # fmt: skip
    kind = setting.kind
    low, high = setting.usual or (setting.low, setting.high)
    assert low is not None
    assert high is not None
    unit = f" ({setting.unit})" if setting.unit == "pixels" else ""
    return widget.slider(
        f"{setting.label}{unit}",
        kind(min(low, *included)),
        kind(max(high, *included)),
        kind(value),
        kind(setting.step),
        key=key,
        help=setting.help,
    )
