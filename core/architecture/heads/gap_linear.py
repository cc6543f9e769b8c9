"""A variant of the GAP head with linear class maps (Lin et al. 2014, Network in Network, section 3.2)."""

from core.architecture.head import count_logits, head, probabilities
from core.architecture.layers import Conv, Layer
from core.architecture.pooling import GlobalPooling
from core.spec import RunSpec


@head(label="GAP (linear maps)", order=2, former_labels=("GAP, linear maps",))
def gap_linear(spec: RunSpec, classes: int) -> list[Layer]:
    """GAP without the ReLU before pooling; class scores can be negative."""
    maps = Conv(count_logits(spec, classes), padding="same", activation="linear", name="class_maps")
    return [maps, GlobalPooling("average"), probabilities(spec)]
