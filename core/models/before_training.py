"""Messages before training starts: missing ImageNet weights, and images of another size than an own model expects."""

from collections.abc import Iterable

from core.errors import ModelFileError
from core.home import Home
from core.models.model_info import read_model_info, split_reference
from core.models.pretrained import list_missing_weights
from core.spec import DATASETS, RunSpec


def list_training_messages(home: Home, specs: Iterable[RunSpec]) -> list[str]:
    """Return what a user should know about runs before they are trained, as sentences."""
    specs = [*specs]
    return [*list_image_sizes(home, specs), *list_missing_weights(home, specs)]


def list_image_sizes(home: Home, specs: Iterable[RunSpec]) -> list[str]:
    """Return a sentence per model of the user and size of the images: they are resized for it, or it expects others."""
    found = [_describe_images(home, spec) for spec in specs if spec.model]
    return [text for text in dict.fromkeys(found) if text]


def _describe_images(home: Home, spec: RunSpec) -> str:
    try:
        info = read_model_info(home, split_reference(spec.model)[0])
    except ModelFileError:  # the run cannot be trained, which its start reports
        return ""
    resized = spec.side is not None
    size = (spec.side, spec.side) if resized else DATASETS[spec.dataset].input_shape[:2]
    given, expected = (" × ".join(map(str, shape)) for shape in (size, info.input_shape[:2]))
    if info.any_side or (size == info.input_shape[:2] and not resized):
        return ""
    if size == info.input_shape[:2]:
        return f"Images are resized to {given} pixels, the input size of model {info.name}."
    how = f"images that are resized to {given} pixels" if resized else f"those of the dataset, of {given} pixels"
    return f"Model {info.name} expects images of {expected} pixels. As a backbone it gets {how}."
