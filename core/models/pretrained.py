"""ImageNet weights of the pretrained backbones: where their files are searched, and which are missing."""

from collections.abc import Iterable
from pathlib import Path

from core.architecture.backbone import PretrainedWeights
from core.datasets.download import keras_home
from core.home import Home
from core.spec import BACKBONES, RunSpec


def list_weights_paths(home: Home, weights: PretrainedWeights) -> list[Path]:
    """Return the paths at which the file is searched, the folder for files saved by hand first."""
    return [home.weights / weights.file, keras_home() / "models" / weights.file]


def describe_weights_download(home: Home, weights: PretrainedWeights) -> str:
    """Return how to save the file without a connection to its server."""
    name = f", as {weights.file}" if weights.remote_file else ""
    return f"save {weights.address} in {home.weights}, a folder of the home{name}."


def list_missing_weights(home: Home, specs: Iterable[RunSpec]) -> list[str]:
    """Return a message per file of ImageNet weights that runs need and that is not on this machine."""
    needed = dict.fromkeys(weights for spec in specs if (weights := BACKBONES[spec.backbone].weights))
    return [
        f"The ImageNet weights {weights.file} are not on this machine; the first run downloads them. If it cannot, "
        f"{describe_weights_download(home, weights)}"
        for weights in needed
        if not any(path.is_file() for path in list_weights_paths(home, weights))
    ]
