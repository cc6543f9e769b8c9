"""Layers of the models that were ever added, by fingerprint: `<home>/models/.layers/<fingerprint>.json`.

They are small and stay when a model is removed, so that its runs can still be read.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.architecture.keras_model import KerasModel, read_keras_model
from core.errors import SpecError
from core.files import parse_json, read_file, write_json
from core.home import Home
from core.models.model_info import EXAMPLE_SIDE, read_model_info, split_reference

_other_homes: list[Home] = []


def register_home(home: Home) -> None:
    """Also look for layers in this home, in processes whose home is not that of the environment."""
    if home not in _other_homes:
        _other_homes.append(home)


def write_layers(home: Home, config: dict[str, Any], value_range: tuple[float, float], weights: str) -> str:
    """Store the config of a model under its fingerprint, and return that.

    Args:
        weights: SHA-256 of the file of weights.
    """
    fingerprint = compute_model_fingerprint(config, value_range, weights)
    path = layers_path(home, fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"value_range": list(value_range), "weights": weights, "config": config})
    return fingerprint


def compute_model_fingerprint(config: dict[str, Any], value_range: tuple[float, float], weights: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of layers, weights and value range."""
    layers = json.loads(json.dumps(config), object_hook=_drop_object_id)["config"]
    content = json.dumps([layers, value_range], sort_keys=True) + weights
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _drop_object_id(config: dict[str, object]) -> dict[str, object]:
    """Return a config without the address in memory that an object had when Keras saved it."""
    return {name: value for name, value in config.items() if name != "shared_object_id"}


def layers_path(home: Home, fingerprint: str) -> Path:
    return home.models / ".layers" / f"{fingerprint}.json"


def check_layers(path: Path) -> None:
    """Check that a file of layers, from another home, has the fingerprint of its name.

    Raises:
        SpecError, ModelFileError: when it is invalid.
    """
    _, value_range = read_layers_file(path, EXAMPLE_SIDE)
    values = parse_json(read_file(path))
    if compute_model_fingerprint(values["config"], value_range, str(values.get("weights"))) != path.stem:
        raise SpecError(f"The layers in {path.name} do not match their fingerprint.")


def find_layers(model: str) -> Path:
    """Return the file with the layers of a model: NAME or NAME:FINGERPRINT.

    Raises:
        SpecError, ModelFileError: when the homes of this process do not have it.
    """
    name, fingerprint = split_reference(model)
    homes = [Home.default(), *_other_homes]
    if not fingerprint:
        fingerprint = read_model_info(homes[0], name).fingerprint
    for home in homes:
        path = layers_path(home, fingerprint)
        if path.is_file():
            return path
    raise SpecError(
        f"The layers of model {name} ({fingerprint}) are not in this home. Add its file with: headroom models add "
        f"{name} FILE"
    )


def read_layers_file(path: Path, side: int) -> tuple[KerasModel, tuple[float, float]]:
    """Return a model, for images of this side if it accepts any, and its value range.

    Raises:
        SpecError, ModelFileError: when the file is damaged.
    """
    found = path.stat()
    return _read(path, side, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, side: int, modified: int, size: int) -> tuple[KerasModel, tuple[float, float]]:
    try:
        values = parse_json(read_file(path))
        low, high = map(float, values["value_range"])
        text = json.dumps(values["config"]).encode()
    except (OSError, ValueError, KeyError, TypeError):
        raise SpecError(f"The layers in {path.name} are damaged. Remove the model and add it again.") from None
    return read_keras_model(text, side=side, label="The model"), (low, high)
