"""Selections in the URL: each option has an ID there that does not depend on its label."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import streamlit as st

from core.spec import HEADS
from core.ui.url import MAX_SHOWN, is_just_opened, is_registered, note_drawn, reject, set_parameter, went_back

T = TypeVar("T")

_FORMER_HEADS = {label: name for name, head in HEADS.items() for label in head.former_labels}
_MAX_OPTIONS = 8  # in a message
_HASH = re.compile(r"\b[0-9a-f]{12}\b")  # ID at the end of the label of a job or sweep


class LinkChoice(Generic[T]):
    """Selection whose state follows the URL when it is new, after a link, and for Back and Forward.

    With `gone`, an item that no longer exists leaves the selection empty; without it, the default is selected. Labels
    are accepted as well, because former links contain them. Labels that could be IDs of other options are read only
    from the parameter `former`.
    """

    def __init__(
        self,
        key: str,
        options: Sequence[T],
        label_of: Callable[[Any], str],
        default: Sequence[T],
        *,
        many: bool = False,
        gone: bool = False,
        former: str | None = None,
        aliases: Mapping[str, T] | None = None,
    ) -> None:
        if not is_registered(key):
            raise KeyError(f"URL parameter {key} is not registered. Call core.ui.url.register.")
        self.key, self.default, self.many, self.gone, self.former = key, list(default), many, gone, former
        self.name = key  # of the parameter that the link contains
        self.ids: dict[str, T] = {write_id(option): option for option in options}
        self.labels: dict[str, T] = {label_of(option): option for option in options} | dict(aliases or {})
        self.labels |= {label: self.ids[head] for label, head in _FORMER_HEADS.items() if head in self.ids}
        note_drawn(key)
        self._read_url()
        self._check_state()

    def write_url(self, value: Any) -> None:
        """Write the selection to the URL, unless it is the default."""
        selected = list(value) if self.many else [] if value is None else [value]
        if value is None and self.missing:
            return
        st.session_state.pop(self._missing, None)
        if selected == self.default:
            set_parameter(self.key, None)
        else:
            set_parameter(self.key, [write_id(option) for option in selected] or [""])

    @property
    def missing(self) -> str | None:
        """ID of the selected item if it no longer exists."""
        return st.session_state.get(self._missing)

    @property
    def _missing(self) -> str:
        return f"missing {self.key}"

    def _read_url(self) -> None:
        values = self._values()
        back = went_back()
        if self.key in st.session_state and not back and not (values and is_just_opened()):
            return
        if not values or (values == [""] and not self.default):
            if back:
                st.session_state[self.key] = self._initial()
            return
        known = [self._find(value) for value in values if values != [""] or not self.many]
        if None in known or (len(known) > 1 and not self.many):
            self._refuse(values, known)
        else:
            st.session_state.pop(self._missing, None)
            st.session_state[self.key] = [*known] if self.many else known[0]

    def _initial(self) -> Any:
        if self.many:
            return self.default
        return next(iter(self.default), next(iter(self.ids.values()), None) if self.gone else None)

    def _values(self) -> list[str]:
        if self.former and (labels := st.query_params.get_all(self.former)):
            self.name = self.former
            set_parameter(self.former, None)
            return [write_id(self.labels[label]) if label in self.labels else label for label in labels]
        return st.query_params.get_all(self.key)

    def _find(self, value: str) -> T | None:
        found = self.ids.get(value)
        if found is None and self.gone:
            found = next((self.ids[run_id] for run_id in _HASH.findall(value) if run_id in self.ids), None)
        return found if found is not None or self.former else self.labels.get(value)

    def _refuse(self, values: list[str], known: list[T | None]) -> None:
        unknown = [value for value, option in zip(values, known, strict=False) if option is None]
        shown = (unknown or [" and ".join(values)])[0]
        if self.gone:
            st.session_state[self.key], st.session_state[self._missing] = None, shown
            return
        reject(self.name, write_refusal(self.name, list(self.ids), shown))

    def _check_state(self) -> None:
        """Drop options that no longer exist, because Streamlit would select the first option instead."""
        if self.key not in st.session_state:
            return
        state = st.session_state[self.key]
        options = list(self.ids.values())
        if self.many:
            if any(option not in options for option in state):
                st.session_state[self.key] = [option for option in state if option in options]
        elif state is not None and state not in options:
            if self.gone:
                st.session_state[self.key], st.session_state[self._missing] = None, write_id(state)
            else:
                del st.session_state[self.key]


def write_id(option: object) -> str:
    """
    >>> write_id("Only one correct"), write_id(3)
    ('only-one-correct', '3')
    """
    return str(option).lower().replace(" ", "-") if " " in str(option) else str(option)


def write_refusal(key: str, options: Sequence[str], got: str) -> str:
    """Return the warning about a value of a link that is not one of these options."""
    listed = ", ".join(map(repr, options[:_MAX_OPTIONS]))
    more = f" or {len(options) - _MAX_OPTIONS} more" if len(options) > _MAX_OPTIONS else ""
    return f"Expected {key} to be one of {listed}{more}; got {got[:MAX_SHOWN]!r}."
