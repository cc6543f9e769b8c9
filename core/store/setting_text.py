"""Hyperparameters and their values as text."""

from collections.abc import Callable, Sequence
from typing import Any

from core.errors import SpecError
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, TRANSFORMS, RunSpec
from core.transform_step import read_steps

Describe = Callable[[str, object], str]

_REGISTRIES: dict[str, Any] = {"dataset": DATASETS, "backbone": BACKBONES, "head": HEADS}
_OFF = {"frozen": "trained backbone", "from_logits": "loss from probabilities"}
_ALL = 4  # longer lists are shortened


def join_values(texts: Sequence[str]) -> str:
    """Join values; of many, the first two and the last, and their number.

    >>> join_values(["8", "16"]), join_values(["4", "8", "12", "16", "20"])
    ('8 and 16', '4, 8, … 20 (5 values)')
    """
    if len(texts) <= _ALL:
        return " and ".join(texts)
    return f"{texts[0]}, {texts[1]}, … {texts[-1]} ({len(texts):,} values)"


def describe_setting(name: str, value: object, describe: Describe | None = None) -> str:
    """Describe a hyperparameter, such as "3 epochs", "dropout 0.5", "all training images" or "no augmentation"."""
    setting = SETTINGS[name]
    noun = setting.label.lower()
    if value is None:
        return {"all": f"all {noun}", "none": f"no {noun}"}.get(setting.none, f"{noun} {setting.none}")
    if value is False and describe is None:
        return _OFF[name]
    if value is True or value is False or value == "":  # former versions wrote "no frozen backbone"
        return noun if value else f"no {noun}"
    if setting.unit and noun.endswith(setting.unit) and isinstance(value, int):
        return f"{value:,} {noun[:-1] if value == 1 else noun}"
    return f"{noun} {(describe or describe_value)(name, value)}"


def describe_backbone(spec: RunSpec) -> str:
    """Describe the backbone of a run: "backbone VGG16", or "model photos" for an own model."""
    return describe_setting("model", spec.model) if spec.model else describe_setting("backbone", spec.backbone)


def describe_value(name: str, value: object) -> str:
    """Format the value of a hyperparameter for readers, without its name: "1,000", "0.5", "all" or "KMNIST"."""
    if name in _REGISTRIES and value in _REGISTRIES[name]:
        return str(_REGISTRIES[name][str(value)].label)
    if name == "model":
        return str(value).partition(":")[0] or "none"
    if name == "augmentation" and value:
        return _describe_augmentation(str(value))
    text = SETTINGS[name].describe(value)
    return text.replace("_", " ") if name == "attribute" else text


def _describe_augmentation(text: str) -> str:
    """Return "Rotation ± 10°, Noise 0 … 0.1" for the text of a spec."""
    try:
        steps = [(TRANSFORMS[step.name], step.strength) for step in read_steps(text, TRANSFORMS)]
    except SpecError:  # of another version
        return text
    return ", ".join(f"{entry.label} {entry.strength.write(strength)}" for entry, strength in steps if entry.strength)


def describe_former(name: str, value: object) -> str:
    """Return the value as older versions wrote it into labels, which old links and drafts contain."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return SETTINGS[name].none if value is None else f"{value:,}" if isinstance(value, int) else str(value) or "none"


FORMER: tuple[Describe, ...] = (describe_former, describe_value)
"""Descriptions of values in labels of older versions, which also wrote "no frozen backbone"."""
