"""EfficientNet (Tan & Le 2019) and EfficientNetV2 (Tan & Le 2021): inverted residual blocks with swish.

Source of names and numbers: keras/src/applications/efficientnet.py and efficientnet_v2.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from core.architecture.elementwise import Activation, Normalization
from core.architecture.families.preprocessing import PREPROCESSING, scale_to_bytes
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv, DepthwiseConv, Dropout, Layer, Rescaling
from core.architecture.merge import Add, Multiply
from core.architecture.pooling import GlobalPooling
from core.architecture.spatial import Reshape, StridePadding

_DROP_RATE = 0.2  # of the last block; the first has none
_MEANS = (0.485, 0.456, 0.406)
_DEVIATIONS = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class EfficientStage:
    """Consecutive blocks; `fused` replaces expansion and depthwise convolution by one convolution (V2)."""

    kernel_size: int
    repeats: int
    channels: int
    filters: int
    expansion: int
    stride: int
    squeeze: bool = True
    fused: bool = False


@dataclass(frozen=True)
class _Block:
    stage: EfficientStage
    channels: int
    stride: int
    prefix: str
    drop_rate: float

    @property
    def expanded(self) -> int:
        return self.channels * self.stage.expansion

    @property
    def is_residual(self) -> bool:
        return self.stride == 1 and self.channels == self.stage.filters


def add_efficientnet(graph: Graph, stages: Sequence[EfficientStage]) -> None:
    """Append EfficientNet-B0. Its file contains mean and variance; the last Rescaling corrects how they are used."""
    graph.chain([scale_to_bytes(), Rescaling(1 / 255), Normalization()])
    graph.add(Rescaling(tuple(1 / sqrt(deviation) for deviation in _DEVIATIONS), name=f"{PREPROCESSING}_scale"))
    graph.add(StridePadding(name="stem_conv_pad"))
    graph.chain(_normalized(Conv(32, 3, "valid", "linear", 2, use_bias=False, name="stem_conv"), "stem_"))
    for block in _list_blocks(stages):
        _add_block(graph, block)
    _add_top(graph)


def add_efficientnet_v2(graph: Graph, stages: Sequence[EfficientStage]) -> None:
    """Append EfficientNetV2-B0."""
    variances = tuple(deviation**2 for deviation in _DEVIATIONS)
    graph.chain([scale_to_bytes(), Rescaling(1 / 255), Normalization(_MEANS, variances)])
    graph.chain(_normalized(Conv(32, 3, "same", "linear", 2, use_bias=False, name="stem_conv"), "stem_", 0.9))
    for block in _list_blocks(stages):
        (_add_fused_block if block.stage.fused else _add_block_v2)(graph, block)
    _add_top(graph, 0.9)


def _list_blocks(stages: Sequence[EfficientStage]) -> list[_Block]:
    count, blocks = sum(stage.repeats for stage in stages), list[_Block]()
    for number, stage in enumerate(stages, 1):
        for repeat in range(stage.repeats):
            channels, stride = (stage.filters, 1) if repeat else (stage.channels, stage.stride)
            prefix = f"block{number}{chr(ord('a') + repeat)}_"
            blocks.append(_Block(stage, channels, stride, prefix, _DROP_RATE * len(blocks) / count))
    return blocks


def _normalized(layer: Layer, prefix: str, momentum: float = 0.99) -> list[Layer]:
    """Return a layer followed by batch normalization and swish."""
    return [layer, BatchNormalization(f"{prefix}bn", momentum=momentum), Activation("silu", f"{prefix}activation")]


def _convolve(filters: int, kernel_size: int, name: str, stride: int = 1) -> Conv:
    return Conv(filters, kernel_size, "same", "linear", stride, use_bias=False, name=name)


def _add_block(graph: Graph, block: _Block) -> None:
    shortcut, prefix, size = graph.last, block.prefix, block.stage.kernel_size
    if block.stage.expansion != 1:
        graph.chain(_normalized(_convolve(block.expanded, 1, f"{prefix}expand_conv"), f"{prefix}expand_"))
    if block.stride > 1:
        graph.add(StridePadding(kernel_size=size, name=f"{prefix}dwconv_pad"))
    padding = "same" if block.stride == 1 else "valid"
    graph.chain(_normalized(DepthwiseConv(size, padding, block.stride, name=f"{prefix}dwconv"), prefix))
    _add_squeeze(graph, block)
    _add_output(graph, block, shortcut)


def _add_block_v2(graph: Graph, block: _Block) -> None:
    shortcut, prefix, size = graph.last, block.prefix, block.stage.kernel_size
    graph.chain(_normalized(_convolve(block.expanded, 1, f"{prefix}expand_conv"), f"{prefix}expand_", 0.9))
    graph.chain(_normalized(DepthwiseConv(size, "same", block.stride, name=f"{prefix}dwconv2"), prefix, 0.9))
    _add_squeeze(graph, block)
    _add_output(graph, block, shortcut, momentum=0.9)


def _add_fused_block(graph: Graph, block: _Block) -> None:
    shortcut, prefix, size = graph.last, block.prefix, block.stage.kernel_size
    if block.stage.expansion == 1:
        _add_output(graph, block, shortcut, size, 0.9)
        return
    convolution = _convolve(block.expanded, size, f"{prefix}expand_conv", block.stride)
    graph.chain(_normalized(convolution, f"{prefix}expand_", 0.9))
    _add_output(graph, block, shortcut, momentum=0.9)


def _add_squeeze(graph: Graph, block: _Block) -> None:
    """Append squeeze-and-excitation: a factor per channel from the mean of all channels."""
    if not block.stage.squeeze:
        return
    maps, prefix = graph.last, block.prefix
    graph.add(GlobalPooling(name=f"{prefix}se_squeeze"))
    graph.add(Reshape((1, 1, block.expanded), f"{prefix}se_reshape"))
    graph.add(Conv(max(1, block.channels // 4), 1, "same", "silu", name=f"{prefix}se_reduce"))
    scale = graph.add(Conv(block.expanded, 1, "same", "sigmoid", name=f"{prefix}se_expand"))
    graph.add(Multiply(f"{prefix}se_excite"), maps, scale)


def _add_output(graph: Graph, block: _Block, shortcut: str, kernel_size: int = 1, momentum: float = 0.99) -> None:
    prefix = block.prefix
    stride = block.stride if kernel_size > 1 else 1
    graph.add(_convolve(block.stage.filters, kernel_size, f"{prefix}project_conv", stride))
    last = graph.add(BatchNormalization(f"{prefix}project_bn", momentum=momentum))
    if kernel_size > 1:
        last = graph.add(Activation("silu", f"{prefix}project_activation"))
    if block.is_residual:
        if block.drop_rate:
            last = graph.add(Dropout(block.drop_rate, f"{prefix}drop", (None, 1, 1, 1)))
        graph.add(Add(f"{prefix}add"), last, shortcut)


def _add_top(graph: Graph, momentum: float = 0.99) -> None:
    graph.chain(_normalized(_convolve(1280, 1, "top_conv"), "top_", momentum))
