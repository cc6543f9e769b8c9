"""Layer records from the configs of Keras layers: classes and arguments of Keras 2 and 3."""

from collections.abc import Callable

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
from core.architecture.keras_argument import MAX_SIZE, LayerConfig
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
    Softmax,
)
from core.architecture.merge import (
    Add,
    Arithmetic,
    Average,
    Concatenate,
    CustomScaleLayer,
    Maximum,
    Merge,
    Minimum,
    Multiply,
    Subtract,
)
from core.architecture.pooling import GlobalPooling, LocalPooling, Reduction
from core.architecture.spatial import (
    ConvTranspose,
    Cropping,
    Pairs,
    Permute,
    RepeatVector,
    Reshape,
    Resizing,
    SeparableConv,
    UpSampling,
    ZeroPadding,
)

Read = Callable[[LayerConfig, str], Layer]


def _read_conv(config: LayerConfig, name: str) -> Layer:
    return Conv(
        config.integer("filters"), config.sizes("kernel_size"), config.padding(), config.activation(),
        config.sizes("strides", 1), config.flag("use_bias"), name, config.sizes("dilation_rate", 1),
        config.integer("groups", 1),
    )  # fmt: skip


def _read_depthwise(config: LayerConfig, name: str) -> Layer:
    return DepthwiseConv(
        config.sizes("kernel_size"), config.padding(), config.sizes("strides", 1), config.flag("use_bias"), name,
        config.sizes("dilation_rate", 1), config.integer("depth_multiplier", 1), config.activation(),
    )  # fmt: skip


def _read_separable(config: LayerConfig, name: str) -> Layer:
    return SeparableConv(
        config.integer("filters"), config.sizes("kernel_size"), config.padding(), config.sizes("strides", 1),
        config.flag("use_bias"), name, config.activation(), config.sizes("dilation_rate", 1),
        config.integer("depth_multiplier", 1),
    )  # fmt: skip


def _read_transpose(config: LayerConfig, name: str) -> Layer:
    if config.sizes("dilation_rate", 1) != 1:
        raise config.fail("dilation_rate")
    extra = config.values.get("output_padding")
    if extra is not None:
        extra = extra if type(extra) is int and 0 <= extra <= MAX_SIZE else config.integers("output_padding")
    return ConvTranspose(
        config.integer("filters"), config.sizes("kernel_size"), config.padding(), config.sizes("strides", 1),
        config.flag("use_bias"), name, config.activation(), extra,
    )  # fmt: skip


def _read_pooling(reduce: Reduction) -> Read:
    def read(config: LayerConfig, name: str) -> Layer:
        size = config.sizes("pool_size", 2)
        return LocalPooling(size, config.sizes("strides", size), config.padding(), reduce, name)

    return read


def _read_global(reduce: Reduction) -> Read:
    return lambda config, name: GlobalPooling(reduce, name, config.flag("keepdims", False))


def _read_batch(config: LayerConfig, name: str) -> Layer:
    _check_axis(config, (-1, 1, 2, 3, 4))
    center, scale = config.flag("center"), config.flag("scale")
    return BatchNormalization(name, config.number("epsilon", 1e-3), config.number("momentum", 0.99), center, scale)


def _check_axis(config: LayerConfig, allowed: tuple[int, ...]) -> None:
    """Check that the channels are normalized; the position of the last axis is checked with the shape."""
    axis = config.values.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if type(axis) is not int or axis not in allowed:
        raise config.fail("axis")


def _read_layer_norm(config: LayerConfig, name: str) -> Layer:
    config.expect("rms_scaling", False)
    _check_axis(config, (-1, 1, 2, 3, 4))
    return LayerNormalization(config.number("epsilon", 1e-3), name, config.flag("center"), config.flag("scale"))


def _read_group_norm(config: LayerConfig, name: str) -> Layer:
    _check_axis(config, (-1, 3))
    groups = config.integer("groups", 32, low=-1)
    if groups == 0:
        raise config.fail("groups")
    epsilon, center, scale = config.number("epsilon", 1e-3), config.flag("center"), config.flag("scale")
    return GroupNormalization(epsilon, name, center, scale, groups)


def _read_normalization(config: LayerConfig, name: str) -> Layer:
    axis = config.values.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if config.values.get("invert") or axis not in (-1, 1, 2, 3, 4) or isinstance(axis, bool):
        raise config.fail("axis")
    if config.values.get("mean") is None:
        return Normalization(name=name)
    known = [config.values.get(key) for key in ("mean", "variance")]
    if not all(isinstance(value, list) and value and not isinstance(value[0], list) for value in known):
        return Normalization((), (), name)
    means, variances = config.numbers("mean", 0.0), config.numbers("variance", 1.0)
    assert isinstance(means, tuple)
    assert isinstance(variances, tuple)
    return Normalization(means, variances, name)


def _read_relu(config: LayerConfig, name: str) -> Layer:
    config.expect("threshold", 0.0)
    limit = config.values.get("max_value")
    return ReLU(None if limit is None else config.number("max_value", 0.0), name, config.number("negative_slope", 0.0))


def _read_leaky(config: LayerConfig, name: str) -> Layer:
    key = "negative_slope" if "negative_slope" in config.values else "alpha"
    return ActivationLayer("LeakyReLU", config.number(key, 0.3), name)


def _read_concatenate(config: LayerConfig, name: str) -> Layer:
    axis = config.integer("axis", -1, low=-4)
    if axis == 0:
        raise config.fail("axis")
    return Concatenate(name, axis - 1 if axis > 0 else axis)


def _read_activation(config: LayerConfig, name: str) -> Layer:
    return Activation(config.activation(), name)


def _read_softmax(config: LayerConfig, name: str) -> Layer:
    config.expect("axis", -1)
    return Softmax(name)


def _read_upsampling(config: LayerConfig, name: str) -> Layer:
    interpolation = config.text("interpolation", "nearest") if config.rank == 2 else "nearest"
    return UpSampling(config.sizes("size", 2), interpolation, name)


def _read_resizing(config: LayerConfig, name: str) -> Layer:
    for argument in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        config.expect(argument, False)
    interpolation = config.text("interpolation", "bilinear")
    return Resizing(config.integer("height"), config.integer("width"), name, interpolation)


def _read_crop(config: LayerConfig, name: str) -> Layer:
    config.uncomputed = "cropping"
    return Resizing(config.integer("height"), config.integer("width"), name)


def _read_merge(kind: type[Merge]) -> Read:
    return lambda _, name: kind(name)


def _read_unchanged(kind: str) -> Read:
    return lambda _, name: TrainingOnly(kind, name)


READERS: dict[str, Read] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D"), _read_conv),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _read_depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D", "SeparableConvolution2D"), _read_separable),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _read_transpose),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "MaxPool2D"), _read_pooling("max")),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _read_pooling("average")),
    **{f"GlobalMax{kind}{rank}D": _read_global("max") for kind in ("Pooling", "Pool") for rank in (1, 2, 3)},
    **{f"GlobalAverage{kind}{rank}D": _read_global("average") for kind in ("Pooling", "Pool") for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": lambda config, name: ZeroPadding(_double(config, "padding"), name) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": lambda config, name: Cropping(config.pairs("cropping"), name) for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _read_upsampling for rank in (1, 2, 3)},
    "Dense": lambda config, name: Dense(config.integer("units"), config.activation(), name, config.flag("use_bias")),
    "Flatten": lambda _, name: Flatten(name),
    "Dropout": lambda config, name: Dropout(config.number("rate", 0.0), name),
    "Softmax": _read_softmax,
    "Identity": lambda _, name: Identity(name),
    "ReLU": _read_relu,
    "LeakyReLU": _read_leaky,
    "ELU": lambda config, name: ActivationLayer("ELU", config.number("alpha", 1.0), name),
    "PReLU": lambda config, name: PReLU(config.integers("shared_axes", 1, ()), name),
    "Activation": _read_activation,
    "Rescaling": lambda config, name: Rescaling(config.numbers("scale", 1.0), config.numbers("offset", 0.0), name),
    "Normalization": _read_normalization,
    "BatchNormalization": _read_batch,
    "BatchNormalizationV1": _read_batch,
    "LayerNormalization": _read_layer_norm,
    "GroupNormalization": _read_group_norm,
    "LayerScale": lambda config, name: LayerScale(
        config.number("init_values", 0.0), config.integer("projection_dim"), name
    ),
    "Resizing": _read_resizing,
    "CenterCrop": _read_crop,
    "Reshape": lambda config, name: Reshape(config.integers("target_shape", -1), name),
    "Permute": lambda config, name: Permute(config.integers("dims", 1), name),
    "RepeatVector": lambda config, name: RepeatVector(config.integer("n"), name),
    **{kind.__name__: _read_merge(kind) for kind in (Add, Multiply, Average, Maximum, Minimum, Subtract)},
    "Concatenate": _read_concatenate,
    "CustomScaleLayer": lambda config, name: CustomScaleLayer(name, config.number("scale", 1.0)),
}

_UNCHANGED = (
    "ActivityRegularization", "AlphaDropout", "GaussianDropout", "GaussianNoise", "Masking", "RandomApply",
    "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomElasticTransform",
    "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert",
    "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom", "Solarization", "AutoContrast", "Equalization", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "StochasticDepth", "FixedDropout",
)  # fmt: skip
READERS |= {kind: _read_unchanged(kind) for kind in _UNCHANGED}

_ARITHMETIC = ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum")
_FUNCTIONS = {
    "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Silu": "silu", "Softmax": "softmax", "Gelu": "gelu",
    "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu", "HardSwish": "hard_silu", "Selu": "selu", "Tanh": "tanh",
    "Softplus": "softplus", "Swish": "silu",
}  # fmt: skip


def read_operation(kind: str, config: LayerConfig, name: str, number: tuple[float, bool] | None) -> Layer | None:
    """Return the record of an operation on tensors, such as x + 3, or of a TFOpLambda of Keras 2; None if unknown.

    Args:
        number: an operand that is a number, and whether it is the first operand; None without one.
    """
    title = "".join(part.title() for part in kind.rpartition(".")[2].split("_")) if kind.islower() else kind
    if title in _ARITHMETIC:
        return Arithmetic(name, title, *number or ())
    if title == "LeakyRelu":
        return ActivationLayer("LeakyReLU", config.number("negative_slope", 0.2), name)
    if title == "Elu":
        return ActivationLayer("ELU", config.number("alpha", 1.0), name)
    config.expect("axis", -1)
    config.expect("approximate", False)
    return Activation(_FUNCTIONS[title], name) if title in _FUNCTIONS else None


def _double(config: LayerConfig, name: str) -> Pairs | int:
    """Return pairs of zeros; a single number means zeros on both sides, unlike in `ZeroPadding`."""
    pairs = config.pairs(name)
    if not isinstance(pairs, int):
        return pairs
    return ((pairs, pairs),) * config.rank
