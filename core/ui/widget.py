"""Streamlit widgets that are bound to the URL, so that a link restores their values."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.ui.url import MAX_SHOWN, is_registered, reject

T = TypeVar("T")
N = TypeVar("N", int, float)

_MAX_OPTIONS = 8  # in a message
_MAX_CHARS = 8_000
_BOX_PIXELS, _LINE_PIXELS = 46, 24


def slider(label: str, low: N, high: N, value: N, step: N | None = None, *, key: str, **settings: Any) -> N:
    _check(key, _write_range(low, high), _accepts_number(low, high))
    chosen: N = st.slider(label, low, high, value, step, key=key, bind="query-params", **settings)
    return chosen


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
    _check_options(key, [format_func(option) for option in options])
    return st.select_slider(label, options, value, format_func=format_func, key=key, bind="query-params", **settings)


def selectbox(
    label: str,
    options: Sequence[T],
    value: T | None = None,
    *,
    key: str,
    format_func: Callable[[Any], str] = str,
    unknown: str | None = None,
    **settings: Any,
) -> T:
    """Show a select box; without `value`, the first option is selected.

    Args:
        unknown: the warning for a link whose value is not an option.
    """
    _check_options(key, [format_func(option) for option in options], unknown=unknown)
    index = options.index(value) if value is not None else 0
    chosen: T = st.selectbox(label, options, index, format_func=format_func, key=key, bind="query-params", **settings)
    return chosen


def optional(label: str, options: Sequence[str], *, key: str, none: str, **settings: Any) -> str | None:
    """Show a select box that may be empty (None); any option text is allowed."""
    _check_options(key, options)
    return st.selectbox(label, options, None, placeholder=none, key=key, bind="query-params", **settings)


def segmented(
    label: str,
    options: Sequence[T],
    value: T | None = None,
    *,
    key: str,
    format_func: Callable[[Any], str] = str,
    **settings: Any,
) -> T:
    """Show a segmented control with exactly one selected option: `value`, or the first."""
    _check_options(key, [format_func(option) for option in options])
    start = options[0] if value is None else value
    return st.segmented_control(
        label, options, default=start, required=True, format_func=format_func, key=key, bind="query-params", **settings
    )


def pills(
    label: str,
    options: Sequence[T],
    value: Sequence[T],
    *,
    key: str,
    format_func: Callable[[Any], str] = str,
    **settings: Any,
) -> list[T]:
    """Show pills with any number of selected options. No selection is an empty URL parameter."""
    _check_options(key, ["", *(format_func(option) for option in options)], many=True)
    return st.pills(
        label,
        options,
        default=list(value),
        selection_mode="multi",
        format_func=format_func,
        key=key,
        bind="query-params",
        **settings,
    )


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
    _check(key, f"to be text of at most {_MAX_CHARS:,} characters", lambda text: len(text) <= _MAX_CHARS)
    settings |= {"max_chars": _MAX_CHARS, "key": key, "bind": "query-params"}
    if lines > 1:
        return st.text_area(label, value, height=_BOX_PIXELS + _LINE_PIXELS * lines, **settings)
    return st.text_input(label, value, **settings)


def synced_text(label: str, *, key: str, **settings: Any) -> str:
    """Show a text input that pages may also set from code.

    Streamlit does not write a value from session state to the URL when a bound widget is created, so this function
    does.
    """
    _check(key, f"to be text of at most {_MAX_CHARS:,} characters", lambda text: len(text) <= _MAX_CHARS)
    st.session_state.setdefault(key, st.query_params.get(key, ""))
    value: str = st.text_input(label, max_chars=_MAX_CHARS, key=key, **settings) or ""
    if st.query_params.get(key, "") != value:
        st.query_params[key] = value
    return value


def _check_options(name: str, options: Sequence[str], *, many: bool = False, unknown: str | None = None) -> None:
    listed = [repr(option) for option in options if option]
    more = f" or {len(listed) - _MAX_OPTIONS} more" if len(listed) > _MAX_OPTIONS else ""
    expected = f"to be one of {', '.join(listed[:_MAX_OPTIONS])}{more}"
    _check(name, expected, set(options).__contains__, many=many, unknown=unknown)


def _check(
    name: str, expected: str, is_valid: Callable[[str], bool], *, many: bool = False, unknown: str | None = None
) -> None:
    """Reject invalid values of a link, which Streamlit would drop silently. Later user input is not checked."""
    if not is_registered(name):
        raise KeyError(f"URL parameter {name} is not registered. Call core.ui.url.register.")
    if name in st.session_state:
        return
    values = st.query_params.get_all(name)
    invalid = [value for value in values if not is_valid(value)]
    if invalid or (len(values) > 1 and not many):
        shown = (invalid or [" and ".join(values)])[0]
        reject(name, unknown or f"Expected {name} {expected}; got {shown[:MAX_SHOWN]!r}.")


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
