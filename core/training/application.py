"""Layers of a Keras application with the weights of a file, saved as a model, `python -m core.training.application`."""

from core.training import preload  # noqa: F401  # isort: skip  first: loads TensorFlow without its log output

import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np

from core.architecture.families.preprocessing import PREPROCESSING
from core.errors import HeadroomError, TrainingError
from core.memory_limit import limit_memory
from core.models.application import read_preprocessing
from core.spec import BACKBONES

_DEVIATIONS = (0.229, 0.224, 0.225)  # of red, green and blue in ImageNet


def save_application(
    backbone: str, weights: Path, target: Path, *, classes: int, side: int, preprocessed: bool
) -> None:
    """Save an application as a `.keras` file.

    The model reads RGB images, shape (batch, height, width, 3). Its values are 0 to 255, because the preprocessing of
    the application becomes part of it; see keras/src/applications/imagenet_utils.py.

    Args:
        classes: of its classifier; 0 without one.
        side: of its images; 0 for any.
        preprocessed: whether it reads values as the application does, without its preprocessing.

    Raises:
        TrainingError: when the weights are not those of the application.
    """
    images = inputs = keras.Input((side or None, side or None, 3), name="images")
    scaling = None if preprocessed else read_preprocessing(backbone)
    if scaling:
        images = keras.layers.Rescaling(scaling.scale, scaling.offset, name=PREPROCESSING)(inputs)
    try:
        model = _find_builder(backbone)(
            weights=None, include_top=classes > 0, classes=classes or 1000, input_tensor=images
        )
        model.load_weights(_link_by_format(weights, target.parent))
    except Exception as error:  # Keras raises many kinds
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise TrainingError(f"{weights.name} does not fit the layers of {backbone}: {text:.160}") from None
    if scaling and (known := BACKBONES[backbone].weights) and known.reversed_channels:
        first = next(layer for layer in model.layers if layer.weights)
        kernel, *rest = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], *rest])  # it reads BGR images in Keras
    _correct_normalization(model)
    keras.Model(inputs, model.output, name=backbone).save(target)  # Keras makes a list of the input


def _find_builder(backbone: str) -> Callable[..., keras.Model]:
    wanted = backbone.replace("_", "")
    names = (name for name in dir(keras.applications) if name.lower() == wanted)
    return next(found for name in names if callable(found := getattr(keras.applications, name)))


def _link_by_format(weights: Path, folder: Path) -> Path:
    """Return a link to the file whose ending states its format, by which Keras selects the reader."""
    with h5py.File(weights) as file:
        is_legacy = "layer_names" in file.attrs or "model_weights" in file
    link = folder / ("linked.h5" if is_legacy else "linked.weights.h5")
    link.symlink_to(weights)
    return link


def _correct_normalization(model: keras.Model) -> None:
    """Square the variances of a Normalization layer that contains the standard deviations of ImageNet instead.

    Keras adds a layer that divides by their roots again, but only to an EfficientNet that it downloads.
    Source: keras/src/applications/efficientnet.py.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and layer.weights:
            mean, variance, *count = layer.get_weights()
            if np.allclose(variance, _DEVIATIONS, atol=1e-4):
                layer.set_weights([mean, variance**2, *count])


if __name__ == "__main__":
    limit_memory()
    name, file, output, number, pixels, known_range = sys.argv[1:]
    try:
        save_application(
            name, Path(file), Path(output), classes=int(number), side=int(pixels), preprocessed=known_range == "1"
        )
    except HeadroomError as problem:
        sys.exit(str(problem))
