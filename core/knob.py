"""What a knob is: one setting of a run, with all that a slider, a command and an error sentence need to know."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Knob:
    """What a slider, a CLI option and an error sentence need to know of one field of the spec.

    `low` and `high` are inclusive; `usual` is the part of them that a slider spans, in `step`s, or in the values of
    `choices`; a text with choices is one of them, another is of a `form`; `unit` is the plural noun of the value;
    `none` is the word for a value that is left open.
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
    form: str
    unit: str
    none: str
    help: str
    group: str

    @property
    def bounds(self) -> str:
        """The tail of a sentence that starts with «Expected epochs …»."""
        if self.kind is bool:
            return "to be true or false"
        if self.choices and self.kind is str:
            return f"to be one of {', '.join(map(repr, self.choices))}"
        if self.low is None or self.high is None:
            return f"to be {self.form}"
        return f"between {_plain(self.low)} and {_plain(self.high)}"

    def read(self, text: str) -> Any:
        """What a person typed as a value of this knob's kind. What is none stays text, for the spec to say what it
        expected."""
        text = text.strip()
        if self.default is None and text.lower() in ("none", self.none):
            return None
        try:
            return {"true": True, "false": False}[text.lower()] if self.kind is bool else self.kind(text)
        except (ValueError, KeyError):
            return text


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def knob(
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
    form: str = "text",
    unit: str = "",
    none: str = "all",
    **bounds: Any,
) -> Any:
    """A field of the spec together with what the surfaces need to know of it; `bounds` go to pydantic as they are."""
    shown: dict[str, Any] = {"label": label, "group": group, "low": low, "high": high, "unit": unit}
    shown |= {"usual": usual, "step": step, "choices": choices, "form": form, "none": none}
    return Field(default=default, ge=low, le=high, description=help, json_schema_extra={"knob": shown}, **bounds)


def read_knob(name: str, field: FieldInfo) -> Knob:
    """The declaration behind a field that `knob` made."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    shown: Any = extra["knob"]
    kind = type(field.default) if field.default is not None else int
    return Knob(name=name, kind=kind, default=field.default, help=field.description or "", **shown)
