"""Growth of heads with the input: parameter counts of the models, and the network that they are compared with."""

import json

import pytest

from core.architecture.model import compute_model
from core.displays.palette import head_colors
from core.displays.parameter_growth import REFERENCE, SIDES, build_growth_chart, compute_growth, describe_growth
from core.spec import BACKBONES, HEADS, RunSpec

SPEC = RunSpec(backbone="conv_conv_pool")
SPECS = {head: SPEC.replace(head=head) for head in HEADS}
SHAPE = (0, 0, 3)


def test_growth_counts_the_head_of_each_model() -> None:
    frame = compute_growth(SPECS, SHAPE, 10).set_index(["side", "head"])["params"]
    for name, head in HEADS.items():
        model = compute_model(SPEC.replace(head=name), (224, 224, 3), 10)
        assert frame[224, head.label] == sum(row.params for row in model.rows if row.part == "head")


def test_own_side_is_among_the_sides() -> None:
    assert 28 in set(compute_growth(SPECS, (28, 28, 3), 10)["side"])


def test_pooled_heads_stay_constant_and_flat_ones_grow_with_the_square() -> None:
    frame = compute_growth(SPECS, SHAPE, 10)
    grown = {head: rows["params"].tolist() for head, rows in frame.groupby("head")}
    kinds = set()
    for name, head in HEADS.items():
        pooled = any("Global" in row.type for row in compute_model(SPEC.replace(head=name), (64, 64, 3), 10).rows)
        kinds.add(pooled)
        if pooled:
            assert len(set(grown[head.label])) == 1
        else:
            assert grown[head.label] == sorted(grown[head.label])
            assert grown[head.label][-1] > 50 * grown[head.label][0]
    assert kinds == {True, False}


@pytest.mark.parametrize(
    ("backbone", "axes"),
    # Pretrained backbones are trained on images, which have two spatial axes; one chain and one graph of them.
    [
        (name, axes)
        for name, entry in BACKBONES.items()
        for axes in ((2,) if entry.weights else (1, 2, 3))
        if not entry.weights or name in ("mobilenet", "mobilenet_v2")
    ],
)
def test_growth_has_a_chart_for_every_model(backbone: str, axes: int) -> None:
    specs = {head: RunSpec().replace(backbone=backbone, head=head) for head in HEADS}
    frame = compute_growth(specs, (*(0,) * axes, 3), 10)
    assert set(frame["side"]) <= set(SIDES)  # 0 is not the side of an image
    spec = build_growth_chart(frame, head_colors(), 224).to_dict(validate=True)
    json.dumps(spec, allow_nan=False)
    assert "selected: 224" in json.dumps(spec)
    assert all(head in describe_growth(frame) for head in set(frame["head"]))


@pytest.mark.training
@pytest.mark.xdist_group("tensorflow")
def test_reference_has_the_parameters_of_keras() -> None:
    import keras

    assert keras.applications.EfficientNetB0(weights=None).count_params() == REFERENCE[1]
