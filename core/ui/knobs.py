"""A widget for a knob, from its declaration in the spec."""

from functools import partial
from typing import Any

from core.spec import KNOBS
from core.store.comparison import describe_value
from core.ui import link


def ask_values(name: str, value: Any) -> list[Any]:
    """Several values of a knob, picked or typed, in the URL under «values_» and its name; `value` is the first."""
    knob = KNOBS[name]
    options = [knob.write(some) for some in knob.suggest(value)]
    asked = link.texts(
        f"{knob.label}: values to sweep",
        options,
        [knob.write(value)],
        key=f"values_{name}",
        help=f"{knob.help} Pick values or type them: {knob.bounds}.",
        placeholder="Pick or type values",
    )
    return list(dict.fromkeys(knob.read(text) for text in asked))


def ask(name: str, value: Any, *, key: str | None = None) -> Any:
    """A slider over the usual range of a knob, a switch, a choice or a line of text: in the URL under the knob's name
    or `key`; `value` is where it starts.

    The slider stretches to a start value outside the usual range, or to one in the URL, as long as the knob allows it.
    """
    knob = KNOBS[name]
    key = key or name
    if knob.kind is bool:
        return link.toggle(knob.label, value, key=key, help=knob.help)
    if knob.kind is str and knob.choices:
        return link.selectbox(knob.label, list(knob.choices), value, key=key, help=knob.help)
    if knob.kind is str:
        return link.text(knob.label, value, key=key, help=f"{knob.help} Expected {knob.form}.").strip()
    assert knob.low is not None
    assert knob.high is not None
    reached = link.reach(key, knob.low, knob.high)
    stretched = [value] if reached is None else [value, knob.kind(reached)]
    if knob.choices:
        options: list[Any] = sorted({*knob.choices, *stretched} - {None})
        if knob.default is None:
            return link.select_slider(
                knob.label, [None, *options], value, write=partial(describe_value, name), key=key, help=knob.help
            )
        return link.select_slider(knob.label, options, value, write="{:g}".format, key=key, help=knob.help)
    kind = knob.kind
    low, top = knob.usual or (knob.low, knob.high)
    assert low is not None
    assert top is not None
    unit = f" ({knob.unit})" if knob.unit == "pixels" else ""
    return link.slider(
        f"{knob.label}{unit}",
        kind(min(low, *stretched)),
        kind(max(top, *stretched)),
        kind(value),
        kind(knob.step),
        key=key,
        help=knob.help,
    )
