"""Inverted residual blocks of MobileNetV2 (Sandler et al. 2018) and MobileNetV3 (Howard et al. 2019).

A 1×1 convolution expands the channels, a depthwise convolution filters them, and a 1×1 convolution without an
activation reduces them. Source of names and numbers: keras/src/applications/mobilenet_v2.py and mobilenet_v3.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import scale_to_bytes, scale_to_unit
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv, DepthwiseConv, Layer, ReLU, Rescaling
from core.architecture.merge import Add, Multiply
from core.architecture.pooling import GlobalPooling
from core.architecture.spatial import StridePadding


def round_filters(filters: float) -> int:
    """Return the multiple of 8 next to a number, not more than 10% below it.

    >>> round_filters(18), round_filters(10.8)
    (24, 16)
    """
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


def pointwise(filters: int, name: str, norm: str) -> list[Layer]:
    """Return a 1×1 convolution without bias and a batch normalization."""
    return [
        Conv(filters, 1, "same", "linear", use_bias=False, name=name),
        BatchNormalization(name=norm, momentum=0.999),
    ]


def add_mobilenet_v2(graph: Graph, blocks: Sequence[tuple[int, int, int]]) -> None:
    """Append MobileNetV2.

    Args:
        blocks: filters, stride and expansion factor of each block.
    """
    graph.add(scale_to_unit())
    graph.add(Conv(32, 3, "same", "linear", 2, use_bias=False, name="Conv1"))
    graph.chain([BatchNormalization(name="bn_Conv1", momentum=0.999), ReLU(6.0, "Conv1_relu")])
    channels = 32
    for number, (filters, stride, expansion) in enumerate(blocks):
        prefix = f"block_{number}_" if number else "expanded_conv_"
        shortcut = graph.last
        if number:
            graph.chain(pointwise(expansion * channels, f"{prefix}expand", f"{prefix}expand_BN"))
            graph.add(ReLU(6.0, f"{prefix}expand_relu"))
        if stride > 1:
            graph.add(StridePadding(name=f"{prefix}pad"))
        graph.add(DepthwiseConv(3, "same" if stride == 1 else "valid", stride, name=f"{prefix}depthwise"))
        graph.add(BatchNormalization(name=f"{prefix}depthwise_BN", momentum=0.999))
        graph.add(ReLU(6.0, f"{prefix}depthwise_relu"))
        last = graph.chain(pointwise(filters, f"{prefix}project", f"{prefix}project_BN"))
        if channels == filters and stride == 1:
            graph.add(Add(f"{prefix}add"), shortcut, last)
        channels = filters
    graph.add(Conv(1280, 1, "valid", "linear", use_bias=False, name="Conv_1"))
    graph.chain([BatchNormalization(name="Conv_1_bn", momentum=0.999), ReLU(6.0, "out_relu")])


@dataclass(frozen=True)
class MobileBlock:
    """Block of MobileNetV3; `squeeze` adds squeeze-and-excitation, `hard` selects hard swish instead of ReLU."""

    expansion: float
    filters: int
    kernel_size: int
    stride: int
    squeeze: bool
    hard: bool


def add_mobilenet_v3(graph: Graph, blocks: Sequence[MobileBlock]) -> None:
    """Append MobileNetV3 with its own preprocessing."""
    graph.chain([scale_to_bytes(), Rescaling(1 / 127.5, -1.0)])
    graph.add(Conv(16, 3, "same", "linear", 2, use_bias=False, name="conv"))
    graph.chain([BatchNormalization(name="conv_bn", momentum=0.999), _activate(hard=True)])
    channels = 16
    for number, block in enumerate(blocks):
        _add_mobile_block(graph, block, channels, f"expanded_conv_{number}_" if number else "expanded_conv_")
        channels = block.filters
    graph.chain(pointwise(round_filters(channels * 6), "conv_1", "conv_1_bn"))
    graph.add(_activate(hard=True))


def _add_mobile_block(graph: Graph, block: MobileBlock, channels: int, prefix: str) -> None:
    shortcut, expanded = graph.last, round_filters(channels * block.expansion)
    if prefix != "expanded_conv_":
        graph.chain(pointwise(expanded, f"{prefix}expand", f"{prefix}expand_bn"))
        graph.add(_activate(hard=block.hard))
    if block.stride > 1:
        graph.add(StridePadding(kernel_size=block.kernel_size, name=f"{prefix}depthwise_pad"))
    padding = "same" if block.stride == 1 else "valid"
    graph.add(DepthwiseConv(block.kernel_size, padding, block.stride, name=f"{prefix}depthwise"))
    graph.add(BatchNormalization(name=f"{prefix}depthwise_bn", momentum=0.999))
    maps = graph.add(_activate(hard=block.hard))
    if block.squeeze:
        name = f"{prefix}squeeze_excite"
        graph.add(GlobalPooling(name=f"{name}_avg_pool", keepdims=True))
        graph.add(Conv(round_filters(expanded * 0.25), 1, "same", "linear", name=f"{name}_conv"))
        graph.add(ReLU(name=f"{name}_relu"))
        graph.add(Conv(expanded, 1, "same", "linear", name=f"{name}_conv_1"))
        scale = graph.add(Activation("hard_sigmoid", f"{name}_sigmoid"))
        graph.add(Multiply(f"{name}_mul"), maps, scale)
    last = graph.chain(pointwise(block.filters, f"{prefix}project", f"{prefix}project_bn"))
    if block.stride == 1 and channels == block.filters:
        graph.add(Add(f"{prefix}add"), shortcut, last)


def _activate(*, hard: bool) -> Layer:
    return Activation("hard_swish") if hard else ReLU()
