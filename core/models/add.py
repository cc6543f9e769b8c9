"""Adding and removing the models of users."""

import errno
import hashlib
import json
import shutil
import tempfile
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.architecture.keras_file import read_config
from core.architecture.keras_model import KerasModel, read_keras_model
from core.architecture.layers import Rescaling
from core.errors import HomeError, ModelFileError, SpecError
from core.files import DAMAGED_ZIP, write_json
from core.home import Home
from core.models.layer_store import compute_model_fingerprint, write_layers
from core.models.model_info import (
    EXAMPLE_SIDE,
    INFO,
    MODEL,
    REMOVED,
    VALUE_RANGES,
    WEIGHTS,
    ModelInfo,
    list_models,
    list_removed_models,
    read_model_info,
)
from core.models.own_layers import list_nodes
from core.models.weights_file import count_saved_values
from core.spec import SETTINGS, RunSpec

MAX_BYTES = 2_000_000_000
_WEIGHTS_ENTRY = "model.weights.h5"


def add_model(home: Home, name: str, source: Path, *, value_range: str | None = None, label: str = "") -> ModelInfo:
    """Check a `.keras` file and copy it to the home; the same file again changes nothing.

    Args:
        value_range: key of VALUE_RANGES: the values of black and white that the model expects. By default 0..255 if the
            model scales its input itself, otherwise 0..1.
        label: what error messages call the file; its name by default.

    Raises:
        ModelFileError: when the file is no `.keras` file, is unsafe, damaged or too large, or cannot be used, or the
            name is invalid or taken.
        HomeError: when the home is not writable or the disk is full.
    """
    check_arguments(name, value_range)
    label = label or source.name
    try:
        if source.exists() and not source.is_file():  # a pipe would never answer
            raise ModelFileError(f"{label} is not a file.")
        size = source.stat().st_size
    except OSError as error:
        raise ModelFileError(f"{label} cannot be read: {error.strerror}.") from None
    if size > MAX_BYTES:
        raise ModelFileError(f"{label} has more than {MAX_BYTES // 10**9} GB.")
    config = read_config(source, label)
    text = json.dumps(config).encode()
    read, any_side = read_keras_model(text, side=EXAMPLE_SIDE, label=label), _accepts_any_side(text)
    _check_model(read, label)
    weights = _check_weights(source, read, label)
    bounds = VALUE_RANGES[value_range or _choose_value_range(read)]
    info = ModelInfo(
        name=name,
        fingerprint=compute_model_fingerprint(config, bounds, weights),
        bytes=size,
        input_shape=read.input_shape,
        any_side=any_side,
        output_shape=read.rows[-1].output_shape,
        layers=len(read.rows),
        params=read.params,
        flops=read.flops,
        value_range=bounds,
        cut=read.cut,
        cuts=tuple((cut.layer, cut.shape) for cut in read.cuts[-500:]),
        added=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if name in list_models(home):
        with suppress(ModelFileError):
            if (existing := read_model_info(home, name)).fingerprint == info.fingerprint:
                return existing
        raise ModelFileError(
            f"A model named {name} exists. Choose another name, or remove it: headroom models remove {name}"
        )
    _store(home, info, source, config, weights)
    return info


def remove_model(home: Home, name: str) -> None:
    """Move a model to the trash. Its runs stay, and can still be read.

    Raises:
        ModelFileError: when the home has no such model.
        HomeError: when the home is not writable.
    """
    if name not in list_models(home):
        raise ModelFileError(f"Model {name!r:.60} was not found; it may have been removed.")
    trash = home.models / REMOVED
    try:
        trash.mkdir(exist_ok=True)
        shutil.rmtree(trash / name, ignore_errors=True)  # an earlier model with the same name
        (home.models / name).rename(trash / name)
    except OSError as error:
        raise HomeError(f"Cannot remove model {name}: {error.strerror}.") from None


def restore_model(home: Home, name: str) -> None:
    """Restore a removed model.

    Raises:
        ModelFileError: when the trash does not contain it, or its name has been used again.
        HomeError: when the home is not writable.
    """
    if name not in list_removed_models(home):
        raise ModelFileError(f"Model {name!r:.60} is not in the trash; it may have been deleted permanently.")
    if name in list_models(home):
        raise ModelFileError(f"Cannot restore model {name}: another model has this name. Remove it first.")
    try:
        (home.models / REMOVED / name).rename(home.models / name)
    except OSError as error:
        raise HomeError(f"Cannot restore model {name}: {error.strerror}.") from None


def clear_removed_models(home: Home) -> None:
    """Permanently delete the removed models. Their layers stay, so that their runs can still be read."""
    shutil.rmtree(home.models / REMOVED, ignore_errors=True)


def check_arguments(name: str, value_range: str | None) -> None:
    """Raise ModelFileError unless a model can have this name and value range."""
    try:
        if not name or ":" in name:
            raise SpecError("")
        RunSpec.parse({"backbone": MODEL, "model": name})
    except SpecError:
        raise ModelFileError(f"Expected the name to be {SETTINGS['folder'].form}; got {name!r:.60}.") from None
    if value_range is not None and value_range not in VALUE_RANGES:
        raise ModelFileError(
            f"Expected the value range to be one of {', '.join(VALUE_RANGES)}; got {value_range!r:.20}."
        )


def _check_model(model: KerasModel, label: str) -> None:
    shapes = [" × ".join(map(str, shape)) or "one number" for _, shape in model.inputs]
    if len(model.inputs) != 1 or len(model.input_shape) != 3:
        raise ModelFileError(
            f"{label} has the inputs {', '.join(shapes):.200}; only models with one image (height × width × channels) "
            "as input can be used."
        )
    if model.input_shape[-1] not in (1, 3):
        raise ModelFileError(f"{label} reads images with {model.input_shape[-1]} channels; only 1 or 3 can be used.")
    if len(model.outputs) != 1:
        raise ModelFileError(f"{label} has {len(model.outputs)} outputs; only models with one output can be used.")
    if not model.cuts:
        raise ModelFileError(f"{label} has no feature maps (height, width, channels), so no head can be added to it.")
    try:
        list_nodes(model, model.cut, VALUE_RANGES["0..1"])
    except SpecError as error:
        raise ModelFileError(f"{label} cannot be used: {str(error)[:1].lower()}{str(error)[1:]}") from None


def _accepts_any_side(text: bytes) -> bool:
    try:
        read_keras_model(text)
    except ModelFileError:  # without a side, the shapes are not known
        return True
    return False


def _check_weights(source: Path, model: KerasModel, label: str) -> str:
    """Check the weights in a file against its layers, and return their SHA-256."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as copy:
        try:
            with zipfile.ZipFile(source) as archive:
                info = archive.getinfo(_WEIGHTS_ENTRY)
                if info.file_size > MAX_BYTES:
                    raise ModelFileError(f"The weights in {label} have more than {MAX_BYTES // 10**9} GB.")
                with archive.open(info) as entry:
                    while block := entry.read(1 << 20):
                        digest.update(block)
                        copy.write(block)
        except KeyError:
            raise ModelFileError(f"{label} has no weights. Save the model with model.save('FILE.keras').") from None
        except (*DAMAGED_ZIP, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise HomeError(f"Cannot check {label}: {error.strerror}.") from None
            raise ModelFileError(f"{label} is a damaged ZIP archive. Save the model again.") from None
        found = count_saved_values(copy)
    if found != model.params:
        raise ModelFileError(
            f"The weights in {label} do not fit its layers: {found:,} values, {model.params:,} expected. Save the "
            "model again with Keras."
        )
    return digest.hexdigest()


def _choose_value_range(model: KerasModel) -> str:
    """Return the value range: a model whose first layers rescale or normalize reads values from 0 to 255."""
    source = {model.inputs[0][0]}
    for row, layer in zip(model.rows, model.layers, strict=True):
        if not source & {*row.inputs}:
            break
        if isinstance(layer, Rescaling) or row.type == "Normalization":
            return "0..255"
        if row.params or row.output_shape != model.input_shape:
            break
        source.add(row.name)
    return "0..1"


def _store(home: Home, info: ModelInfo, source: Path, config: dict[str, object], weights: str) -> None:
    folder = home.models / f".adding-{info.name}"
    try:
        home.models.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write_layers(home, config, info.value_range, weights)
        shutil.copyfile(source, folder / WEIGHTS)
        write_json(folder / INFO, info.model_dump(mode="json"))
        folder.rename(home.models / info.name)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise HomeError(f"Cannot add model {info.name}: {error.strerror}.") from None
