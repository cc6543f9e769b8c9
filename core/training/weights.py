"""ImageNet weights: where they are looked for, and how they get into a model."""

from pathlib import Path

import h5py
import keras
import numpy as np

from core.architecture.backbone import PretrainedWeights
from core.architecture.model import Model
from core.datasets.download import keras_home, quiet_keras
from core.errors import TrainingError
from core.home import Home
from core.spec import BACKBONES


def load_weights(home: Home, model: keras.Sequential, closed: Model) -> None:
    """Fills a pretrained backbone; a model with random weights only is left alone.

    Raises:
        TrainingError: when the file is not here and cannot be downloaded, or is not what it should be.
    """
    weights = BACKBONES[closed.spec.backbone].weights
    if weights is not None:
        path = find_weights(home, weights, closed)
        try:
            _assign(path, weights, model, closed)
        except (OSError, KeyError, ValueError) as error:
            raise TrainingError(
                f"Expected {path} ({path.stat().st_size:,} bytes) to hold the weights of {closed.spec.backbone}, about "
                f"{_megabytes(closed):.0f} MB; got another or a damaged file ({_first_line(error)}). Replace it by "
                f"{weights.origin}{weights.file}."
            ) from None


def find_weights(home: Home, weights: PretrainedWeights, closed: Model) -> Path:
    """The file in `<home>/weights` or where Keras keeps its models; downloaded to the latter when in neither."""
    places = [home.weights / weights.file, keras_home() / "models" / weights.file]
    for path in places:
        if path.is_file():
            return path
    try:
        with quiet_keras():
            return Path(keras.utils.get_file(weights.file, weights.origin + weights.file, cache_subdir="models"))
    except Exception as error:  # Keras raises Exception itself for whatever the network did
        raise TrainingError(
            f"Expected the ImageNet weights {weights.file} (about {_megabytes(closed):.0f} MB); got no such file and "
            f"no download ({_first_line(error)}): put it from {weights.origin} into {places[0].parent}."
        ) from None


def _assign(path: Path, weights: PretrainedWeights, model: keras.Sequential, closed: Model) -> None:
    """Layer by layer, by name; the file is one of Keras' older kind, a group a layer."""
    with h5py.File(path) as file:
        for layer, row in zip(model.layers, closed.rows, strict=True):
            if row.part == "head" or not layer.weights:
                continue
            group = file[layer.name]
            arrays = [np.asarray(group[name]) for name in group.attrs["weight_names"]]
            if weights.reversed_channels and row.params and _sees_the_image(closed, layer.name):
                arrays[0] = arrays[0][:, :, ::-1]
            layer.set_weights(arrays)


def _megabytes(closed: Model) -> float:
    return sum(row.params for row in closed.rows if row.part == "backbone") * 4 / 1e6


def _sees_the_image(closed: Model, name: str) -> bool:
    return next(row.name for row in closed.rows if row.params) == name


def _first_line(error: Exception) -> str:
    return (str(error).rpartition(" -- ")[2] or type(error).__name__).strip().partition("\n")[0][:160].rstrip(".")
