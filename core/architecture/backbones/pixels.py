"""Backbone without convolutions, for the comparison with a network of Dense layers (mnist-heads)."""

from core.architecture.backbone import backbone
from core.architecture.layers import Identity, Layer
from core.spec import RunSpec


@backbone(label="No convolutions", order=6)
def pixels(spec: RunSpec) -> list[Layer]:
    """The head receives the pixels."""
    return [Identity(name="pixels")]
