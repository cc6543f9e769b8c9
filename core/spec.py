"""RunSpec: the complete specification of a run. Declares each hyperparameter with type, bounds, unit and help."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import SpecError
from core.registry import Registry
from core.setting import Setting, describe_wrong_setting, read_setting, setting
from core.suggestion import reject_name
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

ELSEWHERE = "elsewhere"  # backbone and head of a run that Headroom did not train
PENALTIES = (0.0, 1e-6, 1e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.1)


class RunSpec(BaseModel):
    """Specification of a training run: data, backbone, head and training hyperparameters. Frozen and hashable.

    A hyperparameter that the selected dataset, backbone or head does not use is reset to its default, so that equal
    models have equal run IDs. Never change the default of a field: fields at their default are not part of the run ID.

    A run from another library has no hyperparameters: `elsewhere` names its model, `content` is a hash of its results.

    Raises:
        SpecError, UnknownNameError: from `parse`, when a value is invalid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    dataset: str = setting("digits", "Dataset", "Dataset used for training and evaluation.", group="data")
    data: str = setting(
        "", "Data fingerprint", "Fingerprint (truncated SHA-256) of the dataset arrays.", group="data",
        pattern=r"^([0-9a-f]{16})?$", form="16 hex digits",
    )  # fmt: skip
    folder: str = setting(
        "", "Folder", "Name of a custom dataset added from an image folder.", group="data",
        pattern=r"^([a-z0-9][a-z0-9_-]{0,39})?$", form="up to 40 lowercase letters, digits, '-' and '_'",
    )  # fmt: skip
    attribute: str = setting(
        "Male", "Attribute", "Binary attribute to predict.", group="data",
        pattern=r"^[A-Za-z0-9_]{1,40}$", form="the name of an attribute",
    )  # fmt: skip
    side: int | None = setting(
        None, "Image side", "Side length to which images are cropped and resized (square).",
        group="data", low=8, high=512, usual=(16, 256), step=8, unit="pixels", none="as stored",
    )  # fmt: skip
    train_images: int | None = setting(
        None,
        "Training images",
        "Number of images taken from the start of the training split, including the validation images.",
        group="data", low=20, high=10_000_000, step=100, unit="images",
    )  # fmt: skip
    validation_fraction: float = setting(
        0.2, "Validation share", "Fraction of the training images used for validation, taken from the end.",
        group="data", low=0.01, high=0.9, usual=(0.05, 0.5), step=0.05,
    )  # fmt: skip
    validation_images: int | None = setting(
        None, "Validation images", "Number of images used for validation; overrides the fraction.",
        group="data", low=1, high=10_000_000, step=100, unit="images",
    )  # fmt: skip
    augmentation: str = setting(
        "",
        "Augmentation",
        "Random transforms applied to the training images, in this order, each with its strength.",
        group="data", pattern=r"^([a-z_]+(=[0-9.]+)?(,[a-z_]+(=[0-9.]+)?)*)?$",
        form="transforms separated by commas, such as flip_horizontal=0.5,rotation=10",
    )  # fmt: skip

    backbone: str = setting(
        "conv_pool", "Backbone", "Convolutional feature extractor, shared by all heads.", group="backbone"
    )
    model: str = setting(
        "", "Model", "Model of yours whose layers up to a cut are the backbone; added with `headroom models add`.",
        group="backbone", pattern=r"^([a-z0-9][a-z0-9_-]{0,39}(:[0-9a-f]{16})?)?$", form="the name of an added model",
    )  # fmt: skip
    cut: str = setting(
        "", "Cut after", "Layer of the model after which the head begins; empty: the last before its classifier.",
        group="backbone", pattern=r"^([A-Za-z0-9_][A-Za-z0-9_./-]{0,99})?$", form="the name of a layer", none="default",
    )  # fmt: skip
    blocks: int = setting(
        2, "Blocks", "Number of convolution and pooling blocks.",
        group="backbone", low=1, high=6, usual=(1, 5), step=1, unit="blocks",
    )  # fmt: skip
    filters: int = setting(
        32, "Filters", "Number of filters in the first block; doubles with each block.",
        group="backbone", low=1, high=512, usual=(4, 64), step=4, unit="filters",
    )  # fmt: skip
    dropout: float = setting(
        0.25, "Dropout", "Dropout rate after each block.",
        group="backbone", low=0.0, high=0.9, usual=(0.0, 0.9), step=0.05,
    )  # fmt: skip
    kernel_size: int = setting(
        3, "Kernel size", "Height and width of the convolution kernels.",
        group="backbone", low=1, high=11, usual=(1, 7), step=1, unit="pixels",
    )  # fmt: skip
    padding: str = setting(
        "valid", "Padding", "'same' pads with zeros to keep the size of the feature maps; 'valid' does not pad.",
        group="backbone", labels={"valid": "valid (none)", "same": "same (zeros)"},
    )  # fmt: skip
    strides: int = setting(
        1, "Convolution stride", "Step of the convolution kernels; the feature maps become smaller by this factor.",
        group="backbone", low=1, high=8, usual=(1, 4), step=1, unit="pixels",
    )  # fmt: skip
    pooling: str = setting(
        "max",
        "Pooling",
        "Layer that makes the feature maps of a block smaller: max pooling, average pooling, or a convolution with "
        "the window and stride of the pooling.",
        group="backbone", labels={"max": "max pooling", "average": "average pooling", "convolution": "convolution"},
    )  # fmt: skip
    pool_size: int = setting(
        2, "Pooling window", "Height and width of the pooling window.",
        group="backbone", low=1, high=11, usual=(1, 5), step=1, unit="pixels",
    )  # fmt: skip
    pool_stride: int | None = setting(
        None, "Pooling stride", "Step of the pooling window. Windows overlap if it is smaller than the window.",
        group="backbone", low=1, high=11, choices=(1, 2, 3, 4, 5), unit="pixels", none="as large as the window",
    )  # fmt: skip
    pool_padding: str = setting(
        "valid", "Pooling padding", "'same' also pools incomplete windows at the border; 'valid' drops them.",
        group="backbone", labels={"valid": "valid (none)", "same": "same (incomplete windows)"},
    )  # fmt: skip
    frozen: bool = setting(
        False, "Frozen backbone", "Freeze the pretrained weights of the backbone and train only the head.",
        group="backbone",
    )  # fmt: skip
    trained_stages: int = setting(
        0, "Trained stages", "Number of last stages of a frozen backbone that are trained with the head.",
        group="backbone", low=0, high=10, usual=(0, 4), step=1, unit="stages",
    )  # fmt: skip

    head: str = setting(
        "gap", "Head", "Classifier that maps the last feature maps to class probabilities.", group="head"
    )
    units: int = setting(
        256, "Dense units", "Number of units in the hidden Dense layer.",
        group="head", low=1, high=8192, usual=(8, 4096), step=8, unit="units",
    )  # fmt: skip
    hidden: str = setting(
        "64-32", "Hidden layers", "Number of units in each hidden Dense layer, from first to last.", group="head",
        pattern=r"^[1-9][0-9]{0,3}(-[1-9][0-9]{0,3}){0,4}$",
        form="up to five numbers of units below 10000 separated by hyphens, such as 64-32",
    )  # fmt: skip
    head_dropout: float = setting(
        0.0, "Dropout in the head", "Dropout rate in the head.",
        group="head", low=0.0, high=0.9, usual=(0.0, 0.9), step=0.05,
    )  # fmt: skip

    epochs: int = setting(
        25, "Epochs", "Number of passes over the training images.",
        group="training", low=1, high=1000, usual=(1, 60), step=1, unit="epochs",
    )  # fmt: skip
    batch_size: int = setting(
        25, "Batch size", "Images per training step.",
        group="training", low=1, high=4096, usual=(5, 250), step=5, unit="images",
    )  # fmt: skip
    learning_rate: float = setting(
        0.001, "Learning rate", "Step size of the Adam optimizer.",
        group="training", low=1e-6, high=1.0,
        choices=(1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1),
    )  # fmt: skip
    l1: float = setting(
        0.0, "L1 penalty", "L1 regularization factor of the kernels.",
        group="training", low=0.0, high=1.0,
        choices=PENALTIES,
    )  # fmt: skip
    l2: float = setting(
        0.0, "L2 penalty", "L2 regularization factor of the kernels.",
        group="training", low=0.0, high=1.0,
        choices=PENALTIES,
    )  # fmt: skip
    loss: str = setting(
        "categorical",
        "Loss",
        "Cross-entropy: categorical (one-hot labels), sparse (integer labels) or binary (two classes, one logit).",
        group="training",
        labels={
            "categorical": "categorical cross-entropy",
            "sparse": "sparse categorical cross-entropy",
            "binary": "binary cross-entropy",
        },
    )  # fmt: skip
    from_logits: bool = setting(
        False,
        "Loss from logits",
        "Compute the cross-entropy from logits, like from_logits=True in Keras; the predictions stay probabilities. "
        "The binary loss always does.",
        group="training",
    )  # fmt: skip
    patience: int | None = setting(
        None,
        "Patience",
        "Number of epochs without improvement of the validation loss after which training stops early.",
        group="training", low=1, high=1000, choices=(1, 2, 3, 5, 8, 13, 20), unit="epochs", none="none",
    )  # fmt: skip
    keep: str = setting(
        "last",
        "Kept epoch",
        "Epoch whose weights are kept: the last one, or the earliest one with the best validation loss or accuracy.",
        group="training",
        labels={
            "last": "last",
            "best_val_loss": "best by validation loss",
            "best_val_accuracy": "best by validation accuracy",
        },
    )  # fmt: skip
    seed: int = setting(
        0, "Seed", "Random seed for weight initialization, shuffling and dropout.",
        group="training", low=0, high=2**31 - 1, usual=(0, 20), step=1,
    )  # fmt: skip
    elsewhere: str = Field("", max_length=80)
    content: str = Field("", pattern=r"^([0-9a-f]{16})?$")

    @model_validator(mode="after")
    def _check_names_and_reset_unused_settings(self) -> Self:
        for name, known in SETTINGS.items():
            if not self.uses(name):
                object.__setattr__(self, name, known.default)
            if known.kind is str and known.choices and getattr(self, name) not in known.choices:
                raise SpecError(f"Expected {name} {known.bounds}; got {getattr(self, name)!r:.80}.")
        for name, allowed in DATASETS[self.dataset].choices.items():
            if getattr(self, name) not in allowed:
                raise reject_name(name, getattr(self, name), allowed)
        if self.pool_stride == self.pool_size:
            object.__setattr__(self, "pool_stride", None)
        object.__setattr__(self, "augmentation", write_steps(read_steps(self.augmentation, TRANSFORMS)))
        for name in ("backbone", "head") if self.elsewhere else ():
            object.__setattr__(self, name, ELSEWHERE)
        return self

    def uses(self, name: str) -> bool:
        """Return whether a hyperparameter has an effect on this run."""
        if self.elsewhere:
            return name in ("dataset", "data", "seed") or name in DATASETS[self.dataset].uses
        if name == "from_logits":
            return self.loss != "binary"
        if name == "trained_stages" and not self.frozen:
            return False
        if name in _CHOSEN or (SETTINGS[name].group not in ("backbone", "head") and name not in _DATASET_SETTINGS):
            return True
        users: list[Any] = [DATASETS[self.dataset], BACKBONES[self.backbone], HEADS[self.head]]
        return any(name in user.uses for user in users)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Validate untrusted values.

        Raises:
            SpecError, UnknownNameError: for the first invalid value.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(describe_wrong_setting(error, SETTINGS)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some hyperparameters changed, validated like any spec."""
        return self.parse({**self.model_dump(), **changes})

    def canonical(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, sorted by name."""
        values = self.model_dump()
        return {name: values[name] for name in sorted(values) if values[name] != type(self).model_fields[name].default}

    @property
    def configuration(self) -> "RunSpec":
        """The spec without what differs between the runs of a variant: the seed, and the results of other tools."""
        return self.replace(seed=0, content="")

    @property
    def label(self) -> str:
        return self.elsewhere or HEADS[self.head].label

    @property
    def run_id(self) -> str:
        """First 12 hex digits of the SHA-256 of the canonical spec as compact JSON."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


_DATASET_SETTINGS = {"folder", "attribute", "side"}  # at their default unless the dataset uses them
_CHOSEN = {"backbone", "head"}
SETTINGS: dict[str, Setting] = {
    name: read_setting(name, field) for name, field in RunSpec.model_fields.items() if field.json_schema_extra
}
