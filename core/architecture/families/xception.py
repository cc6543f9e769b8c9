"""Xception (Chollet 2017): separable convolutions with residual connections.

Source of names and numbers: keras/src/applications/xception.py.
"""

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import scale_to_unit
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv
from core.architecture.merge import Add
from core.architecture.pooling import LocalPooling
from core.architecture.spatial import SeparableConv

_MIDDLE_BLOCKS = range(5, 13)


def add_xception(graph: Graph) -> None:
    """Append Xception."""
    graph.add(scale_to_unit())
    for number, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        name = f"block1_conv{number}"
        graph.add(Conv(filters, 3, "valid", "linear", stride, use_bias=False, name=name))
        graph.chain([BatchNormalization(f"{name}_bn"), Activation("relu", f"{name}_act")])
    for block, filters in enumerate((128, 256, 728), 2):
        _add_entry_block(graph, f"block{block}", (filters, filters), is_active=block > 2)
    for block in _MIDDLE_BLOCKS:
        shortcut = graph.last
        for number in range(1, 4):
            graph.add(Activation("relu", f"block{block}_sepconv{number}_act"))
            last = _add_separable(graph, 728, f"block{block}_sepconv{number}")
        graph.add(Add(), last, shortcut)
    _add_entry_block(graph, "block13", (728, 1024), is_active=True)
    for number, filters in enumerate((1536, 2048), 1):
        _add_separable(graph, filters, f"block14_sepconv{number}")
        graph.add(Activation("relu", f"block14_sepconv{number}_act"))


def _add_entry_block(graph: Graph, name: str, filters: tuple[int, int], *, is_active: bool) -> None:
    """Append two separable convolutions and a pooling, and a convolution with stride 2 next to them."""
    entry = graph.last
    graph.add(Conv(filters[1], 1, "same", "linear", 2, use_bias=False))
    shortcut = graph.add(BatchNormalization())
    graph.last = entry
    if is_active:
        graph.add(Activation("relu", f"{name}_sepconv1_act"))
    _add_separable(graph, filters[0], f"{name}_sepconv1")
    graph.add(Activation("relu", f"{name}_sepconv2_act"))
    _add_separable(graph, filters[1], f"{name}_sepconv2")
    last = graph.add(LocalPooling(3, 2, "same", name=f"{name}_pool"))
    graph.add(Add(), last, shortcut)


def _add_separable(graph: Graph, filters: int, name: str) -> str:
    graph.add(SeparableConv(filters, 3, "same", use_bias=False, name=name))
    return graph.add(BatchNormalization(f"{name}_bn"))
