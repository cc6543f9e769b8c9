"""Description of an added model, `<home>/models/<name>/model.json`.

A model is named NAME, or NAME:FINGERPRINT in the spec of a run, so that another model with this name is another run.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bounds import Count, Extremes, UtcTime
from core.errors import ModelFileError, SpecError
from core.files import parse_json, read_file
from core.home import Home
from core.spec import SETTINGS
from core.suggestion import suggest

INFO, WEIGHTS, REMOVED = "model.json", "model.keras", ".removed"
EXAMPLE_SIDE = 224
"""Side of the images for which a model that accepts any size is counted."""
VALUE_RANGES = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
MODEL = "model"
"""Name of the backbone that is a model of the user."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_Text = Annotated[str, Field(max_length=100)]
_Shape = Annotated[tuple[Count, ...], Field(max_length=8)]


class ModelInfo(BaseModel):
    """An added model.

    Attributes:
        fingerprint: first 16 hex digits of the SHA-256 of layers, weights and value range.
        value_range: values of black and white that the model expects; images between 0 and 1 are scaled to them.
        any_side: whether it accepts images of any size; `input_shape` is an example then.
        params, flops: of all layers, for one image.
        cut: default layer after which a head begins.
        cuts: name and output shape of the layers after which a head can begin, in order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: Annotated[str, Field(pattern=f"^{_NAME.pattern}$")]
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    bytes: Count
    input_shape: Annotated[tuple[Count, ...], Field(min_length=1, max_length=4)]
    any_side: bool
    output_shape: Annotated[tuple[Count, ...], Field(min_length=1, max_length=4)]
    layers: Count
    params: Count
    flops: Count
    value_range: Extremes
    cut: _Text
    cuts: Annotated[tuple[tuple[_Text, _Shape], ...], Field(min_length=1, max_length=2000)]
    added: UtcTime

    @property
    def side(self) -> int | None:
        """Side of the square images that it reads; None if it accepts any, or not squares of a side in the bounds."""
        low, high = SETTINGS["side"].low or 0, SETTINGS["side"].high or 0
        side = self.input_shape[0]
        return None if self.any_side or self.input_shape[1:2] != (side,) or not low <= side <= high else side

    @property
    def reference(self) -> str:
        """The model as the spec of a run names it."""
        return f"{self.name}:{self.fingerprint}"


def split_reference(model: str) -> tuple[str, str]:
    """Return name and fingerprint of a model; the fingerprint is empty if it is not given."""
    name, _, fingerprint = model.partition(":")
    return name, fingerprint


def choose_model(changes: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which the backbone "model:NAME" is the model NAME; a model without a backbone also selects it.

    >>> choose_model({"backbone": "model:net", "epochs": 3})
    {'backbone': 'model', 'epochs': 3, 'model': 'net'}
    """
    backbone = changes.get("backbone")
    if isinstance(backbone, str) and backbone.startswith(f"{MODEL}:"):
        return changes | {"backbone": MODEL, "model": backbone.removeprefix(f"{MODEL}:")}
    return changes | {"backbone": MODEL} if changes.get("model") and not backbone else changes


def choose_models(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the values of a sweep in which backbones "model:NAME" are the models NAME; models select it too.

    Raises:
        SpecError: when other backbones or models are listed with them, because the grid would combine all of both.

    >>> choose_models({"backbone": ["model:net", "model:other"]})
    {'backbone': ['model'], 'model': ['net', 'other']}
    """
    backbones = values.get("backbone", [MODEL] if values.get("model") else [])
    named = [str(name).removeprefix(f"{MODEL}:") for name in backbones if str(name).startswith(f"{MODEL}:")]
    if not named:
        return values | ({"backbone": backbones} if backbones else {})
    if len(named) < len(backbones) or "model" in values:
        raise SpecError("The backbones are models of yours and others. Sweep them separately.")
    return values | {"backbone": [MODEL], "model": named}


def list_models(home: Home) -> list[str]:
    """List the names of the added models, including damaged ones. Other files and folders are ignored."""
    return _list_names(home.models)


def list_removed_models(home: Home) -> list[str]:
    """List the names of the models in the trash, which can be restored."""
    return _list_names(home.models / REMOVED)


def _list_names(folder: Path) -> list[str]:
    """List the names of the models in a folder."""
    try:
        return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir())
    except OSError:  # missing, or not a readable folder
        return []


def read_model_info(home: Home, name: str) -> ModelInfo:
    """Read the description of an added model.

    Raises:
        ModelFileError: when the home has no such model, or its description is damaged.
    """
    if not name:
        raise ModelFileError("Select a model, or add one with: headroom models add NAME FILE")
    if name not in list_models(home):
        raise ModelFileError(
            f"Model {name!r:.60} was not found. {suggest(name, list_models(home))}"
            f"Add it with: headroom models add {name} FILE"
        )
    try:
        return ModelInfo.model_validate_json(json.dumps(parse_json(read_file(home.models / name / INFO))))
    except (OSError, ValueError, ValidationError):
        raise ModelFileError(
            f"The description of model {name} is damaged. Remove and add it again: headroom models remove {name}"
        ) from None


def locate_weights(home: Home, model: str) -> Path:
    """Return the .keras file of a model. Raises ModelFileError if it is missing or another model has its name."""
    name, fingerprint = split_reference(model)
    info = read_model_info(home, name)
    path = home.models / name / WEIGHTS
    if fingerprint not in ("", info.fingerprint) or not path.is_file():
        raise ModelFileError(f"The file of model {name} is missing. Add it again with: headroom models add {name} FILE")
    return path
