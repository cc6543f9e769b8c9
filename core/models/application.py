"""Weights of a Keras application, added as a model: `.weights.h5`, and `.h5` of Keras 2 and of Keras itself.

The file contains no layers. A separate process builds those of the application, because this one does not import
TensorFlow.
"""

import tempfile
from pathlib import Path

from core.architecture.layers import Rescaling
from core.architecture.model import Model, compute_model
from core.entry_point import APPLICATION, build_command
from core.errors import ModelFileError
from core.home import Home
from core.models.add import MAX_BYTES, add_model, check_arguments
from core.models.evaluation import run_process
from core.models.model_info import EXAMPLE_SIDE, ModelInfo
from core.models.weights_file import count_saved_values
from core.spec import BACKBONES, RunSpec

DEFAULT_SIDES = {"inception_v3": 299, "xception": 299}  # of other applications: EXAMPLE_SIDE
SIZED = ("nasnet_mobile",)
"""Applications of which Keras builds other layers when the side of the images is not known."""
_MAX_SIDE = 1024
_HIDDEN = {"mobilenet_v3_small": 1024, "mobilenet_v3_large": 1280}  # filters before the scores
_VGG_HIDDEN = 4096


def list_applications() -> list[str]:
    """List the backbones whose layers Keras Applications also has."""
    return [name for name, found in BACKBONES.items() if found.weights]


def add_application(
    home: Home, name: str, source: Path, application: str, *, side: int | None = None, value_range: str | None = None
) -> ModelInfo:
    """Build an application with the weights in an HDF5 file, and add it as a model (see `add_model`).

    The number of values shows whether the weights include the classifier, and its number of classes.

    Args:
        application: a pretrained backbone, or its name in Keras, such as ResNet50.
        side: of the images that a model with a classifier reads; by default that of the application. A model without
            one reads images of any size, unless it is one of SIZED.
        value_range: values of black and white that the weights were trained with, a key of VALUE_RANGES. By default the
            preprocessing of the application becomes part of the model, which then reads values from 0 to 255.

    Raises:
        ModelFileError: when the file is unsafe, damaged, too large or of another application, or the model cannot be
            added.
        HomeError: when the home is not writable or the disk is full.
    """
    check_arguments(name, value_range)
    backbone = _find_application(application)
    if side is not None and not 1 <= side <= _MAX_SIDE:
        raise ModelFileError(f"Expected the side of the images to be at most {_MAX_SIDE} pixels; got {side}.")
    used = side or DEFAULT_SIDES.get(backbone, EXAMPLE_SIDE)
    classes = count_classes(backbone, _count_values(source), used, source.name)
    is_sized = classes > 0 or backbone in SIZED
    if side and not is_sized:
        raise ModelFileError(f"{source.name} has no classifier, so its model reads images of any size; omit the side.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "application.keras")
        known = value_range is not None
        arguments = str(source.absolute()), str(path), str(classes), str(used if is_sized else 0), str(int(known))
        run_process(build_command(APPLICATION, backbone, *arguments), f"The import of {source.name}")
        return add_model(home, name, path, value_range=value_range or "0..255", label=source.name)


def build_closed(backbone: str) -> Model:
    """Return the layers of a backbone without the classifier of its application, followed by a head."""
    side = DEFAULT_SIDES.get(backbone, EXAMPLE_SIDE)
    return compute_model(RunSpec(backbone=backbone, head="gap"), (side, side, 3), 2)


def read_preprocessing(backbone: str) -> Rescaling | None:
    """Return the preprocessing of values from 0 to 255; None if the application contains it."""
    unit = build_closed(backbone).layers[0]
    assert isinstance(unit, Rescaling)
    scales = unit.scale if isinstance(unit.scale, tuple) else (unit.scale,) * 3
    scale = tuple(value / 255 for value in scales)
    if set(scale) == {1.0} and unit.offset == 0:
        return None
    return Rescaling(scale, unit.offset if isinstance(unit.offset, tuple) else (unit.offset,) * 3, name=unit.name)


def _find_application(application: str) -> str:
    wanted = application.replace("_", "").lower()
    for name in list_applications():
        if name.replace("_", "") == wanted:
            return name
    raise ModelFileError(
        f"Expected the application to be one of {', '.join(list_applications())}; got {application!r:.60}."
    )


def _count_values(source: Path) -> int:
    try:
        if source.stat().st_size > MAX_BYTES:
            raise ModelFileError(f"{source.name} has more than {MAX_BYTES // 10**9} GB.")
        with source.open("rb") as file:
            if file.read(2) == b"PK":
                raise ModelFileError(f"{source.name} is a .keras file, which has layers. Omit the application.")
            file.seek(0)
            return count_saved_values(file)
    except OSError as error:
        raise ModelFileError(f"{source.name} cannot be read: {error.strerror or 'input/output error'}.") from None


def count_classes(backbone: str, values: int, side: int, label: str) -> int:
    """Return the number of classes of the classifier in a file, 0 without one.

    Args:
        values: number of values in the file.
        side: of the images of the model; VGG has a Dense layer that reads all feature maps.

    Raises:
        ModelFileError: when the application cannot have this number of values.
    """
    rows = [row for row in build_closed(backbone).rows if row.part == "backbone"]
    alone = sum(row.params for row in rows)
    width = channels = rows[-1].output_shape[-1]
    hidden = 0
    if backbone.startswith("vgg"):
        width = _VGG_HIDDEN
        hidden = (channels * (side // 32) ** 2 + 1) * width + (width + 1) * width
    elif backbone in _HIDDEN:
        width = _HIDDEN[backbone]
        hidden = (channels + 1) * width
    classes, rest = divmod(values - alone - hidden, width + 1)
    if values == alone:
        return 0
    if rest or classes < 1:
        kind = BACKBONES[backbone].label.partition(" (")[0]
        raise ModelFileError(
            f"{label} has {values:,} values, which {kind} does not have: without a classifier {alone:,}, with one "
            f"{alone + hidden:,} and {width + 1:,} per class. Name the application that the weights were saved from."
        )
    return classes
