"""A widget for a knob, from its declaration in the spec."""

from typing import Any

import streamlit as st

from core.spec import KNOBS


def ask(name: str, value: Any, *, key: str) -> Any:
    """A slider over the usual range of a knob; `value` is where it starts.

    The slider stretches to a start value outside the usual range, as long as the knob allows it.
    """
    knob = KNOBS[name]
    if knob.choices:
        options = sorted({*knob.choices, value})
        return st.select_slider(knob.label, options, value, format_func="{:g}".format, key=key, help=knob.help)
    kind = knob.kind
    low, top = knob.usual or (knob.low, knob.high)
    label = knob.label
    return st.slider(
        label, kind(min(low, value)), kind(max(top, value)), kind(value), kind(knob.step), key=key, help=knob.help
    )
