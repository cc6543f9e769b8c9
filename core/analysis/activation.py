"""What a run's model looks at in some test images: from its stored maps, else computed anew by its model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.live_model import LiveModel
from core.augment.pillow import resize_array
from core.augment.prepare import prepare
from core.datasets.drawing import fit_drawing
from core.errors import RunDamagedError
from core.image_file import read_picture
from core.spec import DATASETS
from core.store.activation_maps import read_maps
from core.store.run import Run

_MOST_SECONDS = 2.0

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class ActivationView:
    """`maps` float32 of shape (images, classes, height, width) in units of the logit; `bias` of shape (classes,) is
    what exact ones leave out of it. None with a `unavailable_reason` that says why there are none."""

    maps: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    exact: bool = False
    unavailable_reason: str = ""


def compute_activation_view(run: Run, images: Sequence[int], load: Callable[[], Images]) -> ActivationView:
    """
    Args:
        images: their places in the test split.
        load: gets the same images as the model sees them, uint8 of shape (images, side, side, channels).

    Raises:
        RunDamagedError: when the maps or the model are not what the worker wrote.
        DatasetError: when there are images to load, and they are not here.
    """
    stored = read_maps(run)
    if stored and max(images, default=0) < len(stored.maps):
        return ActivationView(stored.maps[list(images)], stored.bias, stored.exact)
    kept = f"Run {run.run_id} keeps activation maps of the first {len(stored.maps)} test images" if stored else ""
    kept = kept or f"Run {run.run_id} was trained before activation maps were kept"
    if not run.has("model.tflite"):
        how = "choose one of these" if stored else f"remove its folder {run.path.name} and train it again to get them"
        return ActivationView(unavailable_reason=f"{kept}, and its model file is not here to compute others: {how}.")
    seconds = run.record.cost.latency_seconds * len(images)
    if seconds > _MOST_SECONDS:
        return ActivationView(
            unavailable_reason=f"{kept}; to compute others of {len(images)} images now would take {seconds:.0f} s."
        )
    model = LiveModel(run)
    if model.unavailable_reason:
        return ActivationView(unavailable_reason=model.unavailable_reason)
    return ActivationView(model.predict(load()).maps, model.bias, model.exact)


def prepare_images(run: Run, images: Sequence[Images]) -> Images:
    """Pictures as they are stored, uint8 of shape (height, width, channels) each, as the model of a run sees them.

    Raises:
        RunDamagedError: when they have other channels than the model was trained on.
    """
    height, width, channels = run.record.data.input_shape
    if any(image.shape[-1] != channels for image in images):
        raise RunDamagedError(f"Expected images with {channels} channels for run {run.run_id}; got others.")
    if height == width:
        return np.stack([prepare(image, height) for image in images])
    return np.stack([resize_array(image, height, width) for image in images])


def prepare_picture(data: bytes, run: Run) -> Images:
    """An image file as the model of a run sees it, uint8 of shape (height, width, channels).

    Raises:
        DatasetError: when it is no picture, a damaged or too large one, or an empty drawing.
    """
    channels = run.record.data.input_shape[-1]
    dataset = DATASETS[run.spec.dataset]
    picture = read_picture(data, channels=channels)
    if dataset.drawing:
        picture = fit_drawing(picture, dataset.drawing, dataset.input_shape[0])
    seen: Images = prepare_images(run, [picture])[0]
    return seen
