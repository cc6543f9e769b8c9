"""A widget for a knob, from its declaration in the spec."""

from typing import Any

from core.spec import KNOBS
from core.ui import link


def ask(name: str, value: Any, *, key: str | None = None) -> Any:
    """A slider over the usual range of a knob, in the URL under the knob's name or `key`; `value` is where it starts.

    The slider stretches to a start value outside the usual range, as long as the knob allows it.
    """
    knob = KNOBS[name]
    key = key or name
    if knob.choices:
        options = sorted({*knob.choices, value})
        return link.select_slider(knob.label, options, value, write="{:g}".format, key=key, help=knob.help)
    kind = knob.kind
    low, top = knob.usual or (knob.low, knob.high)
    assert low is not None
    assert top is not None
    return link.slider(
        knob.label,
        kind(min(low, value)),
        kind(max(top, value)),
        kind(value),
        kind(knob.step),
        key=key,
        help=knob.help,
    )
