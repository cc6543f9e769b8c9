"""The two readers of an architecture agree: what the closed form says, Keras builds."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.architecture.model import Model, compute_model
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, RunSpec

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("tensorflow")]


def check_agreement(closed: Model) -> None:
    from core.training.build import build_model, read_layers

    built = build_model(closed)
    assert [tuple(layer.values()) for layer in read_layers(built)] == [
        (row.name, row.type, list(row.output_shape), row.trainable, row.non_trainable) for row in closed.rows
    ]
    assert built.count_params() == closed.params
    assert built.output_shape == (None, closed.classes)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", BACKBONES)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    side=st.integers(8, 48),
    channels=st.sampled_from([1, 3]),
    classes=st.integers(2, 12),
    blocks=st.integers(1, 3),
    filters=st.integers(1, 12),
    units=st.integers(1, 24),
)
def test_keras_builds_what_the_closed_form_says(backbone, head, side, channels, classes, blocks, filters, units):
    spec = RunSpec(backbone=backbone, head=head, blocks=blocks, filters=filters, units=units)
    try:
        closed = compute_model(spec, (side, side, channels), classes)
    except SpecError:
        assume(False)
    check_agreement(closed)


@pytest.mark.parametrize("head", HEADS)
def test_keras_agrees_on_maps_of_one_pixel(head):
    check_agreement(compute_model(RunSpec(head=head, blocks=2, filters=2), (10, 10, 1), 3))


@pytest.mark.parametrize(("head", "params"), [("gap", 24_586), ("dense", 431_242)])
def test_published_parameter_counts_are_those_of_keras(head, params):
    from core.training.build import build_model

    assert build_model(compute_model(RunSpec(head=head), (28, 28, 1), 10)).count_params() == params


def test_the_seed_fixes_the_weights():
    from core.training.build import build_model

    first, again, other = (
        build_model(compute_model(RunSpec(seed=seed), (28, 28, 1), 10)).get_weights() for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("shape", [(4, 26, 26, 3), (4, 11, 11, 2), (1, 2, 3, 1), (2, 7, 4, 5)])
def test_pooling_and_its_gradient_equal_tensorflows_also_among_equal_values(shape):
    import tensorflow as tf

    from core.training.pool import max_pool

    rng = np.random.default_rng(0)
    images = tf.constant(rng.integers(0, 3, shape).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        expected = tf.nn.max_pool2d(images, 2, 2, "VALID")
        pooled = max_pool(images)
    upstream = tf.constant(rng.normal(size=expected.shape).astype(np.float32))
    assert np.array_equal(pooled, expected)
    assert np.array_equal(tape.gradient(pooled, images, upstream), tape.gradient(expected, images, upstream))
