"""Declaration of a hyperparameter, used by sliders, CLI options and error messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from core.suggestion import reject_name

_MAX_CHARS = 2000  # of a text


@dataclass(frozen=True)
class Setting:
    """A field of the spec with its type, bounds, unit and help text.

    Attributes:
        low, high: Inclusive bounds of a number.
        usual: Range of the slider, which moves in steps of `step`, or through `choices` if there are any.
        choices: All allowed values of a text, or the slider values of a number.
        labels: What readers see for each choice of a text.
        form: Format of a text without choices, for error messages.
        unit: Plural noun of the value, such as "epochs".
        none: Text that represents None.
    """

    name: str
    label: str
    kind: type
    default: Any
    low: float | None
    high: float | None
    usual: tuple[float, float] | None
    step: float | None
    choices: tuple[Any, ...]
    labels: Mapping[str, str]
    form: str
    unit: str
    none: str
    help: str
    group: str

    @property
    def bounds(self) -> str:
        """The allowed values, as the end of an error message that starts with "Expected epochs"."""
        if self.kind is bool:
            return "to be true or false"
        if self.choices and self.kind is str:
            return f"to be one of {', '.join(map(repr, self.choices))}"
        if self.low is None or self.high is None:
            return f"to be {self.form}"
        return f"between {format_setting_number(self.low)} and {format_setting_number(self.high)}"

    def describe(self, value: Any) -> str:
        """Format a value for readers: the label of a text, or a number without an exponent."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None:
            return self.none
        if isinstance(value, int | float):
            return f"{value:,}" if isinstance(value, int) else format_setting_number(value)
        return self.labels.get(value, value) or self.none

    def read(self, text: str) -> Any:
        """Parse user input: a value, or its label. Text that is not a valid value is returned unchanged;
        the spec rejects it."""
        text = text.strip()
        text = next((value for value, label in self.labels.items() if label == text), text)
        if self.default in (None, "") and text.lower() in ("none", self.none):
            return self.default
        try:
            return {"true": True, "false": False}[text.lower()] if self.kind is bool else self.kind(text)
        except (ValueError, KeyError):
            return text

    def write(self, value: Any) -> str:
        """Format a value for a text field, so that `read` returns it."""
        if value in (None, ""):
            return self.none if value is None else "none"
        if isinstance(value, float):
            return format_setting_number(value)
        return self.labels.get(value, str(value).lower() if self.kind is bool else str(value))

    def suggest(self, start: Any) -> list[Any]:
        """Return values for a sweep, including `start`: all choices, or about ten values from the usual range."""
        if self.kind is bool:
            return [False, True]
        if self.choices or self.kind is str:
            values = {*self.choices, *([None] if self.default is None else [])}
        else:
            low, top = self.usual or (self.low or 0, self.high or 0)
            step = self.step or 1
            count = round((top - low) / step)
            if low <= 0 or count < 10:
                stride = -(-count // 10)
                values = {round(low + step * index, 6) for index in range(0, count + 1, stride)}
            else:
                values = {low * 2**power for power in range(10) if low * 2**power <= top}
        found = {self.kind(value) if value is not None else None for value in values} | {start}
        return sorted(found, key=lambda value: (value is None, value if value is not None else 0))


def format_setting_number(value: float) -> str:
    """Format a number with at most ten significant digits and without an exponent.

    >>> format_setting_number(1e-05), format_setting_number(0.0), format_setting_number(0.25)
    ('0.00001', '0', '0.25')
    """
    text = f"{Decimal(f'{value:.10g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def setting(
    default: Any,
    label: str,
    help: str,
    *,
    group: str,
    low: float | None = None,
    high: float | None = None,
    usual: tuple[float, float] | None = None,
    step: float | None = None,
    choices: tuple[Any, ...] = (),
    labels: Mapping[str, str] | None = None,
    form: str = "text",
    unit: str = "",
    none: str = "",
    **bounds: Any,
) -> Any:
    """Declare a field of the spec as a hyperparameter (see `Setting`); `bounds` are passed to pydantic.

    The choices of a text are the keys of `labels`.
    """
    if isinstance(default, str):
        bounds.setdefault("max_length", _MAX_CHARS)
    labels, none = labels or {}, none or ("none" if isinstance(default, str) else "all")
    choices = choices or (*labels,)
    shown: dict[str, Any] = {"label": label, "group": group, "low": low, "high": high, "unit": unit}
    shown |= {"usual": usual, "step": step, "choices": choices, "labels": labels, "form": form, "none": none}
    return Field(default=default, ge=low, le=high, description=help, json_schema_extra={"setting": shown}, **bounds)


def read_setting(name: str, field: FieldInfo) -> Setting:
    """Return the declaration of a field that was created by `setting`."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    shown: Any = extra["setting"]
    kind = type(field.default) if field.default is not None else int
    return Setting(name=name, kind=kind, default=field.default, help=field.description or "", **shown)


def describe_wrong_setting(error: ValidationError, settings: Mapping[str, Setting]) -> str:
    """Describe the first invalid value of a spec."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "the spec"
    value = first["input"]
    if first["type"] == "extra_forbidden":
        return str(reject_name("setting", name, settings))
    if name not in settings:
        return f"Expected the spec to be a JSON object; got {value!r:.80}."
    known = settings[name]
    whole = "to be an integer " if known.kind is int and first["type"] == "int_type" else ""
    return f"Expected {name} {whole}{known.bounds}; got {value!r:.80}."
