"""Weights of pretrained backbones: location, download and assignment to a model."""

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

from core.architecture.backbone import PretrainedWeights
from core.architecture.model import Model
from core.datasets.download import quiet_keras
from core.errors import TrainingError
from core.home import Home
from core.models.model_info import locate_weights
from core.models.pretrained import describe_weights_download, list_weights_paths
from core.spec import BACKBONES
from core.training.forward import list_layers
from core.training.model_weights import copy_weights, set_layer_weights


def load_weights(home: Home, model: keras.Model, closed: Model) -> None:
    """Load the weights of a pretrained backbone. Has no effect on a backbone with random weights.

    Raises:
        TrainingError: when the file is missing and cannot be downloaded, or is damaged.
    """
    weights = BACKBONES[closed.spec.backbone].weights
    if closed.spec.model:
        copy_weights(locate_weights(home, closed.spec.model), model, closed)
    if weights is not None:
        path = find_weights(home, weights, closed)
        try:
            _assign(path, weights, model, closed)
        except (OSError, KeyError, ValueError) as error:
            raise TrainingError(
                f"{path} ({path.stat().st_size:,} bytes) does not contain the weights of {closed.spec.backbone} (about "
                f"{_megabytes(closed):.0f} MB) or is damaged: {_first_line(error)}. Replace it with "
                f"{weights.address}."
            ) from None


def find_weights(home: Home, weights: PretrainedWeights, closed: Model) -> Path:
    """Return the file in `<home>/weights` or in the Keras cache; downloaded to the latter if it is in neither."""
    for path in list_weights_paths(home, weights):
        if path.is_file():
            return path
    try:
        with quiet_keras():
            return Path(keras.utils.get_file(weights.file, weights.address, cache_subdir="models"))
    except Exception as error:  # Keras raises Exception itself for network errors
        raise TrainingError(
            f"Cannot download the ImageNet weights {weights.file} (about {_megabytes(closed):.0f} MB): "
            f"{_first_line(error)}. To retry, first {describe_weights_download(home, weights)}"
        ) from None


def _assign(path: Path, weights: PretrainedWeights, model: keras.Model, closed: Model) -> None:
    """Assign the weights by layer name. The file has Keras' legacy HDF5 format with one group per layer.

    Some files have other names, because Keras numbers unnamed layers; their weights are assigned in order, as Keras
    does.
    """
    parts = {row.name: row.part for row in closed.rows}
    layers = [layer for layer in list_layers(model) if parts[layer.name] == "backbone" and layer.weights]
    with h5py.File(path) as file:
        if all(layer.name in file for layer in layers) or "layer_names" not in file.attrs:
            arrays = [array for layer in layers for array in _read_group(file[layer.name])]
        else:
            arrays = [array for name in file.attrs["layer_names"] for array in _read_group(file[name])]
    expected = [len(layer.weights) for layer in layers]
    if len(arrays) != sum(expected):
        raise ValueError(f"it has {len(arrays)} arrays instead of {sum(expected)}")
    if weights.reversed_channels:
        arrays[0] = arrays[0][:, :, ::-1]
    rest = iter(arrays)
    for layer, count in zip(layers, expected, strict=True):
        set_layer_weights(layer, [_fit(next(rest), weight.shape) for weight in layer.weights[:count]])


def _read_group(group: h5py.Group) -> list[NDArray[Any]]:
    return [np.asarray(group[name]) for name in group.attrs["weight_names"]]


def _fit(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the kernel of a convolution with one group per channel as that of a depthwise convolution."""
    height_width, last = array.shape[:2], array.shape[2:]
    if array.ndim == 4 and last[0] == 1 and shape == (*height_width, last[1], 1):
        return array.reshape(shape)
    return array


def _megabytes(closed: Model) -> float:
    return sum(row.params for row in closed.rows if row.part == "backbone") * 4 / 1e6


def _first_line(error: Exception) -> str:
    return (str(error).rpartition(" -- ")[2] or type(error).__name__).strip().partition("\n")[0][:160].rstrip(".")
