"""ConvNeXt (Liu et al. 2022): depthwise 7×7 convolutions, layer normalization and GELU.

Source of names and numbers: keras/src/applications/convnext.py. Keras writes the depthwise convolution as a convolution
with one group per channel, which has the same weights in another shape and cannot be trained on a CPU without XLA.
"""

from collections.abc import Sequence

from core.architecture.elementwise import Activation, LayerNormalization, LayerScale, Normalization
from core.architecture.families.preprocessing import scale_to_bytes
from core.architecture.graph import Graph
from core.architecture.layers import Conv, Dense, DepthwiseConv
from core.architecture.merge import Add

_EPSILON = 1e-6
_MEANS = (0.485, 0.456, 0.406)
_DEVIATIONS = (0.229, 0.224, 0.225)


def add_convnext(graph: Graph, name: str, stages: Sequence[tuple[int, int]]) -> None:
    """Append ConvNeXt.

    Args:
        name: of the application, the start of all names.
        stages: number of blocks and of channels of each stage.
    """
    means = tuple(255 * mean for mean in _MEANS)
    variances = tuple((255 * deviation) ** 2 for deviation in _DEVIATIONS)
    graph.chain([scale_to_bytes(), Normalization(means, variances, f"{name}_prestem_normalization")])
    for stage, (count, channels) in enumerate(stages):
        if stage == 0:
            graph.add(Conv(channels, 4, "valid", "linear", 4, name=f"{name}_stem_conv"))
            graph.add(LayerNormalization(_EPSILON, f"{name}_stem_layernorm"))
        else:
            graph.add(LayerNormalization(_EPSILON, f"{name}_downsampling_layernorm_{stage - 1}"))
            graph.add(Conv(channels, 2, "valid", "linear", 2, name=f"{name}_downsampling_conv_{stage - 1}"))
        for block in range(count):
            _add_block(graph, channels, f"{name}_stage_{stage}_block_{block}")
    graph.add(LayerNormalization(_EPSILON))


def _add_block(graph: Graph, channels: int, name: str) -> None:
    shortcut = graph.last
    graph.add(DepthwiseConv(7, "same", use_bias=True, name=f"{name}_depthwise_conv"))
    graph.add(LayerNormalization(_EPSILON, f"{name}_layernorm"))
    graph.add(Dense(4 * channels, name=f"{name}_pointwise_conv_1"))
    graph.add(Activation("gelu", f"{name}_gelu"))
    graph.add(Dense(channels, name=f"{name}_pointwise_conv_2"))
    graph.add(LayerScale(1e-6, channels, f"{name}_layer_scale"))
    last = graph.add(Activation("linear", f"{name}_identity"))
    graph.add(Add(), shortcut, last)
