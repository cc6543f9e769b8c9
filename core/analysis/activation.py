"""Class activation maps of a run for some test images: the stored ones, otherwise computed by its model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.live_model import LiveModel
from core.augment.pillow import resize_array
from core.augment.prepare import prepare
from core.datasets.drawing import fit_drawing
from core.image_file import read_picture
from core.image_values import ValueRange
from core.spec import DATASETS
from core.store.activation_maps import read_maps
from core.store.run import Run

_MAX_SECONDS = 2.0

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class ActivationView:
    """Activation maps, or the reason why they are unavailable.

    Attributes:
        maps: float32 of shape (images, classes, height, width), in units of the logit.
        bias: float32 of shape (classes,): the part of the logits that exact maps do not contain.
        exact: whether the mean of a map plus the bias is the logit (CAM), not an approximation (Grad-CAM).
        unavailable_reason: an error message if `maps` is None, otherwise empty.
    """

    maps: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    exact: bool = False
    unavailable_reason: str = ""


def compute_activation_view(run: Run, images: Sequence[int], load: Callable[[], Images]) -> ActivationView:
    """Return the activation maps of some test images.

    Args:
        images: indices in the test set.
        load: returns these images as input of the model, uint8 of shape (images, side, side, channels).

    Raises:
        RunDamagedError: if the maps or the model fail their checksum.
        DatasetError: if the images have to be loaded and the dataset is not available.
    """
    stored = read_maps(run)
    if stored and max(images, default=0) < len(stored.maps):
        return ActivationView(stored.maps[list(images)], stored.bias, stored.exact)
    state = f"Run {run.run_id} has activation maps of the first {len(stored.maps)} test images only" if stored else ""
    state = state or f"Run {run.run_id} was trained before Headroom stored activation maps"
    if not run.has("model.tflite"):
        if run.spec.elsewhere:
            return ActivationView(
                unavailable_reason=f"{run.spec.elsewhere} was trained elsewhere and has no model file."
            )
        action = "Select one of these images" if stored else f"Delete its folder {run.path.name} and train it again"
        return ActivationView(unavailable_reason=f"{state}, and its model file is missing. {action}.")
    seconds = (run.record.cost.latency_seconds or 0.0) * len(images)
    if seconds > _MAX_SECONDS:
        return ActivationView(
            unavailable_reason=f"{state}. Computing the maps of {len(images)} images would take {seconds:.0f} s."
        )
    model = LiveModel(run)
    if model.unavailable_reason:
        return ActivationView(unavailable_reason=model.unavailable_reason)
    return ActivationView(model.predict(load()).maps, model.bias, model.exact)


def prepare_images(run: Run, images: Sequence[Images]) -> Images:
    """Return dataset images, uint8 of shape (height, width, channels), resized to the input shape of a run's model.

    Raises:
        RunDamagedError: if the model was trained on a different number of channels.
    """
    height, width, channels = run.record.data.input_shape
    other = next((image.shape[-1] for image in images if image.shape[-1] != channels), None)
    if other is not None:
        raise run.damaged(f"Expected images with {channels} channels for run {run.run_id}; got {other}.")
    if height == width:
        return np.stack([prepare(image, height) for image in images])
    return np.stack([resize_array(image, height, width) for image in images])


def prepare_picture(data: bytes, run: Run) -> Images:
    """Return an image file as input of a run's model, uint8 of shape (height, width, channels).

    Values of more than 8 bits are scaled by the range of the dataset, and images that are not square become squares,
    like the images that the model was trained on.

    Raises:
        DatasetError: if the file is not an image, is damaged or too large, or is an empty drawing.
    """
    found = run.record.data
    dataset = DATASETS[run.spec.dataset]
    picture = read_picture(data, channels=found.input_shape[-1], value_range=_read_range(run))
    if dataset.drawing:
        picture = fit_drawing(picture, dataset.drawing, dataset.input_shape[0])
    elif dataset.added and found.fit != "crop":
        picture = prepare(picture, found.input_shape[0], found.fit)
    prepared: Images = prepare_images(run, [picture])[0]
    return prepared


def _read_range(run: Run) -> ValueRange | None:
    found = run.record.data.value_range
    return None if found is None else ValueRange(*found)
