"""Graphs of layers: inputs by name, merges, and every record with its shape, parameters and FLOPs worked by hand."""

import pytest

from core.architecture.elementwise import (
    Activation,
    ActivationLayer,
    GroupNormalization,
    LayerNormalization,
    LayerScale,
    Normalization,
    PReLU,
    TrainingOnly,
)
from core.architecture.graph import INPUT, Graph, LayerNames, LayerWalk, Node
from core.architecture.layers import BatchNormalization, Conv, Dense, DepthwiseConv, Layer, Shape
from core.architecture.merge import Add, Average, Concatenate, Maximum, Multiply, Subtract
from core.architecture.pooling import GlobalPooling, LocalPooling
from core.architecture.spatial import (
    ConvTranspose,
    Cropping,
    Permute,
    RepeatVector,
    Reshape,
    Resizing,
    SeparableConv,
    StridePadding,
    UpSampling,
    ZeroPadding,
)
from core.errors import SpecError


@pytest.mark.parametrize(
    ("layer", "shape", "after", "params", "flops"),
    [
        (Conv(2, (1, 3)), (5, 5, 1), (5, 3, 2), (8, 0), 30 * 7),
        (Conv(2, 3, strides=(2, 1)), (5, 5, 1), (2, 3, 2), (20, 0), 12 * 19),
        (Conv(2, 3, dilation_rate=2), (7, 7, 1), (3, 3, 2), (20, 0), 18 * 19),
        (Conv(4, 3, groups=2), (5, 5, 6), (3, 3, 4), (4 * 28, 0), 36 * 55),
        (Conv(2, 3, "causal"), (9, 1), (9, 2), (8, 0), 18 * 7),
        (DepthwiseConv(3, depth_multiplier=2, use_bias=True), (4, 4, 3), (4, 4, 6), (60, 0), 96 * 19),
        (SeparableConv(4, 3), (5, 5, 2), (3, 3, 4), (9 * 2 + 2 * 4 + 4, 0), 9 * (2 * 18 + 4 * 5)),
        (ConvTranspose(2, 3, "same", 2), (4, 4, 3), (8, 8, 2), (56, 0), 2 * 16 * 27 * 2 + 128),
        (ConvTranspose(2, 3, "valid", 2), (4, 4, 3), (9, 9, 2), (56, 0), 2 * 16 * 27 * 2 + 162),
        (ConvTranspose(2, 3, "same", 2, output_padding=1), (4, 4, 3), (8, 8, 2), (56, 0), 2 * 16 * 27 * 2 + 128),
        (ZeroPadding(((1, 2), (0, 3))), (4, 4, 2), (7, 7, 2), (0, 0), 0),
        (StridePadding(), (4, 5, 2), (5, 7, 2), (0, 0), 0),
        (StridePadding(kernel_size=5), (4, 5, 2), (7, 9, 2), (0, 0), 0),
        (Cropping(((1, 0), (2, 1))), (4, 6, 2), (3, 3, 2), (0, 0), 0),
        (UpSampling((2, 3)), (4, 4, 2), (8, 12, 2), (0, 0), 0),
        (Resizing(8, 9), (4, 4, 2), (8, 9, 2), (0, 0), 0),
        (Reshape((-1, 4)), (4, 4, 2), (8, 4), (0, 0), 0),
        (Permute((3, 1, 2)), (4, 5, 2), (2, 4, 5), (0, 0), 0),
        (RepeatVector(3), (5,), (3, 5), (0, 0), 0),
        (LocalPooling((2, 3), (2, 1)), (4, 5, 2), (2, 3, 2), (0, 0), 12 * 6),
        (GlobalPooling(keepdims=True), (3, 3, 2), (1, 1, 2), (0, 0), 18),
        (Dense(3, use_bias=False), (4, 4, 2), (4, 4, 3), (6, 0), 48 * 4),
        (BatchNormalization(scale=False), (4, 4, 2), (4, 4, 2), (2, 4), 64),
        (LayerNormalization(), (4, 4, 2), (4, 4, 2), (4, 0), 160),
        (GroupNormalization(groups=2), (4, 4, 4), (4, 4, 4), (8, 0), 320),
        (Normalization(), (4, 4, 3), (4, 4, 3), (0, 7), 96),
        (Normalization((0.5,) * 3, (1.0,) * 3), (4, 4, 3), (4, 4, 3), (0, 0), 96),
        (LayerScale(1e-6, 3), (4, 4, 3), (4, 4, 3), (3, 0), 48),
        (PReLU((1, 2)), (4, 4, 3), (4, 4, 3), (3, 0), 0),
        (Activation("hard_swish"), (4, 4, 3), (4, 4, 3), (0, 0), 0),
        (ActivationLayer("LeakyReLU", 0.3), (4, 4, 3), (4, 4, 3), (0, 0), 0),
        (TrainingOnly("GaussianNoise"), (4, 4, 3), (4, 4, 3), (0, 0), 0),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "keras_type") else "",
)
def test_layer_equals_the_hand_worked_example(
    layer: Layer, shape: Shape, after: Shape, params: tuple[int, int], flops: int
) -> None:
    assert (layer.output_shape(shape), layer.params(shape), layer.flops(shape)) == (after, params, flops)


def test_merges_equal_the_hand_worked_examples() -> None:
    maps, vector = (4, 4, 3), (1, 1, 3)
    for merge, shapes, after, flops in (
        (Add(), [maps] * 3, maps, 96),
        (Multiply(), [maps, vector], maps, 48),
        (Average(), [maps] * 2, maps, 48),
        (Maximum(), [maps] * 2, maps, 48),
        (Subtract(), [maps] * 2, maps, 48),
        (Concatenate(), [maps, (4, 4, 5)], (4, 4, 8), 0),
        (Concatenate(axis=0), [maps, (2, 4, 3)], (6, 4, 3), 0),
    ):
        assert (merge.output_shape(*shapes), merge.flops(*shapes)) == (after, flops)
    for merge, shapes in (
        (Add(), [maps, (4, 4, 2)]),
        (Add(), [maps, (4, 3)]),
        (Concatenate(), [maps, (5, 4, 3)]),
        (Concatenate(axis=5), [maps, maps]),
    ):
        with pytest.raises(SpecError, match="Expected inputs"):
            merge.output_shape(*shapes)


def test_nodes_read_the_layers_that_they_name() -> None:
    graph = Graph()
    start = graph.add(Conv(4, padding="same"))
    graph.chain([Conv(4, padding="same"), BatchNormalization()])
    total = graph.add(Add(), start, graph.last)
    graph.add(GlobalPooling(name="pool", keepdims=True))
    graph.add(Multiply(), total, "pool")
    walk = LayerWalk({INPUT: (8, 8, 3)})
    for item in graph.items:
        walk.add(item, "backbone")
    assert [(row.name, row.inputs) for row in walk.rows] == [
        ("conv2d", (INPUT,)),
        ("conv2d_1", ("conv2d",)),
        ("batch_normalization", ("conv2d_1",)),
        ("add", ("conv2d", "batch_normalization")),
        ("pool", ("add",)),
        ("multiply", ("add", "pool")),
    ]
    assert walk.rows[-1].output_shape == (8, 8, 4)
    assert sum(row.params for row in walk.rows) == 112 + 148 + 16


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (Node(Add("sum"), ("missing", INPUT)), "Expected the inputs of layer 'sum' before it; got 'missing'."),
        (Node(Add("sum"), (INPUT,)), r"Expected at least 2 input\(s\) of layer 'sum'; got 1."),
        (Node(Conv(2, name="c"), (INPUT, INPUT)), r"Expected 1 input\(s\) of layer 'c'; got 2."),
        (Node(Conv(2, name=INPUT), (INPUT,)), "got two layers named 'input'"),
    ],
)
def test_graph_that_does_not_fit_is_rejected(item: Node, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        LayerWalk({INPUT: (8, 8, 3)}).add(item, "backbone")


def test_layers_are_numbered_as_in_keras() -> None:
    names = LayerNames()
    names.reserve("add_1")
    kinds = ["ReLU", "ReLU", "Add", "Add", "Conv2DTranspose", "DepthwiseConv2D", "BatchNormalization", "PReLU"]
    assert [names.number(kind) for kind in kinds] == [
        "re_lu", "re_lu_1", "add", "add_2", "conv2d_transpose", "depthwise_conv2d", "batch_normalization", "p_re_lu",
    ]  # fmt: skip
