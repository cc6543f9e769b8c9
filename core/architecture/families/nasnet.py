"""NASNet-A (Zoph et al. 2018, figure 4): cells that read the outputs of the two cells before them.

Source of names and numbers: keras/src/applications/nasnet.py.
"""

from dataclasses import dataclass

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import scale_to_unit
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv
from core.architecture.merge import Add, Concatenate
from core.architecture.pooling import LocalPooling, Reduction
from core.architecture.spatial import Cropping, SeparableConv, StridePadding, ZeroPadding

_MOMENTUM = 0.9997


@dataclass(frozen=True)
class _Maps:
    """Feature maps: the name of their layer, the number of times that their sides were halved, and their channels."""

    name: str
    halvings: int
    channels: int


def add_nasnet(graph: Graph, filters: int, blocks: int, stem_filters: int) -> None:
    """Append NASNet-A with three stages of `blocks` normal cells; `filters` are those of the first stage."""
    graph.chain([scale_to_unit(), Conv(stem_filters, 3, "valid", "linear", 2, use_bias=False, name="stem_conv1")])
    maps = _Maps(graph.add(_norm("stem_bn1")), 0, stem_filters)
    before: _Maps | None = None
    maps, before = _add_reduction_cell(graph, maps, before, filters // 4, "stem_1")
    maps, before = _add_reduction_cell(graph, maps, before, filters // 2, "stem_2")
    for stage in range(3):
        if stage:
            maps, before = _add_reduction_cell(graph, maps, before, filters * 2**stage, f"reduce_{stage * blocks}")
        first = stage * (blocks + 1) if stage < 2 else 2 * blocks + 1
        for block in range(blocks):
            maps, before = _add_normal_cell(graph, maps, before, filters * 2**stage, str(first + block))
    graph.add(Activation("relu"), maps.name)


def _norm(name: str) -> BatchNormalization:
    return BatchNormalization(name, momentum=_MOMENTUM)


def _add_convolution(graph: Graph, filters: int, name: str, norm: str, source: str) -> str:
    """Append ReLU, a 1×1 convolution and batch normalization."""
    convolution = Conv(filters, 1, "same", "linear", use_bias=False, name=name)
    return graph.chain([Activation("relu"), convolution, _norm(norm)], source)


def _add_separable(graph: Graph, source: str, filters: int, size: int, block: str, stride: int = 1) -> str:
    """Append ReLU, separable convolution and batch normalization twice; the first may have a stride."""
    graph.add(Activation("relu"), source)
    if stride > 1:
        graph.add(StridePadding(kernel_size=size, name=f"separable_conv_1_pad_{block}"))
    for number, padding in ((1, "valid" if stride > 1 else "same"), (2, "same")):
        if number == 2:
            graph.add(Activation("relu"))
        strides = stride if number == 1 else 1
        name = f"separable_conv_{number}_{block}"
        graph.add(SeparableConv(filters, size, padding, strides, use_bias=False, name=name))
        last = graph.add(_norm(f"separable_conv_{number}_bn_{block}"))
    return last


def _adjust(graph: Graph, before: _Maps | None, maps: _Maps, filters: int, block: str) -> str:
    """Append what gives the output of the cell before the last one the sides of the last one and `filters` channels."""
    if before is None:
        return maps.name
    if before.halvings != maps.halvings:
        return _add_halving(graph, before.name, filters, block)
    if before.channels != filters:
        name = f"adjust_conv_projection_{block}"
        return _add_convolution(graph, filters, name, f"adjust_bn_{block}", before.name)
    return before.name


def _add_halving(graph: Graph, source: str, filters: int, block: str) -> str:
    """Append two poolings of every second pixel, one of them shifted by a pixel, and join them."""
    active, parts = graph.add(Activation("relu", f"adjust_relu_1_{block}"), source), []
    for number in (1, 2):
        graph.last = active
        if number == 2:
            graph.chain([ZeroPadding(((0, 1), (0, 1))), Cropping(((1, 0), (1, 0)))])
        graph.add(LocalPooling(1, 2, reduce="average", name=f"adjust_avg_pool_{number}_{block}"))
        convolution = Conv(filters // 2, 1, "same", "linear", use_bias=False, name=f"adjust_conv_{number}_{block}")
        parts.append(graph.add(convolution))
    graph.add(Concatenate(), *parts)
    return graph.add(_norm(f"adjust_bn_{block}"))


def _pool(graph: Graph, source: str, name: str) -> str:
    return graph.add(LocalPooling(3, 1, "same", "average", name=name), source)


def _add_normal_cell(graph: Graph, maps: _Maps, before: _Maps | None, filters: int, block: str) -> tuple[_Maps, _Maps]:
    p = _adjust(graph, before, maps, filters, block)
    h = _add_convolution(graph, filters, f"normal_conv_1_{block}", f"normal_bn_1_{block}", maps.name)

    def separable(source: str, size: int, spot: str) -> str:
        return _add_separable(graph, source, filters, size, f"normal_{spot}_{block}")

    def join(number: int, *sources: str) -> str:
        return graph.add(Add(f"normal_add_{number}_{block}"), *sources)

    outputs = [
        p,
        join(1, separable(h, 5, "left1"), separable(p, 3, "right1")),
        join(2, separable(p, 5, "left2"), separable(p, 3, "right2")),
        join(3, _pool(graph, h, f"normal_left3_{block}"), p),
        join(4, _pool(graph, p, f"normal_left4_{block}"), _pool(graph, p, f"normal_right4_{block}")),
        join(5, separable(h, 3, "left5"), h),
    ]
    name = graph.add(Concatenate(f"normal_concat_{block}"), *outputs)
    return _Maps(name, maps.halvings, 6 * filters), maps


def _add_reduction_cell(
    graph: Graph, maps: _Maps, before: _Maps | None, filters: int, block: str
) -> tuple[_Maps, _Maps]:
    p = _adjust(graph, before, maps, filters, block)
    h = _add_convolution(graph, filters, f"reduction_conv_1_{block}", f"reduction_bn_1_{block}", maps.name)
    padded = graph.add(StridePadding(name=f"reduction_pad_1_{block}"), h)

    def separable(source: str, size: int, spot: str, stride: int = 2) -> str:
        return _add_separable(graph, source, filters, size, f"reduction_{spot}_{block}", stride)

    def halve(spot: str, reduce: Reduction) -> str:
        return graph.add(LocalPooling(3, 2, reduce=reduce, name=f"reduction_{spot}_{block}"), padded)

    left, right = separable(h, 5, "left1"), separable(p, 7, "right1")
    one = graph.add(Add(f"reduction_add_1_{block}"), left, right)
    two = graph.add(Add(f"reduction_add_2_{block}"), halve("left2", "max"), separable(p, 7, "right2"))
    three = graph.add(Add(f"reduction_add3_{block}"), halve("left3", "average"), separable(p, 5, "right3"))
    four = graph.add(Add(), two, _pool(graph, one, f"reduction_left4_{block}"))
    five = graph.add(Add(f"reduction_add4_{block}"), separable(one, 3, "left4", 1), halve("right5", "max"))
    name = graph.add(Concatenate(f"reduction_concat_{block}"), two, three, four, five)
    return _Maps(name, maps.halvings + 1, 4 * filters), maps
