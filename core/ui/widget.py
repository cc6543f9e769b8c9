"""Streamlit widgets whose value is in the URL: a link opens the page as it was."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.ui.url import LONGEST, is_known, refuse

T = TypeVar("T")
N = TypeVar("N", int, float)

_NAMED = 8
_MOST_CHARS = 8_000
_BOX_PIXELS, _LINE_PIXELS = 46, 24


def slider(label: str, low: N, high: N, value: N, step: N | None = None, *, key: str, **settings: Any) -> N:
    _check(key, _write_range(low, high), _reads_number(low, high))
    chosen: N = st.slider(label, low, high, value, step, key=key, bind="query-params", **settings)
    return chosen


def number(label: str, low: int, high: int, *, key: str, **settings: Any) -> int:
    _check(key, _write_range(low, high), _reads_number(low, high))
    return int(st.number_input(label, low, high, key=key, bind="query-params", **settings))


def optional_number(label: str, low: int, high: int, *, key: str, **settings: Any) -> int | None:
    """A number that may be left out: None."""
    _check(key, _write_range(low, high), _reads_number(low, high))
    return st.number_input(label, low, high, value=None, key=key, bind="query-params", **settings)


def select_slider(
    label: str, options: Sequence[T], value: T, *, key: str, write: Callable[[Any], str] = str, **settings: Any
) -> T:
    _check_options(key, [write(option) for option in options])
    return st.select_slider(label, options, value, format_func=write, key=key, bind="query-params", **settings)


def selectbox(
    label: str,
    options: Sequence[T],
    value: T | None = None,
    *,
    key: str,
    write: Callable[[Any], str] = str,
    **settings: Any,
) -> T:
    """Starts with `value`, or with the first option."""
    _check_options(key, [write(option) for option in options])
    index = options.index(value) if value is not None else 0
    chosen: T = st.selectbox(label, options, index, format_func=write, key=key, bind="query-params", **settings)
    return chosen


def optional(label: str, options: Sequence[str], *, key: str, none: str, **settings: Any) -> str | None:
    """A select box that may stay empty: None. No option can be taken for that, whatever it is called."""
    _check_options(key, options)
    return st.selectbox(label, options, None, placeholder=none, key=key, bind="query-params", **settings)


def segmented(
    label: str,
    options: Sequence[T],
    value: T | None = None,
    *,
    key: str,
    write: Callable[[Any], str] = str,
    **settings: Any,
) -> T:
    """Exactly one of a few. Starts with `value`, or with the first."""
    _check_options(key, [write(option) for option in options])
    start = options[0] if value is None else value
    return st.segmented_control(
        label, options, default=start, required=True, format_func=write, key=key, bind="query-params", **settings
    )


def pills(
    label: str,
    options: Sequence[T],
    value: Sequence[T],
    *,
    key: str,
    write: Callable[[Any], str] = str,
    **settings: Any,
) -> list[T]:
    """Any number of options; none of them is an empty parameter."""
    _check_options(key, ["", *(write(option) for option in options)], many=True)
    return st.pills(
        label,
        options,
        default=list(value),
        selection_mode="multi",
        format_func=write,
        key=key,
        bind="query-params",
        **settings,
    )


def texts(label: str, options: Sequence[str], value: Sequence[str], *, key: str, **settings: Any) -> list[str]:
    """Any number of texts, picked or typed."""
    _check(key, "to be text", lambda _: True, many=True)
    return st.multiselect(
        label, options, default=list(value), accept_new_options=True, key=key, bind="query-params", **settings
    )


def toggle(label: str, value: bool = False, *, key: str, **settings: Any) -> bool:
    _check(key, "to be true or false", lambda text: text.lower() in ("true", "false"))
    return st.toggle(label, value, key=key, bind="query-params", **settings)


def text(label: str, value: str = "", *, key: str, lines: int = 1, **settings: Any) -> str:
    """In a box as high as some `lines`."""
    _check(key, f"to be text of at most {_MOST_CHARS:,} characters", lambda text: len(text) <= _MOST_CHARS)
    settings |= {"max_chars": _MOST_CHARS, "key": key, "bind": "query-params"}
    if lines > 1:
        return st.text_area(label, value, height=_BOX_PIXELS + _LINE_PIXELS * lines, **settings)
    return st.text_input(label, value, **settings)


def set_text(label: str, *, key: str, **settings: Any) -> str:
    """A line whose value pages set too: Streamlit leaves what a new bound box is set to out of the URL, so this one
    puts it there by itself."""
    _check(key, f"to be text of at most {_MOST_CHARS:,} characters", lambda text: len(text) <= _MOST_CHARS)
    st.session_state.setdefault(key, st.query_params.get(key, ""))
    value: str = st.text_input(label, max_chars=_MOST_CHARS, key=key, **settings) or ""
    if st.query_params.get(key, "") != value:
        st.query_params[key] = value
    return value


def _check_options(name: str, options: Sequence[str], *, many: bool = False) -> None:
    named = [repr(option) for option in options if option]
    more = f" or {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    _check(name, f"to be one of {', '.join(named[:_NAMED])}{more}", set(options).__contains__, many=many)


def _check(name: str, expected: str, fits: Callable[[str], bool], *, many: bool = False) -> None:
    """Refuses what Streamlit would drop without a word. Only a link is asked, not what a person chose afterwards."""
    if not is_known(name):
        raise KeyError(f"Expected {name} to be registered with core.ui.url.")
    if name in st.session_state:
        return
    asked = st.query_params.get_all(name)
    wrong = [value for value in asked if not fits(value)]
    if wrong or (len(asked) > 1 and not many):
        shown = (wrong or [" and ".join(asked)])[0]
        refuse(name, f"Expected {name} {expected}; got {shown[:LONGEST]!r}.")


def _write_range(low: float, high: float) -> str:
    whole = "to be a whole number " if isinstance(low, int) else ""
    return f"{whole}between {low:g} and {high:g}"


def _reads_number(low: float, high: float) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and low <= value <= high and (isinstance(low, float) or value.is_integer())

    return fits
