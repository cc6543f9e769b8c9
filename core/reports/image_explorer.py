"""Test images of a report with the predictions of all runs, for HTML files: one image of all images, and numbers."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.displays.palette import compute_styles
from core.errors import DatasetError
from core.home import Home
from core.image_file import shrink_picture
from core.store.comparison import Comparison
from core.store.elsewhere import has_probabilities
from core.store.metrics import compute_predicted
from core.store.run import Run
from core.store.thumbnail import load_test_images

_COLUMNS = 50
_MAX_SIDE = 48  # pixels of a color image
_MAX_BYTES = {1: 2_000_000, 3: 4_000_000}  # of the pixels, by the number of channels
_MAX_NUMBERS = 200_000  # predictions of all runs

Pixels = NDArray[np.uint8]


def build_image_explorer(comparison: Comparison, home: Home) -> dict[str, Any] | None:
    """Return test images and predictions as JSON values; None if the images are not available, or not gray or RGB.

    If not all images fit, those that a run predicts wrongly are preferred.
    """
    first = comparison.first
    try:
        images = load_test_images(home, first)
    except DatasetError:
        return None
    labels = first.predictions.test_labels
    sample = _shrink(np.asarray(images[0]))
    if sample.shape[-1] not in _MAX_BYTES:
        return None
    most = max(1, _MAX_BYTES[sample.shape[-1]] // sample.size)
    runs = _select_runs(comparison, min(most, len(labels)))
    chosen = _choose(labels, [run for found in runs.values() for run in found], most)
    styles = compute_styles(comparison)
    return {
        "sheet": _encode_sheet([_shrink(np.asarray(images[index])) for index in chosen.tolist()]),
        "columns": _COLUMNS,
        "height": sample.shape[0],
        "width": sample.shape[1],
        "total": len(labels),
        "images": chosen.tolist(),
        "labels": labels[chosen].tolist(),
        "classes": [*first.record.data.classes],
        "heads": [
            {
                "head": label,
                "color": styles[label].color,
                "mark": styles[label].mark,
                "runs": [_list_predictions(run, chosen) for run in found],
            }
            for label, found in runs.items()
        ],
    }


def _select_runs(comparison: Comparison, images: int) -> dict[str, list[Run]]:
    """Return the runs of each variant; with many runs, only the first ones of each."""
    allowed = max(1, _MAX_NUMBERS // (images * len(comparison.variants)))
    return {variant.label: [*variant.runs[:allowed]] for variant in comparison.variants}


def _choose(labels: NDArray[np.int64], runs: list[Run], most: int) -> NDArray[np.int64]:
    """Return the indices of at most `most` images in ascending order, preferably wrongly predicted ones."""
    wrong = np.zeros(len(labels), bool)
    for run in runs:
        wrong |= compute_predicted(run.predictions.test_probs) != labels
    return np.sort(np.argsort(~wrong, kind="stable")[:most])


def _shrink(image: Pixels) -> Pixels:
    return image if image.shape[-1] == 1 and max(image.shape) <= _MAX_SIDE else shrink_picture(image, _MAX_SIDE)


def _encode_sheet(images: list[Pixels]) -> str:
    """Return all images in rows as a data URI: PNG in grayscale, JPEG in color."""
    height, width, channels = images[0].shape
    rows = -(-len(images) // _COLUMNS)
    sheet = np.zeros((rows * _COLUMNS, height, width, channels), np.uint8)
    sheet[: len(images)] = images
    tiled = sheet.reshape(rows, _COLUMNS, height, width, channels).transpose(0, 2, 1, 3, 4)
    pixels = tiled.reshape(rows * height, _COLUMNS * width, channels)
    buffer = io.BytesIO()
    kind = "PNG" if channels == 1 else "JPEG"
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(buffer, kind, quality=85, optimize=False)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _list_predictions(run: Run, chosen: NDArray[np.int64]) -> dict[str, Any]:
    """Return the predicted class of each image (−1 without one) and its probability per mille (−1 if unknown)."""
    probs = run.predictions.test_probs[chosen]
    predicted = compute_predicted(probs)
    known = has_probabilities(run) & (predicted >= 0)
    shares = np.nan_to_num(probs[np.arange(len(probs)), predicted], nan=0.0)
    return {
        "seed": run.spec.seed,
        "predicted": np.where(predicted >= 0, predicted, -1).tolist(),
        "share": np.where(known, np.rint(1000 * shares), -1).astype(int).tolist(),
    }
