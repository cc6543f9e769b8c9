"""A widget for a knob, from its declaration in the spec."""

from functools import partial
from typing import Any

from core.spec import SETTINGS
from core.store.comparison import describe_value
from core.ui import url, widget

url.register(*(f"values_{name}" for name in SETTINGS))


def ask_values(name: str, value: Any) -> list[Any]:
    """Several values of a knob, picked or typed, in the URL under «values_» and its name; `value` is the first."""
    setting = SETTINGS[name]
    options = [setting.write(some) for some in setting.suggest(value)]
    asked = widget.texts(
        f"{setting.label}: values to sweep",
        options,
        [setting.write(value)],
        key=f"values_{name}",
        help=f"{setting.help} Pick values or type them: {setting.bounds}.",
        placeholder="Pick or type values",
    )
    return list(dict.fromkeys(setting.read(text) for text in asked))


def ask(name: str, value: Any, *, key: str | None = None) -> Any:
    """A slider over the usual range of a knob, a switch, a choice or a line of text: in the URL under the knob's name
    or `key`; `value` is where it starts.

    The slider stretches to a start value outside the usual range, or to one in the URL, as long as the knob allows it.
    """
    setting = SETTINGS[name]
    key = key or name
    if setting.kind is bool:
        return widget.toggle(setting.label, value, key=key, help=setting.help)
    if setting.kind is str and setting.choices:
        return widget.selectbox(setting.label, list(setting.choices), value, key=key, help=setting.help)
    if setting.kind is str:
        return widget.text(setting.label, value, key=key, help=f"{setting.help} Expected {setting.form}.").strip()
    assert setting.low is not None
    assert setting.high is not None
    reached = url.reach(key, setting.low, setting.high)
    stretched = [value] if reached is None else [value, setting.kind(reached)]
    if setting.choices:
        options: list[Any] = sorted({*setting.choices, *stretched} - {None})
        if setting.default is None:
            return widget.select_slider(
                setting.label, [None, *options], value, write=partial(describe_value, name), key=key, help=setting.help
            )
        return widget.select_slider(setting.label, options, value, write="{:g}".format, key=key, help=setting.help)
    kind = setting.kind
    low, top = setting.usual or (setting.low, setting.high)
    assert low is not None
    assert top is not None
    unit = f" ({setting.unit})" if setting.unit == "pixels" else ""
    return widget.slider(
        f"{setting.label}{unit}",
        kind(min(low, *stretched)),
        kind(max(top, *stretched)),
        kind(value),
        kind(setting.step),
        key=key,
        help=setting.help,
    )
