"""ResNet (He et al. 2016a) and its pre-activation version V2 (He et al. 2016b): bottleneck blocks with a shortcut.

Source of names and numbers: keras/src/applications/resnet.py.
"""

from collections.abc import Sequence

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import scale_to_unit, subtract_means
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv
from core.architecture.merge import Add
from core.architecture.pooling import LocalPooling
from core.architecture.spatial import ZeroPadding

EPSILON = 1.001e-5

Stages = Sequence[tuple[int, int, int]]
"""Filters, number of blocks and stride of each stage."""


def pad(name: str, width: int = 1) -> ZeroPadding:
    """Return zero padding of images by the same number on each side."""
    return ZeroPadding(((width, width), (width, width)), name)


def add_resnet(graph: Graph, stages: Stages) -> None:
    """Append ResNet, whose blocks end in batch normalization, addition and ReLU."""
    graph.chain([subtract_means(), pad("conv1_pad", 3)])
    _add_convolution(graph, 64, 7, "conv1_conv", strides=2)
    _add_norm(graph, "conv1_bn", "conv1_relu")
    graph.chain([pad("pool1_pad"), LocalPooling(3, 2, name="pool1_pool")])
    for number, (filters, count, stride) in enumerate(stages, 2):
        for block in range(1, count + 1):
            _add_block(graph, filters, stride if block == 1 else 1, f"conv{number}_block{block}", project=block == 1)


def _add_block(graph: Graph, filters: int, stride: int, name: str, *, project: bool) -> None:
    entry = shortcut = graph.last
    if project:
        _add_convolution(graph, 4 * filters, 1, f"{name}_0_conv", strides=stride)
        shortcut = _add_norm(graph, f"{name}_0_bn")
    graph.add(Conv(filters, 1, "valid", "linear", stride, name=f"{name}_1_conv"), entry)
    _add_norm(graph, f"{name}_1_bn", f"{name}_1_relu")
    graph.add(Conv(filters, 3, "same", "linear", name=f"{name}_2_conv"))
    _add_norm(graph, f"{name}_2_bn", f"{name}_2_relu")
    _add_convolution(graph, 4 * filters, 1, f"{name}_3_conv")
    last = _add_norm(graph, f"{name}_3_bn")
    graph.add(Add(f"{name}_add"), shortcut, last)
    graph.add(Activation("relu", f"{name}_out"))


def add_resnet_v2(graph: Graph, stages: Stages) -> None:
    """Append ResNetV2, whose blocks start with batch normalization and ReLU; the stride is that of their last one."""
    graph.chain([scale_to_unit(), pad("conv1_pad", 3)])
    _add_convolution(graph, 64, 7, "conv1_conv", strides=2)
    graph.chain([pad("pool1_pad"), LocalPooling(3, 2, name="pool1_pool")])
    for number, (filters, count, stride) in enumerate(stages, 2):
        for block in range(1, count + 1):
            _add_block_v2(graph, filters, stride if block == count else 1, f"conv{number}_block{block}", block == 1)
    _add_norm(graph, "post_bn", "post_relu")


def _add_block_v2(graph: Graph, filters: int, stride: int, name: str, project: bool) -> None:
    entry = shortcut = graph.last
    active = _add_norm(graph, f"{name}_preact_bn", f"{name}_preact_relu")
    if project:
        shortcut = _add_convolution(graph, 4 * filters, 1, f"{name}_0_conv", strides=stride)
    elif stride > 1:
        shortcut = graph.add(LocalPooling(1, stride), entry)
    graph.add(Conv(filters, 1, "valid", "linear", use_bias=False, name=f"{name}_1_conv"), active)
    _add_norm(graph, f"{name}_1_bn", f"{name}_1_relu")
    graph.add(pad(f"{name}_2_pad"))
    graph.add(Conv(filters, 3, "valid", "linear", stride, use_bias=False, name=f"{name}_2_conv"))
    _add_norm(graph, f"{name}_2_bn", f"{name}_2_relu")
    last = _add_convolution(graph, 4 * filters, 1, f"{name}_3_conv")
    graph.add(Add(f"{name}_out"), shortcut, last)


def _add_convolution(graph: Graph, filters: int, size: int, name: str, strides: int = 1) -> str:
    return graph.add(Conv(filters, size, "valid", "linear", strides, name=name))


def _add_norm(graph: Graph, name: str, activation: str = "") -> str:
    """Append batch normalization, and ReLU if `activation` is its name."""
    graph.add(BatchNormalization(name, EPSILON))
    return graph.add(Activation("relu", activation)) if activation else graph.last
