"""Displays with settings from reports, validated before use."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from core.displays.display import Display
from core.displays.option import DisplayOption, list_options
from core.errors import ReportError
from core.home import Home
from core.store.comparison import Comparison

_MAX_LISTED = 8


def make_display(kind: type[Display], comparison: Comparison, settings: Mapping[str, Any], home: Home) -> Display:
    """Create a display with settings.

    Raises:
        ReportError: when a setting is unknown or its value invalid.
    """
    known = {setting.name: setting for setting in list_options(kind, comparison)}
    if settings.get("head") in comparison.former_labels:
        settings = {**settings, "head": comparison.former_labels[settings["head"]]}
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
