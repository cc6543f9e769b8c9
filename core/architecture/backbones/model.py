"""A model of the user, cut after a layer."""

from core.architecture.backbone import backbone
from core.architecture.graph import Items
from core.spec import RunSpec


@backbone(label="Your model", order=100, uses=("model", "cut", "frozen", "trained_stages"))
def model(spec: RunSpec) -> Items:
    """The first layers of a Keras model that you added, with its weights; frozen or fine-tuned."""
    from core.models.own_layers import list_backbone_layers  # imported here: 20 ms of each command, rarely needed

    return list_backbone_layers(spec)
