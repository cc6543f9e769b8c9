"""Widgets whose value is in the URL: a link opens the page as it was, and what a link says wrongly is named."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from core.spec import SETTINGS

T = TypeVar("T")
N = TypeVar("N", int, float)

# Of one page each: Streamlit carries the value of a name that two pages share from one to the other.
_NAMES = frozenset(
    [
        *("compare", "runs"),
        *("by", "splits", "smoothing", "log", "single"),
        *("side", "channels", "classes", "layers_of"),
        *("calculator_blocks", "calculator_filters", "calculator_units"),
        *("show", "class", "order", "seed", "page", "image"),
        *(
            "recipe",
            "heads",
            "seeds",
            "augment",
            "augment_seed",
            "image_side",
            *(name for name in SETTINGS if name not in ("data", "head")),
        ),
        *("data", "first", "augmentation"),
        *("dimensions", "calculator_backbone"),
        *("lab_topic", "lab_signal", "lab_kernel1", "lab_x", "lab_w", "lab_kernel2", "lab_w2"),
        *(f"lab_{axes}_{name}" for axes in ("1d", "2d") for name in ("padding", "p", "s", "d", "operation", "step")),
        *(f"lab_{use}_{name}" for use in ("2d", "pool") for name in ("image", "x", "scan")),
        *(f"lab_pool_{name}" for name in ("window", "stride", "step", "seed", "weights")),
        *(f"lab_{name}" for name in "nmpsd"),
        *(f"lab_cost_{name}" for name in "nckm"),
        *(f"lab_channel_{name}" for name in ("photo", "red", "green", "blue", "bias")),
        *(f"lab_array_{name}" for name in ("photo", "plane", "row", "column")),
        *("lab_l2_w", "lab_l2_strength", "lab_l2_best"),
        *("lab_dropout_x", "lab_dropout_rate", "lab_dropout_seed"),
        *("lab_logit", "lab_target", "lab_logits", "lab_label"),
        *("job", "sweep", "swept", "budget", "followed", "against"),
        *(f"values_{name}" for name in SETTINGS),
        *("evidence", "first_head", "second_head", "models_of", "right", "right_page", "target", "corruption"),
        *("cost", "cost_log", "setting", "setting_runs"),
        *("looks", "looks_for", "looks_page", "opacity"),
        *("runs_search", "runs_dataset", "runs_head", "runs_order", "runs_archived"),
        *("report", "reports_search", "editing"),
        *("drawn_from", "drawn_for", "drawn_opacity", "drawn_seed"),
    ]
)
_REFUSED = "refused"
_PAGE = "page of the link"
_LONGEST = 60
_NAMED = 8
_MOST_CHARS = 8_000
_BOX_PIXELS, _LINE_PIXELS = 46, 24


def open_link(page: str) -> None:
    """Stands before a page: names what its link says wrongly. The page runs on its defaults."""
    if st.session_state.get(_PAGE) != page:  # somebody went on before the last page was drawn to its end
        close_link()
        st.session_state[_PAGE] = page
    for name in st.query_params:
        if name not in _NAMES:
            refuse(name, f"Expected a setting that some page has; got {name[:_LONGEST]!r}.")
    for sentence in st.session_state.get(_REFUSED, []):
        st.warning(sentence, icon=":material/link_off:")


def close_link() -> None:
    """Stands after a page: what was named once is not named again."""
    st.session_state.pop(_REFUSED, None)


def refuse(name: str, sentence: str) -> None:
    """Takes a parameter out of the URL and begins again; the sentence stands on top of the page then."""
    st.session_state.setdefault(_REFUSED, []).append(sentence)
    del st.query_params[name]
    st.rerun()


def go(page: str) -> None:
    """Turns to another page. Streamlit refuses to empty a URL that widgets are bound to, but takes an empty one."""
    st.switch_page(page, query_params={})


def reach(name: str, low: float, high: float) -> float | None:
    """A number that the link of a page has brought, within what is allowed, so that its widget can stretch to it; also
    after the widget was moved, so that it does not jump."""
    try:
        asked = float(st.query_params.get(name, ""))
    except ValueError:
        asked = math.nan
    if low <= asked <= high and name not in st.session_state:
        st.session_state[f"reach of {name}"] = asked
    return st.session_state.get(f"reach of {name}")


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
    if name not in _NAMES:
        raise KeyError(f"Expected {name} among the names of core.ui.widget.")
    if name in st.session_state:
        return
    asked = st.query_params.get_all(name)
    wrong = [value for value in asked if not fits(value)]
    if wrong or (len(asked) > 1 and not many):
        shown = (wrong or [" and ".join(asked)])[0]
        refuse(name, f"Expected {name} {expected}; got {shown[:_LONGEST]!r}.")


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
