"""Inception-v3 (Szegedy et al. 2016): blocks of parallel convolutions of several sizes.

Source of names and numbers: keras/src/applications/inception_v3.py.
"""

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import scale_to_unit
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv
from core.architecture.merge import Concatenate
from core.architecture.pooling import LocalPooling

Kernel = tuple[int, int, int]
"""Filters, height and width of a convolution."""


def add_inception_v3(graph: Graph) -> None:
    """Append Inception-v3."""
    graph.add(scale_to_unit())
    _convolve(graph, (32, 3, 3), 2, "valid")
    _convolve(graph, (32, 3, 3), padding="valid")
    _convolve(graph, (64, 3, 3))
    graph.add(LocalPooling(3, 2))
    _convolve(graph, (80, 1, 1), padding="valid")
    _convolve(graph, (192, 3, 3), padding="valid")
    graph.add(LocalPooling(3, 2))
    for number, filters in enumerate((32, 64, 64)):
        five, double = ((48, 1, 1), (64, 5, 5)), ((64, 1, 1), (96, 3, 3), (96, 3, 3))
        _add_block(graph, f"mixed{number}", (((64, 1, 1),), five, double), filters)
    _add_reduction(graph, "mixed3", (((384, 3, 3),), ((64, 1, 1), (96, 3, 3), (96, 3, 3))))
    for number, width in enumerate((128, 160, 160, 192), 4):
        one = ((width, 1, 1), (width, 1, 7), (192, 7, 1))
        two = ((width, 1, 1), (width, 7, 1), (width, 1, 7), (width, 7, 1), (192, 1, 7))
        _add_block(graph, f"mixed{number}", (((192, 1, 1),), one, two), 192)
    _add_reduction(graph, "mixed8", (((192, 1, 1), (320, 3, 3)), ((192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3))))
    for number in range(2):
        _add_wide_block(graph, number)


def _convolve(graph: Graph, kernel: Kernel, stride: int = 1, padding: str = "same", source: str = "") -> str:
    filters, height, width = kernel
    size = height if height == width else (height, width)
    convolution = Conv(filters, size, padding, "linear", stride, use_bias=False)
    return graph.chain([convolution, BatchNormalization(scale=False), Activation("relu")], *filter(None, [source]))


def _add_branch(graph: Graph, kernels: tuple[Kernel, ...], source: str, *, halve: bool = False) -> str:
    for index, kernel in enumerate(kernels):
        last = halve and index == len(kernels) - 1
        source = _convolve(graph, kernel, 2 if last else 1, "valid" if last else "same", source)
    return source


def _add_pooled(graph: Graph, filters: int, source: str) -> str:
    graph.add(LocalPooling(3, 1, "same", "average"), source)
    return _convolve(graph, (filters, 1, 1))


def _add_block(graph: Graph, name: str, branches: tuple[tuple[Kernel, ...], ...], pooled: int) -> None:
    source = graph.last
    outputs = [_add_branch(graph, branch, source) for branch in branches]
    graph.add(Concatenate(name), *outputs, _add_pooled(graph, pooled, source))


def _add_reduction(graph: Graph, name: str, branches: tuple[tuple[Kernel, ...], ...]) -> None:
    source = graph.last
    outputs = [_add_branch(graph, branch, source, halve=True) for branch in branches]
    graph.add(Concatenate(name), *outputs, graph.add(LocalPooling(3, 2), source))


def _add_wide_block(graph: Graph, number: int) -> None:
    source = graph.last
    one = _convolve(graph, (320, 1, 1), source=source)
    pairs = []
    for kernels, name in ((((384, 1, 1),), f"mixed9_{number}"), (((448, 1, 1), (384, 3, 3)), "")):
        stem = _add_branch(graph, kernels, source)
        parts = [_convolve(graph, (384, *size), source=stem) for size in ((1, 3), (3, 1))]
        pairs.append(graph.add(Concatenate(name), *parts))
    graph.add(Concatenate(f"mixed{9 + number}"), one, *pairs, _add_pooled(graph, 192, source))
