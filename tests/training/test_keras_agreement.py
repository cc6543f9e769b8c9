"""Agreement of the closed form of an architecture with the Keras model."""

import math
from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from core.architecture.model import Model, compute_model
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, RunSpec
from tests.support.markers import LONG, thin

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("tensorflow")]


def check_agreement(closed: Model) -> None:
    from core.training.build import build_model, read_layers

    built = build_model(closed)
    found = [tuple(layer.values()) for layer in read_layers(built)]
    expected = [(row.name, row.type, list(row.output_shape), row.trainable, row.non_trainable) for row in closed.rows]
    assert found == expected if closed.is_chain else sorted(found) == sorted(expected)  # branches in another order
    assert built.count_params() == closed.params
    assert built.output_shape == (None, 1 if closed.spec.loss == "binary" else closed.classes)


APPLICATIONS = {
    "mobilenet": "MobileNet", "vgg16": "VGG16", "vgg19": "VGG19", "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3Small", "mobilenet_v3_large": "MobileNetV3Large",
    "efficientnet_b0": "EfficientNetB0", "efficientnet_v2_b0": "EfficientNetV2B0", "resnet50": "ResNet50",
    "resnet50_v2": "ResNet50V2", "densenet121": "DenseNet121", "nasnet_mobile": "NASNetMobile",
    "xception": "Xception", "inception_v3": "InceptionV3", "convnext_tiny": "ConvNeXtTiny",
}  # fmt: skip

FRESH = [name for name, backbone in BACKBONES.items() if backbone.weights is None and name != "model"]
PRETRAINED = [name for name in BACKBONES if name not in FRESH and name != "model"]


@pytest.mark.parametrize(("backbone", "head"), thin(product(FRESH, HEADS), 4))
@settings(max_examples=4 if LONG else 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    axes=st.sampled_from([1, 2, 2, 3]),
    side=st.integers(8, 40),
    channels=st.sampled_from([1, 3]),
    classes=st.integers(2, 12),
    blocks=st.integers(1, 3),
    filters=st.integers(1, 8),
    kernel_size=st.integers(1, 5),
    padding=st.sampled_from(["valid", "same"]),
    strides=st.integers(1, 2),
    pooling=st.sampled_from(["max", "average", "convolution"]),
    pool_size=st.integers(1, 3),
    pool_stride=st.sampled_from([None, 1, 2]),
    pool_padding=st.sampled_from(["valid", "same"]),
    units=st.integers(1, 24),
    hidden=st.sampled_from(["5", "6-4", "3-3-3"]),
    loss=st.sampled_from(["categorical", "binary"]),
)
def test_keras_model_equals_the_closed_form(backbone, head, axes, side, channels, classes, loss, **settings):
    spec = RunSpec().replace(backbone=backbone, head=head, loss=loss, **settings)
    side = side // 2 if axes == 3 else side
    try:
        closed = compute_model(spec, (*(side,) * axes, channels), 2 if loss == "binary" else classes)
    except SpecError:
        assume(False)
    assume(closed.params < 3_000_000 or head == "vgg")
    check_agreement(closed)


MODELS = [
    {"pooling": "average"},
    {"pooling": "average", "pool_size": 3, "pool_stride": 2, "pool_padding": "same"},
    {"pooling": "convolution"},
    {"pooling": "convolution", "pool_size": 3, "pool_stride": 2, "pool_padding": "same"},
    {"pool_size": 3, "pool_stride": 2},
    {"pool_stride": 1},
    {"pool_padding": "same"},
    {"strides": 2, "pool_size": 1},
    {"backbone": "pixels", "head": "mlp"},
]


def test_training_step_equals_keras_for_all_poolings_penalties_and_losses():
    """Loss and gradients of the faster forward pass, without dropout, against the model and its compiled loss."""
    import keras
    import tensorflow as tf

    from core.training.build import build_model
    from core.training.fit import _shape_labels
    from core.training.forward import compute_outputs

    rng = np.random.default_rng(0)
    images, labels = tf.constant(rng.random((6, 13, 13, 1)).astype(np.float32)), tf.constant([0, 1, 2, 0, 1, 2])
    plain = {"head": "gap_dense", "filters": 3, "blocks": 1, "dropout": 0.0, "hidden": "5"}
    losses = [
        {},
        {"l1": 0.01},
        {"l1": 0.01, "l2": 0.02},
        {"from_logits": True},
        {"from_logits": True, "loss": "sparse"},
        {"blocks": 2},
        {"filters": 48},
        {"filters": 48, "kernel_size": 2, "padding": "same", "l2": 0.01},
    ]
    for changes in [*MODELS, *losses]:
        spec = RunSpec().replace(**{**plain, **changes})
        model = build_model(compute_model(spec, (13, 13, 1), 3))
        targets = tf.one_hot(labels, 3)
        with tf.GradientTape(persistent=True) as tape:
            outputs = compute_outputs(model, images, training=True, logits=spec.from_logits)
            loss = model.compute_loss(y=_shape_labels(labels, spec, outputs), y_pred=outputs, training=True)
            kernels = [w.value for layer in model.layers for w in layer.trainable_weights if "kernel" in w.name]
            expected = keras.losses.CategoricalCrossentropy()(targets, model(images, training=True))
            expected += sum(spec.l1 * tf.reduce_sum(abs(k)) + spec.l2 * tf.reduce_sum(k**2) for k in kernels)
        np.testing.assert_allclose(loss, expected, rtol=1e-5, err_msg=str(changes))
        variables = [variable.value for variable in model.trainable_variables]
        for ours, theirs in zip(tape.gradient(loss, variables), tape.gradient(expected, variables), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5, err_msg=str(changes))


def test_every_pooling_exports_to_litert_with_equal_probabilities(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    from core.training.build import build_model
    from core.training.evaluate import compile_probs
    from core.training.export import export_litert
    from core.training.input_data import Split

    images = np.random.default_rng(0).integers(0, 256, (3, 13, 13, 1), np.uint8)
    for changes in ({"pooling": "average", "pool_padding": "same"}, MODELS[-1]):
        closed = compute_model(RunSpec().replace(filters=3, blocks=1, hidden="5", **changes), (13, 13, 1), 3)
        model = build_model(closed)
        export_litert(model, closed.maps_layer, tmp_path / "model.tflite", ("a", "b", "c"))
        interpreter = Interpreter(model_path=str(tmp_path / "model.tflite"), num_threads=1)
        found = interpreter.get_signature_runner("serving_default")
        outputs = [found(images=image[np.newaxis].astype(np.float32) / 255) for image in images]
        expected = compile_probs(model, images)(Split(images, np.zeros(3, np.int64)))
        np.testing.assert_allclose([out["probabilities"][0] for out in outputs], expected, atol=1e-5)
        maps = next(row.output_shape for row in closed.rows if row.name == closed.maps_layer)
        assert outputs[0]["feature_maps"].shape == (1, *maps)


def test_every_pretrained_backbone_is_compared_with_an_application():
    assert set(APPLICATIONS) == set(PRETRAINED)


@pytest.mark.parametrize("backbone", PRETRAINED if LONG else ("mobilenet_v2", "vgg16"))
def test_pretrained_keras_backbones_equal_the_closed_form(backbone):
    for changes in ({"frozen": True, "trained_stages": 2}, *([{"frozen": True}, {}] if LONG else [])):
        spec = RunSpec().replace(backbone=backbone, head="gap_mlp", **changes)
        check_agreement(compute_model(spec, (96, 128, 3), 3))


QUICK = ("mobilenet", "resnet50") if not LONG else APPLICATIONS
SIDES = (96, 141, 224) if LONG else (75,)  # even and odd sides need other paddings


@pytest.mark.parametrize("backbone", QUICK)
def test_pretrained_backbones_equal_those_of_keras_applications(backbone):
    """The same layers with the same shapes, weights and FLOPs, so that the same file matches both."""
    import keras

    for side in SIDES:
        keras.utils.clear_session()
        closed = compute_model(RunSpec().replace(backbone=backbone, head="gap_dense"), (side, side, 3), 3)
        build = getattr(keras.applications, APPLICATIONS[backbone])
        theirs = list_weighted(build(include_top=False, weights=None, input_shape=(side, side, 3)))
        rows = {row.name: row for row in closed.rows if row.part == "backbone" and row.params}
        assert [(layer.name, layer.output.shape[1:], layer.count_params()) for layer in theirs] == [
            (rows[layer.name].name, rows[layer.name].output_shape, rows[layer.name].params) for layer in theirs
        ]
        assert len(theirs) == len(rows)
        for layer in theirs:
            if (flops := count_kernel_flops(layer)) is not None:
                assert rows[layer.name].flops == flops, layer.name


def list_weighted(model):
    """Return the layers with weights, also those of nested models."""
    import keras

    return [
        inner
        for layer in model.layers
        for inner in (list_weighted(layer) if isinstance(layer, keras.Model) else [layer])
        if inner.weights
    ]


def count_kernel_flops(layer) -> int | None:
    """Return the FLOPs of a layer from its kernels: each weight is used at each position of the output."""
    import keras

    positions = math.prod(layer.output.shape[1:-1])
    if isinstance(layer, keras.layers.SeparableConv2D | keras.layers.DepthwiseConv2D | keras.layers.Conv2D):
        *kernels, bias = layer.get_weights() if layer.use_bias else (*layer.get_weights(), np.zeros(0))
        return positions * (2 * sum(kernel.size for kernel in kernels) + bias.size)
    if isinstance(layer, keras.layers.Dense):
        return positions * (2 * layer.kernel.value.shape.num_elements() + layer.units * layer.use_bias)
    return 2 * math.prod(layer.output.shape[1:]) if isinstance(layer, keras.layers.BatchNormalization) else None


@pytest.mark.parametrize("head", HEADS)
def test_keras_agrees_on_maps_of_one_pixel(head):
    check_agreement(compute_model(RunSpec(head=head, blocks=2, filters=2), (10, 10, 1), 3))


@pytest.mark.parametrize(("head", "params"), [("gap", 24_586), ("dense", 431_242)])
def test_published_parameter_counts_equal_those_of_keras(head, params):
    from core.training.build import build_model

    assert build_model(compute_model(RunSpec(head=head), (28, 28, 1), 10)).count_params() == params


def test_seed_determines_the_weights():
    from core.training.build import build_model

    first, second, other = (
        build_model(compute_model(RunSpec(seed=seed), (28, 28, 1), 10)).get_weights() for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("shape", [(4, 26, 26, 3), (4, 11, 11, 2), (1, 2, 3, 1), (2, 7, 4, 5)])
def test_pooling_and_its_gradient_equal_tensorflow_also_for_ties(shape):
    import tensorflow as tf

    from core.training.pool import pool_maps

    rng = np.random.default_rng(0)
    images, bias = (tf.constant(rng.integers(0, 3, size).astype(np.float32)) for size in (shape, shape[-1:]))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((images, bias))
        expected = tf.nn.max_pool2d(images, 2, 2, "VALID")
        found = [
            (pool_maps(images), expected),
            finished := (pool_maps(images - 3, bias, relu=True), tf.nn.relu(expected - 3 + bias)),
        ]
    upstream = tf.constant(rng.normal(size=expected.shape).astype(np.float32))
    for pooled, expected in found:
        assert np.array_equal(pooled, expected)
        assert np.array_equal(tape.gradient(pooled, images, upstream), tape.gradient(expected, images, upstream))
    gradients = (tape.gradient(target, bias, upstream) for target in finished)
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-5)


def test_pooling_passes_nan_on_so_that_divergence_is_noticed():
    import tensorflow as tf

    from core.training.pool import pool_maps

    assert np.isnan(pool_maps(tf.fill((1, 2, 2, 3), np.nan), relu=True)).all()


@pytest.mark.parametrize("rate", [0.25, 0.3, 0.5])
def test_pooling_with_dropout_drops_values_and_their_gradients(rate):
    import keras
    import tensorflow as tf

    from core.training.pool import pool_maps

    maps = tf.constant(np.random.default_rng(0).random((50, 26, 26, 8)).astype(np.float32) + 1)
    layer = keras.layers.Dropout(rate, seed=3)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(maps)
        whole = pool_maps(maps)
        dropped = pool_maps(maps, dropout=layer)
        other = pool_maps(maps, dropout=layer)
    kept = dropped.numpy() > 0
    assert kept.mean() == pytest.approx(1 - rate, abs=0.01)
    assert not np.array_equal(kept, other.numpy() > 0)
    np.testing.assert_allclose(dropped, np.where(kept, whole / (1 - rate), 0), rtol=1e-4)
    share = np.where(kept, 1 / (1 - rate), 0).astype(np.float32).repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(tape.gradient(dropped, maps), tape.gradient(whole, maps) * share, rtol=1e-4)


CONVOLUTIONS = [
    {"kernel_size": 5},
    {"kernel_size": 5, "padding": "same"},
    {"kernel_size": 3, "use_bias": False},
    {"kernel_size": (2, 3), "activation": "linear"},
    {"kernel_size": 3, "groups": 2},
    {"kernel_size": 3, "dilation_rate": 2},
    {"kernel_size": 3, "activation": "tanh"},
]


@pytest.mark.parametrize("channels", [2, 4, 16])
def test_every_convolution_before_a_pooling_equals_its_layers(channels):
    """Few and many channels, and maps of more and fewer than 24×24 pixels, have different implementations."""
    import keras
    import tensorflow as tf

    from core.training.forward import compute_outputs

    rng = np.random.default_rng(0)
    chosen = CONVOLUTIONS if LONG else CONVOLUTIONS[::3]
    for arguments, (side, dropout) in product(chosen, ((29, False), (21, True))):
        convolution = keras.layers.Conv2D(16, **{"activation": "relu", "bias_initializer": "normal", **arguments})
        layers = [keras.layers.Dropout(0.0)] * dropout
        model = keras.Sequential(
            [keras.Input((side, side, channels)), convolution, keras.layers.MaxPooling2D(), *layers]
        )
        images = tf.constant(rng.random((3, side, side, channels)).astype(np.float32))
        with tf.GradientTape(persistent=True) as tape:
            expected, found = model(images, training=True), compute_outputs(model, images, training=True)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=str(arguments))
        upstream = tf.constant(rng.normal(size=expected.shape).astype(np.float32))
        for variable in model.trainable_variables:
            gradients = (tape.gradient(target, variable.value, upstream) for target in (found, expected))
            np.testing.assert_allclose(*gradients, rtol=1e-4, atol=5e-4, err_msg=str(arguments))


@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("kernel_size", "channels"), [(3, 1), (5, 3), ((2, 3), 2)])
def test_convolution_as_a_matrix_product_equals_the_layer_also_with_pooling(activation, padding, kernel_size, channels):
    import keras
    import tensorflow as tf

    from core.training.convolve import (
        can_pool_first,
        convolve,
        convolve_and_pool,
        crop_unpooled,
        is_supported,
        pool_plainly,
    )

    rng = np.random.default_rng(0)
    layer = keras.layers.Conv2D(6, kernel_size, padding=padding, activation=activation)
    for sides in ((11, 9), (8, 7)):
        images = tf.constant(rng.integers(0, 3, (4, *sides, channels)).astype(np.float32) / 2)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            maps = layer(images)
            pooled = tf.nn.max_pool2d(maps, 2, 2, "VALID")
            found = [
                (maps, convolve(layer, images)),
                (pooled, convolve_and_pool(layer, images, partial(pool_plainly, layer))),
                (pooled, tf.nn.max_pool2d(layer(crop_unpooled(layer, images)), 2, 2, "VALID")),
            ]
        layer.bias.assign(rng.normal(size=6).astype(np.float32))  # for the second shape
        assert is_supported(layer, images)
        assert can_pool_first(layer)
        for expected, ours in found:
            np.testing.assert_allclose(ours, expected, atol=1e-5)
            upstream = tf.constant(rng.normal(size=expected.shape).astype(np.float32))
            for source in (images, *layer.trainable_variables):
                gradients = (tape.gradient(target, source, upstream) for target in (ours, expected))
                np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-4)


def test_convolution_by_winograd_equals_the_layer_and_its_pooling():
    import keras
    import tensorflow as tf

    from core.training import winograd
    from core.training.convolve import pool_plainly

    rng = np.random.default_rng(0)
    for padding, activation, sides in product(("valid", "same"), ("relu", "linear"), ((13, 13), (4, 9), (8, 6))):
        case = f"{padding}, {activation}, {sides}"
        layer = keras.layers.Conv2D(24, 3, padding=padding, activation=activation)
        images = rng.integers(0, 3, (5, *sides, 16)).astype(np.float32) / 2
        images[0], images[1, :, :4] = 1, 0  # areas of one value, with ties in the pooling
        images = tf.constant(images)
        layer.build(images.shape)
        layer.bias.assign(rng.normal(size=24).astype(np.float32))
        assert winograd.is_faster(layer, images)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            expected = tf.nn.max_pool2d(layer(images), 2, 2, "VALID")
            found = winograd.filter_and_pool(layer, images, partial(pool_plainly, layer))
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=case)
        upstream = tf.constant(rng.normal(size=expected.shape).astype(np.float32))
        for source in (images, *layer.trainable_variables):
            gradients = (tape.gradient(target, source, upstream) for target in (found, expected))
            np.testing.assert_allclose(*gradients, rtol=1e-4, atol=2e-4, err_msg=case)


@pytest.mark.parametrize("rate", [0.05, 0.25, 0.3, 0.5, 0.9])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate):
    import tensorflow as tf

    from core.training.dropout import drop_activations

    values = tf.ones((500, 41, 3))
    dropped = drop_activations(values, rate, tf.constant([1, 2])).numpy()
    kept = dropped[dropped > 0]
    assert 1 - kept.size / dropped.size == pytest.approx(rate, abs=5 * (rate * (1 - rate) / dropped.size) ** 0.5)
    assert np.allclose(kept, 1 / (1 - rate), rtol=1e-4)
    assert np.array_equal(dropped, drop_activations(values, rate, tf.constant([1, 2])).numpy())
    assert not np.array_equal(dropped, drop_activations(values, rate, tf.constant([1, 3])).numpy())


def test_adam_in_one_pass_equals_that_of_keras():
    import keras
    import tensorflow as tf

    from core.training.adam import apply_adam

    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=(6, 5, 3)).astype(np.float32)
    variables = [keras.Variable(start) for _ in range(2)]
    optimizers = [keras.optimizers.Adam(0.01) for _ in range(2)]
    for optimizer, variable in zip(optimizers, variables, strict=True):
        optimizer.build([variable])
    for gradient in gradients:
        optimizers[0].apply([tf.constant(gradient)], [variables[0]])
        apply_adam(optimizers[1], [tf.constant(gradient)], [variables[1]])
    for ours, theirs in zip(
        [variables[1], *optimizers[1].variables], [variables[0], *optimizers[0].variables], strict=True
    ):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-7)
