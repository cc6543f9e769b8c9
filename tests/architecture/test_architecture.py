"""Architectures as data: exact published tables of kmnist-heads, shapes, parameters and FLOPs in closed form,
registries.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.architecture.model as model_module
from core.architecture.layers import (
    BatchNormalization,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    Identity,
    Layer,
    ReLU,
    Rescaling,
    Shape,
    Sigmoid,
    Softmax,
)
from core.architecture.model import Model, compute_model
from core.architecture.pooling import GlobalPooling, LocalPooling
from core.architecture.spatial import ZeroPadding
from core.architecture.stage import split_stages
from core.architecture.step import list_steps
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, SETTINGS, RunSpec

IMAGE = (28, 28, 1)
BACKBONE_ROWS = [
    ("conv2d", "Conv2D", (26, 26, 32), 320),
    ("max_pooling2d", "MaxPooling2D", (13, 13, 32), 0),
    ("dropout", "Dropout", (13, 13, 32), 0),
    ("conv2d_1", "Conv2D", (11, 11, 64), 18_496),
    ("max_pooling2d_1", "MaxPooling2D", (5, 5, 64), 0),
    ("dropout_1", "Dropout", (5, 5, 64), 0),
]
HEAD_ROWS = {
    "gap": [
        ("class_maps", "Conv2D", (5, 5, 10), 5_770),
        ("global_average_pooling2d", "GlobalAveragePooling2D", (10,), 0),
        ("softmax", "Softmax", (10,), 0),
    ],
    "dense": [
        ("flatten", "Flatten", (1600,), 0),
        ("dense", "Dense", (256,), 409_856),
        ("dense_1", "Dense", (10,), 2_570),
        ("softmax", "Softmax", (10,), 0),
    ],
}
TOTALS = {"gap": 24_586, "dense": 431_242}

heads = pytest.mark.parametrize("name", list(HEADS))
backbones = pytest.mark.parametrize("name", list(BACKBONES))


def compute(head: str, shape: Shape = IMAGE, classes: int = 10, **settings: object) -> Model:
    return compute_model(RunSpec().replace(head=head, **settings), shape, classes)


@pytest.mark.parametrize("head", HEAD_ROWS)
def test_kmnist_heads_layers_have_the_published_shapes_and_parameters(head: str) -> None:
    rows = compute(head).rows
    assert [(row.name, row.type, row.output_shape, row.params) for row in rows] == BACKBONE_ROWS + HEAD_ROWS[head]
    assert [row.part for row in rows] == ["backbone"] * 6 + ["head"] * len(HEAD_ROWS[head])
    assert all(row.non_trainable == 0 for row in rows)


@pytest.mark.parametrize("head", TOTALS)
def test_kmnist_heads_models_have_the_published_totals(head: str) -> None:
    model = compute(head)
    assert (model.params, model.trainable, model.non_trainable) == (TOTALS[head], TOTALS[head], 0)


def test_map_layer_is_the_class_maps_of_gap_or_the_last_layer_of_the_backbone() -> None:
    assert compute("gap").maps_layer == "class_maps"
    assert compute("dense").maps_layer == "dropout_1"


@pytest.mark.parametrize(
    ("layer", "shape", "after", "params", "flops"),
    [
        # 3×3×2 outputs, each 9 multiply-adds and a bias; then a maximum over 4, a sum over 9, 2 inputs to 3 units.
        (Conv(2), (5, 5, 1), (3, 3, 2), (20, 0), 18 * 19),
        (Conv(2, padding="same"), (5, 5, 3), (5, 5, 2), (56, 0), 50 * 55),
        (Conv(4, kernel_size=5, padding="same", strides=2), (7, 7, 1), (4, 4, 4), (104, 0), 64 * 51),
        (Conv(4), (10, 2), (8, 4), (28, 0), 32 * 13),
        (Conv(4), (5, 5, 5, 1), (3, 3, 3, 4), (112, 0), 108 * 55),
        (Conv(2, use_bias=False), (5, 5, 1), (3, 3, 2), (18, 0), 18 * 18),
        (DepthwiseConv(), (4, 4, 3), (4, 4, 3), (27, 0), 48 * 18),
        (DepthwiseConv(3, "valid", 2), (5, 5, 3), (2, 2, 3), (27, 0), 12 * 18),
        (ZeroPadding(), (4, 4, 2), (5, 5, 2), (0, 0), 0),
        (ReLU(6.0), (4, 4, 2), (4, 4, 2), (0, 0), 0),
        (Rescaling(2.0, -1.0), (4, 4, 3), (4, 4, 3), (0, 0), 96),
        (Sigmoid(), (1,), (1,), (0, 0), 0),
        (LocalPooling(), (5, 5, 2), (2, 2, 2), (0, 0), 8 * 4),
        (LocalPooling(3), (9, 2), (3, 2), (0, 0), 6 * 3),
        (LocalPooling(3, 2), (9, 9, 2), (4, 4, 2), (0, 0), 32 * 9),
        (LocalPooling(3, 2, "same", "average"), (9, 9, 2), (5, 5, 2), (0, 0), 50 * 9),
        (LocalPooling(2, padding="same"), (5, 5, 2), (3, 3, 2), (0, 0), 18 * 4),
        (Identity(), (5, 5, 2), (5, 5, 2), (0, 0), 0),
        (GlobalPooling(), (3, 3, 2), (2,), (0, 0), 18),
        (GlobalPooling("max"), (3, 3, 3, 2), (2,), (0, 0), 54),
        (Flatten(), (3, 3, 2), (18,), (0, 0), 0),
        (Dense(3), (2,), (3,), (9, 0), 15),
        (Dropout(0.5), (4, 4, 2), (4, 4, 2), (0, 0), 0),
        (Softmax(), (10,), (10,), (0, 0), 0),
        (BatchNormalization(), (4, 4, 2), (4, 4, 2), (4, 4), 64),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "keras_type") else "",
)
def test_layer_matches_the_hand_worked_example(
    layer: Layer, shape: Shape, after: Shape, params: tuple[int, int], flops: int
) -> None:
    assert (layer.output_shape(shape), layer.params(shape), layer.flops(shape)) == (after, params, flops)


@pytest.mark.parametrize(
    ("layer", "shape", "name"),
    [
        (Conv(1), (9, 1), "Conv1D"),
        (Conv(1), (9, 9, 9, 1), "Conv3D"),
        (LocalPooling(), (9, 1), "MaxPooling1D"),
        (LocalPooling(reduce="average"), (9, 9, 9, 1), "AveragePooling3D"),
        (GlobalPooling("max"), (9, 9, 9, 1), "GlobalMaxPooling3D"),
        (GlobalPooling(), (9, 1), "GlobalAveragePooling1D"),
    ],
)
def test_rank_follows_from_the_input(layer: Layer, shape: Shape, name: str) -> None:
    assert layer.keras_type(shape) == name


@given(side=st.integers(1, 60), kernel=st.integers(1, 7), stride=st.integers(1, 4), same=st.booleans())
def test_convolution_has_as_many_positions_as_windows_fit(side: int, kernel: int, stride: int, same: bool) -> None:
    layer = Conv(1, kernel, "same" if same else "valid", strides=stride)
    starts = range(0, side, stride) if same else range(0, side - kernel + 1, stride)
    if len(starts):
        assert layer.output_shape((side, 1)) == (len(starts), 1)
    else:
        with pytest.raises(SpecError, match=f"at least {kernel} pixels per side before a convolution"):
            layer.output_shape((side, 1))


def test_flops_of_a_model_are_the_sum_of_its_rows() -> None:
    model = compute("gap", (4, 4, 1), 2, blocks=1, filters=1)
    # convolution 4 × 19, pooling 4, class maps 2 × 19, global pooling 2
    assert [row.flops for row in model.rows] == [76, 4, 0, 38, 2, 0]
    assert model.flops == 120


def test_too_small_input_is_rejected_with_what_to_do() -> None:
    with pytest.raises(SpecError) as caught:
        compute("gap", blocks=4)
    assert str(caught.value) == (
        "Expected feature maps of at least 3 pixels per side before a convolution with kernel 3; got 1. "
        "Use fewer blocks or images larger than 28 × 28 × 1."
    )


@pytest.mark.parametrize("shape", [(), (0, 28, 1), (28, 28, 0), (28,)])
def test_input_that_is_not_an_image_is_rejected(shape: Shape) -> None:
    with pytest.raises(SpecError, match="Expected"):
        compute("gap", shape)


def test_one_class_is_rejected() -> None:
    with pytest.raises(SpecError, match="Expected at least 2 classes; got 1"):
        compute("gap", classes=1)


def test_frozen_backbone_is_counted_but_not_trained() -> None:
    frozen, trained = (
        compute("gap_dense", (224, 224, 3), 3, backbone="vgg16", frozen=frozen) for frozen in (True, False)
    )
    assert (frozen.params, frozen.trainable) == (14_716_227, 1_539)
    assert (trained.params, trained.trainable) == (14_716_227, 14_716_227)


def test_pretrained_backbone_rejects_grayscale_images() -> None:
    with pytest.raises(SpecError, match="Expected images with 3 channels for mobilenet; got 1"):
        compute("gap_dense", (64, 64, 1), backbone="mobilenet")


def test_binary_loss_has_one_logit_and_two_classes() -> None:
    rows = compute("gap_dense", classes=2, loss="binary").rows
    assert [(row.type, row.output_shape) for row in rows[-2:]] == [("Dense", (1,)), ("Activation", (1,))]
    with pytest.raises(SpecError, match="Expected 2 classes for the binary loss; got 10"):
        compute("gap_dense", loss="binary")


def test_head_without_negative_logits_rejects_the_binary_loss() -> None:
    with pytest.raises(SpecError, match="The head 'gap' cannot use the binary loss"):
        compute("gap", classes=2, loss="binary")


def test_head_that_ends_in_feature_maps_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Dense(3).output_shape((4, 4, 2)) == (4, 4, 3)
    monkeypatch.setattr(model_module, "HEADS", {"gap": replace(HEADS["gap"], layers=lambda *_: [Dense(3)])})
    with pytest.raises(SpecError, match="Expected the head to end in one value per class"):
        compute("gap")


@heads
@pytest.mark.parametrize("classes", [2, 10, 49])
def test_head_ends_in_class_probabilities(name: str, classes: int) -> None:
    last = compute(name, classes=classes).rows[-1]
    assert (last.type, last.output_shape) == ("Softmax", (classes,))


@heads
def test_head_does_not_change_the_backbone(name: str) -> None:
    assert [row for row in compute(name).rows if row.part == "backbone"] == list(compute("gap").rows[:6])


@pytest.mark.parametrize("registry", [BACKBONES, HEADS], ids=["backbones", "heads"])
def test_entries_have_unique_orders_labels_and_summaries(registry: dict[str, object]) -> None:
    for attribute in ("order", "label", "summary"):
        values = [getattr(entry, attribute) for entry in registry.values()]
        assert all(values)
        assert len(set(values)) == len(values)


def changed(value: object) -> object:
    """Return another value of the same hyperparameter."""
    if isinstance(value, bool):
        return not value
    return 0.5 if isinstance(value, float) else value + 1 if isinstance(value, int) else f"{value}-8"


def settings_that_matter(build: object, *arguments: object) -> set[str]:
    """Return the hyperparameters that change the layers; built without validation, which resets unused ones."""
    plain = RunSpec().model_dump()
    layers = build(RunSpec.model_construct(**plain), *arguments)
    return {
        name
        for name, value in plain.items()
        if build(RunSpec.model_construct(**{**plain, name: changed(0 if value is None else value)}), *arguments)
        != layers
    }


@heads
def test_head_uses_exactly_the_settings_that_change_its_layers(name: str) -> None:
    assert set(HEADS[name].uses) == settings_that_matter(HEADS[name].layers, 10)
    assert all(SETTINGS[setting].group == "head" for setting in HEADS[name].uses)


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "model"])  # its layers are in a home
def test_backbone_uses_exactly_the_settings_that_change_its_layers(name: str) -> None:
    frozen = {"frozen", "trained_stages"} if BACKBONES[name].weights else set()  # they change only what is trained
    assert set(BACKBONES[name].uses) == settings_that_matter(BACKBONES[name].layers) | frozen
    assert all(SETTINGS[setting].group == "backbone" for setting in BACKBONES[name].uses)


def test_every_head_fits_on_every_backbone() -> None:
    for backbone in BACKBONES.keys() - {"model"}:
        for head in HEADS:
            model = compute(head, (96, 96, 3), 3, backbone=backbone)
            parts = [row.part for row in model.rows]
            assert parts == sorted(parts), (backbone, head)
            assert model.rows[-1].output_shape == (3,)
            assert len({row.name for row in model.rows}) == len(model.rows)
            assert len(list_steps(model, "backbone")) <= 9


@pytest.mark.parametrize("name", [name for name, backbone in BACKBONES.items() if backbone.weights])
def test_last_stages_of_a_frozen_backbone_are_trained(name: str) -> None:
    """Each further stage adds trained parameters at the end; all stages together are the trainable backbone."""
    shape = (96, 96, 3)
    free = compute("gap_dense", shape, 3, backbone=name)
    trained = [
        compute("gap_dense", shape, 3, backbone=name, frozen=True, trained_stages=count).trainable for count in range(8)
    ]
    assert trained == sorted(trained)
    assert len({*trained}) in (5, 6)  # only the head, or also four or five stages
    assert trained[-1] == free.trainable
    models = compute("gap_dense", (224, 224, 3), 3, backbone=name), free
    stages = [len(split_stages([row for row in model.rows if row.part == "backbone"])) for model in models]
    assert len({*stages}) == 1  # the stages do not depend on the size of the images
    assert [row.params for row in free.rows] == [
        row.params for row in compute("gap_dense", shape, 3, backbone=name, frozen=True, trained_stages=2).rows
    ]
    frozen = [row.frozen for row in compute("gap_dense", shape, 3, backbone=name, frozen=True, trained_stages=2).rows]
    assert frozen == sorted(frozen, reverse=True)
