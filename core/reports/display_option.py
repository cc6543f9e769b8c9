"""Settings of a display that authors can change, derived from its fields and validated before use."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.displays.display import Display, Options
from core.errors import ReportError
from core.home import Home
from core.store.comparison import Comparison

_MAX_LISTED = 8
_LABELS = {
    "x": "Horizontal axis",
    "log": "Logarithmic axis",
    "by": "Cost measure",
    "margin": "Non-inferiority margin (points)",
    "seeds": "Show each seed",
    "about": "Class to explain",
    "label": "True class",
    "page_size": "Images",
    "scaled": "After temperature scaling",
    "target": "Target accuracy",
}


@dataclass(frozen=True)
class DisplayOption:
    """Setting of a display. `options` maps valid values to their labels; None is valid if the setting is optional."""

    name: str
    default: Any
    options: Options

    @property
    def label(self) -> str:
        return _LABELS.get(self.name, self.name.replace("_", " ").capitalize())

    def allows(self, value: Any) -> bool:
        """Return whether a value is valid. Types must match exactly: 1 is neither True nor 1.0."""
        if isinstance(self.options, range):
            return type(value) is int and value in self.options
        return any(type(option) is type(value) and option == value for option in self.options)


def list_options(kind: type[Display], comparison: Comparison) -> list[DisplayOption]:
    """Return the settings of a display for these runs: fields with few values, and fields in its `choices`."""
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
    """Create a display with settings.

    Raises:
        ReportError: when a setting is unknown or its value invalid.
    """
    known = {setting.name: setting for setting in list_options(kind, comparison)}
    for name, value in settings.items():
        if name not in known:
            choices = f"Choose one of: {', '.join(known)}." if known else "It has no settings."
            raise ReportError(f"Unknown setting {name!r:.60} of {kind.name}. {choices}")
        if not known[name].allows(value):
            raise ReportError(f"Expected {name} of {kind.name} to be {_write_options(known[name])}; got {value!r:.60}.")
    context = {"home": home} if any(field.name == "home" for field in fields(kind)) else {}
    return kind(comparison, **settings, **context)


def _write_options(setting: DisplayOption) -> str:
    if isinstance(setting.options, range):
        return f"between {setting.options.start} and {setting.options.stop - 1}"
    values: Sequence[str] = [repr(option) for option in setting.options]
    more = f" or {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else ""
    return f"one of {', '.join(values[:_MAX_LISTED])}{more}"


def _read_type(hint: Any) -> tuple[Options | None, bool]:
    """Return the options that a type defines, if any, and whether it allows None."""
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
