"""ImageNet weights: location, download and assignment to a model."""

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
    """Load the weights of a pretrained backbone. Has no effect on a backbone with random weights.

    Raises:
        TrainingError: when the file is missing and cannot be downloaded, or is damaged.
    """
    weights = BACKBONES[closed.spec.backbone].weights
    if weights is not None:
        path = find_weights(home, weights, closed)
        try:
            _assign(path, weights, model, closed)
        except (OSError, KeyError, ValueError) as error:
            raise TrainingError(
                f"{path} ({path.stat().st_size:,} bytes) does not contain the weights of {closed.spec.backbone} (about "
                f"{_megabytes(closed):.0f} MB) or is damaged: {_first_line(error)}. Replace it with "
                f"{weights.origin}{weights.file}."
            ) from None


def find_weights(home: Home, weights: PretrainedWeights, closed: Model) -> Path:
    """Return the file in `<home>/weights` or in the Keras cache; downloaded to the latter if it is in neither."""
    paths = [home.weights / weights.file, keras_home() / "models" / weights.file]
    for path in paths:
        if path.is_file():
            return path
    try:
        with quiet_keras():
            return Path(keras.utils.get_file(weights.file, weights.origin + weights.file, cache_subdir="models"))
    except Exception as error:  # Keras raises Exception itself for network errors
        raise TrainingError(
            f"Cannot download the ImageNet weights {weights.file} (about {_megabytes(closed):.0f} MB): "
            f"{_first_line(error)}. Download the file from {weights.origin} and save it in {paths[0].parent}."
        ) from None


def _assign(path: Path, weights: PretrainedWeights, model: keras.Sequential, closed: Model) -> None:
    """Assign the weights by layer name. The file has Keras' legacy HDF5 format with one group per layer."""
    with h5py.File(path) as file:
        for layer, row in zip(model.layers, closed.rows, strict=True):
            if row.part == "head" or not layer.weights:
                continue
            group = file[layer.name]
            arrays = [np.asarray(group[name]) for name in group.attrs["weight_names"]]
            if weights.reversed_channels and row.params and _is_first_layer(closed, layer.name):
                arrays[0] = arrays[0][:, :, ::-1]
            layer.set_weights(arrays)


def _megabytes(closed: Model) -> float:
    return sum(row.params for row in closed.rows if row.part == "backbone") * 4 / 1e6


def _is_first_layer(closed: Model, name: str) -> bool:
    return next(row.name for row in closed.rows if row.params) == name


def _first_line(error: Exception) -> str:
    return (str(error).rpartition(" -- ")[2] or type(error).__name__).strip().partition("\n")[0][:160].rstrip(".")
