"""Captions: the description of a display and all settings that chose its data."""

from dataclasses import MISSING, Field, fields
from typing import Any

from core.analysis.prediction import select_seed_runs
from core.displays.display import CLASS_SETTINGS, Display
from core.displays.number import quote_class
from core.displays.option import DisplayOption, list_options

_CONTEXT = ("comparison", "home", "test_set_runs", "link", "opacity")  # fields that select no data


def write_caption(display: Display) -> str:
    """Describe a display, with the value of each setting that is not at its default, and always with the seed."""
    used = [field for field in fields(display) if field.name not in _CONTEXT]
    used = [field for field in used if field.name == "seed" or getattr(display, field.name) != _get_default(field)]
    text = " ".join(filter(None, [display.describe(), display.awaited, display.lacking]))
    if not used:
        return text
    options = {option.name: option for option in list_options(type(display), display.comparison)}
    parts = [f"{_name(display, field, options)} = {_write(display, field, options)}" for field in used]
    return f"{text} Settings: {'; '.join(parts)}."


def _get_default(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _name(display: Display, field: "Field[Any]", options: dict[str, DisplayOption]) -> str:
    option = options.get(field.name)
    name = f"{display.column}s" if field.name == "pair" else field.name.replace("_", " ").capitalize()
    return option.label if option else name


def _write(display: Display, field: "Field[Any]", options: dict[str, DisplayOption]) -> str:
    value = getattr(display, field.name)
    if field.name == "seed":
        return _write_seeds(display, value)
    option = options.get(field.name)
    if option is not None and not isinstance(option.options, range) and value in option.options:
        text = option.options[value]
        return quote_class(text) if field.name in CLASS_SETTINGS and value is not None else text
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _write_seeds(display: Display, seed: int | None) -> str:
    """Return the seed, one seed per head if some head has no run with it, or that the values are means over seeds."""
    if (
        seed is None
        and display.averages_seeds
        and any(len(variant.runs) > 1 for variant in display.comparison.variants)
    ):
        return "mean over all"
    seeds = {head: run.spec.seed for head, run in select_seed_runs(display.comparison, seed).items()}
    same = len(set(seeds.values())) == 1
    return str(min(seeds.values())) if same else ", ".join(f"{head}: {value}" for head, value in seeds.items())
