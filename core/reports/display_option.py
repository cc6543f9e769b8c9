"""The settings of a display that an author may choose, read from its fields, and checked before use."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.displays.display import Display, Options
from core.errors import ReportError
from core.home import Home
from core.store.comparison import Comparison

_NAMED = 8
_LABELS = {
    "x": "Horizontal axis",
    "log": "Logarithmic axis",
    "by": "Measured by",
    "seeds": "Single seeds",
    "about": "Class of the maps",
    "label": "True class",
    "page_size": "Pictures",
    "scaled": "After temperature scaling",
    "target": "Accuracy to reach",
}


@dataclass(frozen=True)
class DisplayOption:
    """`options` are all that it may be, with what people read for each; None among them where it may be left open."""

    name: str
    default: Any
    options: Options

    @property
    def label(self) -> str:
        return _LABELS.get(self.name, self.name.replace("_", " ").capitalize())

    def allows(self, value: Any) -> bool:
        """1 is not True here, and not 1.0."""
        if isinstance(self.options, range):
            return type(value) is int and value in self.options
        return any(type(option) is type(value) and option == value for option in self.options)


def list_options(kind: type[Display], comparison: Comparison) -> list[DisplayOption]:
    """What can be set of a display over these runs: fields of few values, and those that it gives choices for."""
    choices = kind.choices(comparison)
    hints = get_type_hints(kind)
    found = []
    for field in fields(kind):
        options, optional = _read_type(hints[field.name])
        options = choices.get(field.name, options)
        if field.default is MISSING or options is None:
            continue
        if optional and not isinstance(options, range):
            options = {None: "any", **options}
        found.append(DisplayOption(field.name, field.default, options))
    return found


def make_display(kind: type[Display], comparison: Comparison, settings: Mapping[str, Any], home: Home) -> Display:
    """A display with its settings.

    Raises:
        ReportError: when it has no such setting, or it cannot be so.
    """
    known = {setting.name: setting for setting in list_options(kind, comparison)}
    for name, value in settings.items():
        if name not in known:
            raise ReportError(f"Expected a setting of {kind.name}; got {name!r:.60}.")
        if not known[name].allows(value):
            raise ReportError(f"Expected {name} of {kind.name} to be {_write_options(known[name])}; got {value!r:.60}.")
    place = {"home": home} if any(field.name == "home" for field in fields(kind)) else {}
    return kind(comparison, **settings, **place)


def _write_options(setting: DisplayOption) -> str:
    if isinstance(setting.options, range):
        return f"between {setting.options.start} and {setting.options.stop - 1}"
    said: Sequence[str] = [repr(option) for option in setting.options]
    more = f" or {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return f"one of {', '.join(said[:_NAMED])}{more}"


def _read_type(hint: Any) -> tuple[Options | None, bool]:
    """The options that a type names, if it names any, and whether it allows None."""
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not type(None)]
        optional = len(parts) < len(get_args(hint))
        hint = parts[0] if len(parts) == 1 else None
    if hint is bool:
        return {False: "no", True: "yes"}, optional
    if get_origin(hint) is Literal:
        return {option: str(option) for option in get_args(hint)}, optional
    return None, optional
