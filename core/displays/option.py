"""Settings of a display that authors can change, derived from its fields."""

import types
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.displays.display import Display, Options
from core.store.comparison import Comparison

_LABELS = {
    "x": "Horizontal axis",
    "log": "Logarithmic axis",
    "by": "Horizontal axis",
    "margin": "Non-inferiority margin (points)",
    "seeds": "Show each seed",
    "band": "Band",
    "marks": "Mark best epochs",
    "about": "Class to explain",
    "label": "True class",
    "predicted": "Predicted class",
    "least": "Lowest confidence (%)",
    "most": "Highest confidence (%)",
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
    label: str

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
        found.append(DisplayOption(field.name, field.default, options, _name(field.name, comparison)))
    return found


def _name(setting: str, comparison: Comparison) -> str:
    if setting == "head":
        return comparison.noun.capitalize()
    return _LABELS.get(setting, setting.replace("_", " ").capitalize())


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
