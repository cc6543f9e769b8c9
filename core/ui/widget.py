"""Streamlit widgets that are bound to the URL, so that a link restores their values."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.displays.markdown import escape_markdown
from core.ui.link_choice import LinkChoice
from core.ui.url import MAX_SHOWN, is_just_opened, is_registered, reject, went_back

T = TypeVar("T")
N = TypeVar("N", int, float)
Label = Callable[[Any], str]

MAX_CHARS = 8_000
_HIDE = "<style>.st-key-hidden-{0} {{display: none}}</style>"
_BOX_PIXELS, _LINE_PIXELS = 46, 24


def slider(label: str, low: N, high: N, value: N, step: N | None = None, *, key: str, **settings: Any) -> N:
    _check(key, _write_range(low, high), _accepts_number(low, high))
    chosen: N = st.slider(label, low, high, value, step, key=key, bind="query-params", **settings)
    return chosen


def range_slider(label: str, low: int, high: int, *, key: str, **settings: Any) -> tuple[int, int]:
    """Show a slider of two integers that covers the whole range at first, and again when the range changes."""
    _check(key, f"to be two integers between {low} and {high}", _accepts_number(low, high), count=2)
    first, last = st.session_state.get(key, (low, high))
    if not low <= first <= last <= high:
        st.session_state[key] = low, high
    chosen: tuple[int, int] = st.slider(label, low, high, (low, high), key=key, bind="query-params", **settings)
    return chosen


def share_range(label: str, *, key: str, **settings: Any) -> tuple[int, int]:
    """Show a slider with two ends from 0 to 100%; the URL contains both."""
    _check(key, "to be two integers between 0 and 100", _accepts_number(0, 100), many=True)
    return st.slider(label, 0, 100, (0, 100), format="%d%%", key=key, bind="query-params", **settings)


def number(label: str, low: int, high: int, *, key: str, **settings: Any) -> int:
    _check(key, _write_range(low, high), _accepts_number(low, high))
    return int(st.number_input(label, low, high, key=key, bind="query-params", **settings))


def optional_number(label: str, low: int, high: int, *, key: str, **settings: Any) -> int | None:
    """Show a number input that may be empty (None)."""
    _check(key, _write_range(low, high), _accepts_number(low, high))
    return st.number_input(label, low, high, value=None, key=key, bind="query-params", **settings)


def select_slider(
    label: str, options: Sequence[T], value: T, *, key: str, format_func: Callable[[Any], str] = str, **settings: Any
) -> T:
    written = [format_func(option) for option in options]
    _check(key, f"to be one of {', '.join(map(repr, written))}", written.__contains__)
    return st.select_slider(label, options, value, format_func=format_func, key=key, bind="query-params", **settings)


def selectbox(
    label: str, options: Sequence[T], value: T | None = None, *, key: str, format_func: Label = str,
    aliases: Mapping[str, T] | None = None, **settings: Any,
) -> T:  # fmt: skip
    """Show a select box; without `value`, the first option is selected.

    Args:
        aliases: options by names that links may contain instead of IDs and labels.
    """
    initial = options[0] if value is None else value
    choice = LinkChoice(key, options, format_func, [initial], aliases=aliases)
    index = options.index(initial)
    chosen: T = st.selectbox(
        label, options, index, format_func=format_func, key=key, persist_state="session", **settings
    )
    choice.write_url(chosen)
    return chosen


def item(
    label: str, options: Sequence[T], value: T | None = None, *, key: str, format_func: Label = str, gone: str,
    **settings: Any,
) -> T | None:  # fmt: skip
    """Show a select box of stored items, whose selection is always part of the URL; without `value`, the first.

    Args:
        gone: noun of an item in the message when it does not exist, such as "Sweep".

    Returns:
        The selected item, or None with a message if the item of the link, or the selected item, does not exist.
    """
    choice = LinkChoice(key, options, format_func, [], gone=True)
    index = 0 if value is None else options.index(value)
    chosen: T | None = st.selectbox(
        label,
        options,
        index,
        format_func=format_func,
        key=key,
        placeholder="Select",
        persist_state="session",
        **settings,
    )
    choice.write_url(chosen)
    if chosen is None:
        shown = f' "{escape_markdown(choice.missing[:MAX_SHOWN])}"' if choice.missing else ""
        advice = " Select another one." if options else ""
        st.warning(f"{gone}{shown} was not found; it may have been deleted.{advice}", icon=":material/link_off:")
    return chosen


def optional(
    label: str, options: Sequence[T], *, key: str, none: str, format_func: Label = str, former: str | None = None,
    **settings: Any,
) -> T | None:  # fmt: skip
    """Show a select box that may be empty (None).

    Args:
        former: former name of the URL parameter, whose values are labels.
    """
    choice = LinkChoice(key, options, format_func, [], former=former)
    chosen: T | None = st.selectbox(
        label, options, None, placeholder=none, format_func=format_func, key=key, persist_state="session", **settings
    )
    choice.write_url(chosen)
    return chosen


def segmented(
    label: str, options: Sequence[T], value: T | None = None, *, key: str, format_func: Label = str, **settings: Any
) -> T:
    """Show a segmented control with exactly one selected option: `value`, or the first.

    Options that do not fit into one row wrap: by default, Streamlit cuts them off inside columns and rows.
    """
    initial = options[0] if value is None else value
    choice = LinkChoice(key, options, format_func, [initial])
    chosen: T = st.segmented_control(
        label, options, default=initial, required=True, format_func=format_func, key=key, persist_state="session",
        wrap=True, **settings,
    )  # fmt: skip
    choice.write_url(chosen)
    return chosen


def pills(
    label: str, options: Sequence[T], value: Sequence[T], *, key: str, format_func: Label = str, **settings: Any
) -> list[T]:
    """Show pills with any number of selected options. No selection is an empty URL parameter."""
    choice = LinkChoice(key, options, format_func, value, many=True)
    chosen: list[T] = st.pills(
        label, options, default=list(value), selection_mode="multi", format_func=format_func, key=key,
        persist_state="session", wrap=True, **settings,
    )  # fmt: skip
    choice.write_url(chosen)
    return chosen


def multiselect(
    label: str, options: Sequence[T], value: Sequence[T], *, key: str, format_func: Label = str, **settings: Any
) -> list[T]:
    """Show a select box with any number of selected options. No selection is an empty URL parameter."""
    choice = LinkChoice(key, options, format_func, value, many=True)
    chosen: list[T] = st.multiselect(
        label, options, default=list(value), format_func=format_func, key=key, persist_state="session", **settings
    )
    choice.write_url(chosen)
    return chosen


def texts(label: str, options: Sequence[str], value: Sequence[str], *, key: str, **settings: Any) -> list[str]:
    """Show a multiselect that accepts new options."""
    _check(key, "to be text", lambda _: True, many=True)
    return st.multiselect(
        label, options, default=list(value), accept_new_options=True, key=key, bind="query-params", **settings
    )


def toggle(label: str, value: bool = False, *, key: str, **settings: Any) -> bool:
    _check(key, "to be true or false", lambda text: text.lower() in ("true", "false"))
    return st.toggle(label, value, key=key, bind="query-params", **settings)


def text(label: str, value: str = "", *, key: str, lines: int = 1, **settings: Any) -> str:
    """Show a text input, or a text area of several `lines`."""
    _check(key, f"to be text of at most {MAX_CHARS:,} characters", lambda text: len(text) <= MAX_CHARS)
    settings |= {"max_chars": MAX_CHARS, "key": key, "bind": "query-params"}
    if lines > 1:
        return st.text_area(label, value, height=_BOX_PIXELS + _LINE_PIXELS * lines, **settings)
    return st.text_input(label, value, **settings)


def hidden_text(*, key: str) -> str:
    """Return text that only the URL and the code set, and that stays in the URL on all pages.

    Streamlit keeps the value but not the parameter when a link opens another page after Back, Forward or `open_page`.
    """
    if (text := st.session_state.get(key)) and is_just_opened() and key not in st.query_params and not went_back():
        st.session_state[key] = text  # writes the parameter
    st.html(_HIDE.format(key))
    with st.container(key=f"hidden-{key}"):
        return st.text_input(key, max_chars=MAX_CHARS, key=key, bind="query-params") or ""


def _check(name: str, expected: str, is_valid: Callable[[str], bool], *, many: bool = False, count: int = 1) -> None:
    """Reject invalid values of a link, which Streamlit would drop silently. Later user input is not checked.

    Args:
        many: a link may contain any number of values; otherwise exactly `count`.
    """
    if not is_registered(name):
        raise KeyError(f"URL parameter {name} is not registered. Call core.ui.url.register.")
    if name in st.session_state:
        return
    values = st.query_params.get_all(name)
    invalid = [value for value in values if not is_valid(value)]
    if invalid or (values and len(values) != count and not many):
        shown = (invalid or [" and ".join(values)])[0]
        reject(name, f"Expected {name} {expected}; got {shown[:MAX_SHOWN]!r}.")


def _write_range(low: float, high: float) -> str:
    whole = "to be an integer " if isinstance(low, int) else ""
    return f"{whole}between {low:g} and {high:g}"


def _accepts_number(low: float, high: float) -> Callable[[str], bool]:
    def is_valid(text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and low <= value <= high and (isinstance(low, float) or value.is_integer())

    return is_valid
