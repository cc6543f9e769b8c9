"""RunSpec: what a run is. Every knob once, with type, bounds, unit and help."""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from core.errors import SpecError
from core.registry import Registry

if TYPE_CHECKING:
    from core.architecture.backbone import Backbone
    from core.architecture.head import Head
    from core.datasets.dataset import Dataset

DATASETS: "Registry[Dataset]" = Registry("core.datasets.sources", "dataset")
BACKBONES: "Registry[Backbone]" = Registry("core.architecture.backbones", "backbone")
HEADS: "Registry[Head]" = Registry("core.architecture.heads", "head")


@dataclass(frozen=True)
class Knob:
    """What a slider, a CLI option and an error sentence need to know of one field of the spec.

    `low` and `high` are inclusive; `usual` is the part of them that a slider spans, in `step`s, or in the values of
    `choices`; `unit` is the plural noun of the value.
    """

    name: str
    label: str
    kind: type
    default: Any
    low: float | None
    high: float | None
    usual: tuple[float, float] | None
    step: float | None
    choices: tuple[float, ...]
    unit: str
    help: str
    group: str

    @property
    def bounds(self) -> str:
        """The tail of a sentence that starts with «Expected epochs …»."""
        if self.low is None or self.high is None:
            return "to be text"
        return f"between {_plain(self.low)} and {_plain(self.high)}"


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _knob(
    default: Any,
    label: str,
    help: str,
    *,
    group: str,
    low: float | None = None,
    high: float | None = None,
    usual: tuple[float, float] | None = None,
    step: float | None = None,
    choices: tuple[float, ...] = (),
    unit: str = "",
    **bounds: Any,
) -> Any:
    shown: dict[str, Any] = {"label": label, "group": group, "low": low, "high": high, "unit": unit}
    shown |= {"usual": usual, "step": step, "choices": choices}
    return Field(default=default, ge=low, le=high, description=help, json_schema_extra={"knob": shown}, **bounds)


class RunSpec(BaseModel):
    """One training, said completely: data, backbone, head and budget. Frozen and hashable.

    A knob that the chosen backbone or head does not use is put back to its default, so it cannot make two names
    for one model. The default of a field never changes: fields at their default are not part of the run id.

    Raises:
        SpecError, UnknownNameError: through `parse`, with one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    dataset: str = _knob("digits", "Dataset", "The images and labels to train on.", group="data")
    data: str = _knob(
        "", "Data fingerprint", "Fingerprint of the arrays trained on.", group="data", pattern=r"^([0-9a-f]{16})?$"
    )
    train_images: int | None = _knob(
        None,
        "Training images",
        "How many images of the training split to use, from its start; validation images are taken from them.",
        group="data", low=20, high=10_000_000, step=100, unit="images",
    )  # fmt: skip
    validation_fraction: float = _knob(
        0.2,
        "Validation share",
        "The last share of the training images is kept for validation.",
        group="data", low=0.01, high=0.9, usual=(0.05, 0.5), step=0.05,
    )  # fmt: skip

    backbone: str = _knob("conv_pool", "Backbone", "The convolutional part, shared by all heads.", group="backbone")
    blocks: int = _knob(
        2,
        "Blocks",
        "Convolution-and-pooling blocks.",
        group="backbone",
        low=1,
        high=6,
        usual=(1, 5),
        step=1,
        unit="blocks",
    )
    filters: int = _knob(
        32,
        "Filters",
        "Filters of the first block; each further block has twice as many.",
        group="backbone", low=1, high=512, usual=(4, 64), step=4, unit="filters",
    )  # fmt: skip
    dropout: float = _knob(
        0.25,
        "Dropout",
        "Share of the activations that is dropped after each block while training.",
        group="backbone", low=0.0, high=0.9, usual=(0.0, 0.9), step=0.05,
    )  # fmt: skip

    head: str = _knob("gap", "Head", "What turns the last feature maps into class probabilities.", group="head")
    units: int = _knob(
        256,
        "Dense units",
        "Units of the hidden Dense layer.",
        group="head",
        low=1,
        high=8192,
        usual=(8, 1024),
        step=8,
        unit="units",
    )

    epochs: int = _knob(
        25,
        "Epochs",
        "Passes over the training images.",
        group="training",
        low=1,
        high=1000,
        usual=(1, 60),
        step=1,
        unit="epochs",
    )
    batch_size: int = _knob(
        25,
        "Batch size",
        "Images a gradient step.",
        group="training",
        low=1,
        high=4096,
        usual=(5, 250),
        step=5,
        unit="images",
    )
    learning_rate: float = _knob(
        0.001,
        "Learning rate",
        "Step size of the Adam optimizer.",
        group="training", low=1e-6, high=1.0,
        choices=(1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
    )  # fmt: skip
    seed: int = _knob(
        0,
        "Seed",
        "Fixes weights, shuffling and dropout.",
        group="training",
        low=0,
        high=2**31 - 1,
        usual=(0, 20),
        step=1,
    )

    @model_validator(mode="after")
    def _names_are_known_and_unused_knobs_are_at_rest(self) -> Self:
        DATASETS[self.dataset]
        used = {*BACKBONES[self.backbone].uses, *HEADS[self.head].uses, "backbone", "head"}
        for knob in KNOBS.values():
            if knob.group in ("backbone", "head") and knob.name not in used:
                object.__setattr__(self, knob.name, knob.default)
        return self

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Checks foreign values at the door: `SpecError` names the first value that is off and what was expected."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(_sentence(error)) from None

    def replace(self, **changes: Any) -> Self:
        """This spec with some knobs changed, checked like any other."""
        return self.parse({**self.model_dump(), **changes})

    def canonical(self) -> dict[str, Any]:
        """The fields that are not at their default, in the order of their names."""
        values = self.model_dump()
        return {name: values[name] for name in sorted(values) if values[name] != KNOBS[name].default}

    @property
    def run_id(self) -> str:
        """Twelve hex digits of the SHA-256 of the canonical spec as compact JSON."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _read_knob(name: str, field: FieldInfo) -> Knob:
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    shown: Any = extra["knob"]
    kind = type(field.default) if field.default is not None else int
    return Knob(name=name, kind=kind, default=field.default, help=field.description or "", **shown)


KNOBS: dict[str, Knob] = {name: _read_knob(name, field) for name, field in RunSpec.model_fields.items()}


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "the spec"
    value = first["input"]
    if first["type"] == "extra_forbidden":
        return f"Expected only known settings ({', '.join(KNOBS)}); got {name!r}."
    if name not in KNOBS:
        return f"Expected a run's settings as an object; got {value!r:.80}."
    if first["type"] == "string_pattern_mismatch":
        return f"Expected {name} to be 16 hex digits; got {value!r:.80}."
    knob = KNOBS[name]
    whole = "to be a whole number " if knob.kind is int and first["type"] == "int_type" else ""
    return f"Expected {name} {whole}{knob.bounds}; got {value!r:.80}."
