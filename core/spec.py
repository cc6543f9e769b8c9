"""RunSpec: what a run is. Every knob once, with type, bounds, unit and help."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from core.errors import SpecError, UnknownNameError
from core.registry import Registry
from core.setting import Setting, read_setting, setting
from core.transform_step import read_steps, write_steps

if TYPE_CHECKING:
    from core.architecture.backbone import Backbone
    from core.architecture.head import Head
    from core.augment.transform import Transform
    from core.datasets.dataset import Dataset

DATASETS: "Registry[Dataset]" = Registry("core.datasets.sources", "dataset")
BACKBONES: "Registry[Backbone]" = Registry("core.architecture.backbones", "backbone")
HEADS: "Registry[Head]" = Registry("core.architecture.heads", "head")
TRANSFORMS: "Registry[Transform]" = Registry("core.augment.transforms", "transform")


class RunSpec(BaseModel):
    """One training, said completely: data, backbone, head and budget. Frozen and hashable.

    A knob that the chosen backbone or head does not use is put back to its default, so it cannot make two names
    for one model. The default of a field never changes: fields at their default are not part of the run id.

    Raises:
        SpecError, UnknownNameError: through `parse`, with one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    dataset: str = setting("digits", "Dataset", "The images and labels to train on.", group="data")
    data: str = setting(
        "", "Data fingerprint", "Fingerprint of the arrays trained on.", group="data",
        pattern=r"^([0-9a-f]{16})?$", form="16 hex digits",
    )  # fmt: skip
    folder: str = setting(
        "", "Folder", "The name under which a folder of images was added.", group="data",
        pattern=r"^([a-z0-9][a-z0-9_-]{0,39})?$", form="up to 40 lower-case letters, digits, '-' and '_'",
    )  # fmt: skip
    attribute: str = setting(
        "Male", "Attribute", "Which of the attributes of each image is to be told.", group="data",
        pattern=r"^[A-Za-z0-9_]{1,40}$", form="the name of an attribute",
    )  # fmt: skip
    side: int | None = setting(
        None,
        "Image side",
        "Side of the square images that the model sees; larger or smaller ones are resized.",
        group="data", low=8, high=512, usual=(16, 256), step=8, unit="pixels", none="as stored",
    )  # fmt: skip
    train_images: int | None = setting(
        None,
        "Training images",
        "How many images of the training split to use, from its start; validation images are taken from them.",
        group="data", low=20, high=10_000_000, step=100, unit="images",
    )  # fmt: skip
    validation_fraction: float = setting(
        0.2,
        "Validation share",
        "The last share of the training images is kept for validation.",
        group="data", low=0.01, high=0.9, usual=(0.05, 0.5), step=0.05,
    )  # fmt: skip
    validation_images: int | None = setting(
        None,
        "Validation images",
        "How many images are kept for validation, in place of a share.",
        group="data", low=1, high=10_000_000, step=100, unit="images",
    )  # fmt: skip
    augmentation: str = setting(
        "",
        "Augmentation",
        "Random transforms of the training images, in their order, each with its strength.",
        group="data", pattern=r"^([a-z_]+(=[0-9.]+)?(,[a-z_]+(=[0-9.]+)?)*)?$",
        form="transforms joined by commas, such as flip_horizontal=0.5,rotation=10",
    )  # fmt: skip

    backbone: str = setting("conv_pool", "Backbone", "The convolutional part, shared by all heads.", group="backbone")
    blocks: int = setting(
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
    filters: int = setting(
        32,
        "Filters",
        "Filters of the first block; each further block has twice as many.",
        group="backbone", low=1, high=512, usual=(4, 64), step=4, unit="filters",
    )  # fmt: skip
    dropout: float = setting(
        0.25,
        "Dropout",
        "Share of the activations that is dropped after each block while training.",
        group="backbone", low=0.0, high=0.9, usual=(0.0, 0.9), step=0.05,
    )  # fmt: skip
    kernel_size: int = setting(
        3,
        "Kernel size",
        "Side of the convolution's windows.",
        group="backbone", low=1, high=11, usual=(1, 7), step=1, unit="pixels",
    )  # fmt: skip
    padding: str = setting(
        "valid",
        "Padding",
        "Whether a convolution keeps the side of its maps (same) or loses their rim (valid).",
        group="backbone", choices=("valid", "same"),
    )  # fmt: skip
    frozen: bool = setting(
        False, "Frozen backbone", "The backbone keeps its pretrained weights; the head alone learns.", group="backbone"
    )

    head: str = setting("gap", "Head", "What turns the last feature maps into class probabilities.", group="head")
    units: int = setting(
        256,
        "Dense units",
        "Units of the hidden Dense layer.",
        group="head",
        low=1,
        high=8192,
        usual=(8, 4096),
        step=8,
        unit="units",
    )
    hidden: str = setting(
        "64-32", "Hidden layers", "Units of each hidden Dense layer, from the first to the last.", group="head",
        pattern=r"^[1-9][0-9]{0,3}(-[1-9][0-9]{0,3}){0,4}$",
        form="up to five widths below 10000 joined by hyphens, such as 64-32",
    )  # fmt: skip
    head_dropout: float = setting(
        0.0,
        "Dropout in the head",
        "Share of the head's activations that is dropped while training.",
        group="head", low=0.0, high=0.9, usual=(0.0, 0.9), step=0.05,
    )  # fmt: skip

    epochs: int = setting(
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
    batch_size: int = setting(
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
    learning_rate: float = setting(
        0.001,
        "Learning rate",
        "Step size of the Adam optimizer.",
        group="training", low=1e-6, high=1.0,
        choices=(1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
    )  # fmt: skip
    l2: float = setting(
        0.0,
        "L2 penalty",
        "Weight of the sum of the squared kernels in the loss.",
        group="training", low=0.0, high=1.0,
        choices=(0.0, 1e-6, 1e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.1),
    )  # fmt: skip
    loss: str = setting(
        "categorical",
        "Loss",
        "Cross-entropy of one-hot labels (categorical), of class numbers (sparse), or of one logit for two classes "
        "(binary).",
        group="training", choices=("categorical", "sparse", "binary"),
    )  # fmt: skip
    patience: int | None = setting(
        None,
        "Patience",
        "Epochs without a lower validation loss after which training ends before its last epoch.",
        group="training", low=1, high=1000, choices=(1, 2, 3, 5, 8, 13, 20), unit="epochs", none="none",
    )  # fmt: skip
    seed: int = setting(
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
    def _names_are_known_and_unused_settings_are_at_rest(self) -> Self:
        for name, known in SETTINGS.items():
            if not self.uses(name):
                object.__setattr__(self, name, known.default)
            if known.kind is str and known.choices and getattr(self, name) not in known.choices:
                raise SpecError(f"Expected {name} {known.bounds}; got {getattr(self, name)!r:.80}.")
        for name, allowed in DATASETS[self.dataset].choices.items():
            if getattr(self, name) not in allowed:
                names = ", ".join(map(repr, allowed))
                raise UnknownNameError(f"Expected {name} to be one of {names}; got {getattr(self, name)!r:.80}.")
        object.__setattr__(self, "augmentation", write_steps(read_steps(self.augmentation, TRANSFORMS)))
        return self

    def uses(self, name: str) -> bool:
        """Whether a knob makes a difference to this run."""
        if name in _CHOSEN or (SETTINGS[name].group not in ("backbone", "head") and name not in _DATASET_SETTINGS):
            return True
        users: list[Any] = [DATASETS[self.dataset], BACKBONES[self.backbone], HEADS[self.head]]
        return any(name in user.uses for user in users)

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
        return {name: values[name] for name in sorted(values) if values[name] != SETTINGS[name].default}

    @property
    def run_id(self) -> str:
        """Twelve hex digits of the SHA-256 of the canonical spec as compact JSON."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


_DATASET_SETTINGS = {"folder", "attribute", "side"}  # at rest unless the dataset uses them
_CHOSEN = {"backbone", "head"}

SETTINGS: dict[str, Setting] = {name: read_setting(name, field) for name, field in RunSpec.model_fields.items()}


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "the spec"
    value = first["input"]
    if first["type"] == "extra_forbidden":
        return f"Expected only known settings ({', '.join(SETTINGS)}); got {name!r}."
    if name not in SETTINGS:
        return f"Expected a run's settings as an object; got {value!r:.80}."
    known = SETTINGS[name]
    whole = "to be a whole number " if known.kind is int and first["type"] == "int_type" else ""
    return f"Expected {name} {whole}{known.bounds}; got {value!r:.80}."
