"""DenseNet (Huang et al. 2017): each block appends its maps to those of all blocks before it.

Source of names and numbers: keras/src/applications/densenet.py.
"""

from collections.abc import Sequence

from core.architecture.elementwise import Activation
from core.architecture.families.preprocessing import standardize
from core.architecture.families.resnet import EPSILON, pad
from core.architecture.graph import Graph
from core.architecture.layers import BatchNormalization, Conv, Layer
from core.architecture.merge import Concatenate
from core.architecture.pooling import LocalPooling

_GROWTH = 32


def add_densenet(graph: Graph, blocks: Sequence[int]) -> None:
    """Append DenseNet with this number of blocks in each stage; a transition halves sides and channels."""
    graph.chain([standardize(), pad("", 3), Conv(64, 7, "valid", "linear", 2, use_bias=False, name="conv1_conv")])
    graph.chain(_normalize("conv1_bn", "conv1_relu"))
    graph.chain([pad(""), LocalPooling(3, 2, name="pool1")])
    channels = 64
    for number, count in enumerate(blocks, 2):
        for block in range(1, count + 1):
            _add_block(graph, f"conv{number}_block{block}")
        channels += count * _GROWTH
        if number < len(blocks) + 1:
            channels //= 2
            graph.chain(_normalize(f"pool{number}_bn", f"pool{number}_relu"))
            graph.add(Conv(channels, 1, "valid", "linear", use_bias=False, name=f"pool{number}_conv"))
            graph.add(LocalPooling(2, 2, reduce="average", name=f"pool{number}_pool"))
    graph.chain(_normalize("bn", "relu"))


def _add_block(graph: Graph, name: str) -> None:
    before = graph.last
    graph.chain(_normalize(f"{name}_0_bn", f"{name}_0_relu"))
    graph.add(Conv(4 * _GROWTH, 1, "valid", "linear", use_bias=False, name=f"{name}_1_conv"))
    graph.chain(_normalize(f"{name}_1_bn", f"{name}_1_relu"))
    last = graph.add(Conv(_GROWTH, 3, "same", "linear", use_bias=False, name=f"{name}_2_conv"))
    graph.add(Concatenate(f"{name}_concat"), before, last)


def _normalize(name: str, activation: str) -> list[Layer]:
    return [BatchNormalization(name, EPSILON), Activation("relu", activation)]
