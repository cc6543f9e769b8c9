"""Labels of the variants of a comparison: the head, with what distinguishes it from the others."""

from collections.abc import Sequence

from core.spec import SETTINGS, RunSpec
from core.store.setting_text import Describe, describe_setting, describe_value

_BACKBONE = ("backbone", "model")
_FINGERPRINT_CHARS = 8


def list_differing_settings(specs: Sequence[RunSpec]) -> list[str]:
    """Return the hyperparameters, except head and seed, in which specs differ."""
    return [name for name in SETTINGS if name not in ("head", "seed") and len({getattr(s, name) for s in specs}) > 1]


def have_several_backbones(specs: Sequence[RunSpec]) -> bool:
    """Return whether the variants that Headroom trained have different backbones."""
    return len({(spec.backbone, spec.model) for spec in specs if not spec.elsewhere}) > 1


def label_variants(specs: Sequence[RunSpec], describe: Describe | None = None) -> list[str]:
    """Return the label of each head, with the hyperparameters that distinguish variants with the same head; if the
    backbones differ, with the backbone of each.

    Args:
        describe: formats values as older versions did, whose labels had no backbone unless the heads were the same.
    """
    differing, several = list_differing_settings(specs), describe is None and have_several_backbones(specs)
    labels = []
    for spec in specs:
        same_head = [other for other in specs if other.label == spec.label]
        names, parts = differing, [spec.label]
        if several and not spec.elsewhere:
            parts.append(_describe_backbone(spec, specs))
            names = [name for name in differing if name not in _BACKBONE and spec.uses(name)]
            same_head = [other for other in same_head if (other.backbone, other.model) == (spec.backbone, spec.model)]
        names = [name for name in names if len({getattr(other, name) for other in same_head}) > 1]
        labels.append(" · ".join([*parts, *(describe_setting(n, getattr(spec, n), describe) for n in names)]))
    return labels


def label_run(spec: RunSpec) -> str:
    """Return the head of a run, with its backbone unless that is the default: "GAP · model photos"."""
    return spec.label if spec.elsewhere else name_run(spec.label, spec.backbone, spec.model)


def name_run(head: str, backbone: str, model: str) -> str:
    """Return the name of the head with the backbone of a run.

    >>> name_run("GAP", "conv_pool", ""), name_run("GAP", "pixels", ""), name_run("GAP", "model", "photos:01234567")
    ('GAP', 'GAP · No convolutions', 'GAP · model photos')
    """
    if backbone == RunSpec.model_fields["backbone"].default:
        return head
    return f"{head} · {describe_setting('model', model) if model else describe_value('backbone', backbone)}"


def _describe_backbone(spec: RunSpec, specs: Sequence[RunSpec]) -> str:
    """Return the backbone or the model of a run, with its fingerprint if other models have the same name."""
    if not spec.model:
        return describe_value("backbone", spec.backbone)
    name, _, fingerprint = spec.model.partition(":")
    same_name = {other.model for other in specs if other.model.partition(":")[0] == name}
    text = describe_setting("model", spec.model)
    return text if len(same_name) == 1 else f"{text} ({fingerprint[:_FINGERPRINT_CHARS]})"
