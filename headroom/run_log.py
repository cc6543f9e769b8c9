"""Log a finished run of any library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from headroom.bundle import Results, build_bundle, shrink_images
from headroom.delivery import FOLDER, check_target, deliver
from headroom.values import (
    MAX_SIDE,
    LogError,
    check_classes,
    check_data_name,
    check_history,
    check_labels,
    check_line,
    check_number,
    check_probabilities,
    check_size,
    to_array,
)

_MAX_SECONDS, _MAX_COUNT = 1e9, 2**53
COSTS = {
    "params": _MAX_COUNT, "trainable": _MAX_COUNT, "non_trainable": _MAX_COUNT, "flops": _MAX_COUNT,
    "keras_bytes": _MAX_COUNT, "tflite_bytes": _MAX_COUNT, "peak_bytes": _MAX_COUNT, "train_seconds": _MAX_SECONDS,
    "latency_seconds": _MAX_SECONDS, "latency_p95_seconds": _MAX_SECONDS, "latency_32_seconds": _MAX_SECONDS,
}  # fmt: skip
"""Costs that `log_run` accepts, with their maximum."""


def log_run(
    name: str,
    labels: Any,
    probabilities: Any = None,
    *,
    predictions: Any = None,
    classes: Sequence[str] | None = None,
    history: Any = None,
    validation: tuple[Any, Any] | None = None,
    logits: bool = False,
    seed: int = 0,
    data: str = "",
    library: str = "",
    settings: Mapping[str, object] | None = None,
    cost: Mapping[str, float] | None = None,
    layers: Sequence[Mapping[str, Any]] = (),
    images: Any = None,
    train_images: int | None = None,
    to: str | PathLike[str] = FOLDER,
    token: str | None = None,
) -> str:
    """Log a run: write a bundle to a folder, or send it to a dashboard. Return the run ID.

    Args:
        name: name of the model. Runs with the same name are seeds of one variant.
        labels: true class of each test image: numbers from 0, one-hot rows, or names in `classes`. Their order matters:
            runs are compared only if they have the same labels in the same order.
        probabilities: one row per test image with one probability per class, or one column for the second of two
            classes. PyTorch tensors are accepted.
        predictions: predicted class of each test image, if there are no probabilities.
        classes: names of the classes; by default, their numbers.
        history: History object of Keras, columns, rows or a data frame with loss, accuracy, val_loss, val_accuracy,
            learning_rate and seconds (since the start); each of them may be missing.
        validation: labels and probabilities of the validation images, for calibration and the choice of the baseline.
        logits: `probabilities` and those in `validation` are logits.
        seed: seed of the run.
        data: name of the dataset; if Headroom has it and its labels are equal, its images are shown.
        library: library with its version, such as "scikit-learn 1.9".
        settings: hyperparameters to show, as text.
        cost: numbers such as params, flops, train_seconds or latency_seconds (see `COSTS`).
        layers: rows with name, type, output_shape, trainable and non_trainable (numbers of parameters).
        images: test images, to show them in the dashboard: uint8 or floats of shape (images, height, width, channels).
        train_images: number of training images.
        to: folder, or address of a dashboard. If it cannot be reached, the bundle is saved to `headroom-runs`.
        token: access token of a dashboard with a login; by default, HEADROOM_TOKEN.

    Raises:
        LogError: when a value is wrong.
    """
    target = check_target(to, token)
    results = build_results(
        name, labels, probabilities, predictions=predictions, classes=classes, history=history, validation=validation,
        logits=logits, seed=seed, data=data, library=library, settings=settings, cost=cost, layers=layers,
        images=images, train_images=train_images,
    )  # fmt: skip
    run_id, content = build_bundle(results)
    print(deliver(run_id, results.name, content, target, token))
    return run_id


def build_results(
    name: str,
    labels: Any,
    probabilities: Any = None,
    *,
    predictions: Any = None,
    classes: Sequence[str] | None = None,
    history: Any = None,
    validation: tuple[Any, Any] | None = None,
    logits: bool = False,
    seed: int = 0,
    data: str = "",
    library: str = "",
    settings: Mapping[str, object] | None = None,
    cost: Mapping[str, float] | None = None,
    layers: Sequence[Mapping[str, Any]] = (),
    images: Any = None,
    train_images: int | None = None,
) -> Results:
    """Check the values of `log_run`.

    Raises:
        LogError: for the first wrong value.
    """
    check_line("name", name, 80)
    if (probabilities is None) == (predictions is None):
        both = "" if predictions is None else ", not both"
        raise LogError(f"Give either probabilities or predictions{both}.")
    names = None if classes is None else check_classes(classes, None)
    true = check_labels("labels", labels, names)
    if probabilities is not None:
        probs = check_probabilities("probabilities", probabilities, len(true), logits=logits)
        names = check_classes(names, probs.shape[1])
    else:
        predicted = check_labels("predictions", predictions, names)
        if len(predicted) != len(true):
            raise LogError(f"Expected one prediction per label ({len(true):,}); got {len(predicted):,}.")
        names = names or check_classes(None, max(2, int(max(true.max(), predicted.max())) + 1))
        check_size(len(true), len(names))
        probs = np.zeros((len(true), len(names)), np.float32)
        probs[np.arange(len(true)), predicted] = 1
    check_labels("labels", true, names)
    rows = check_history(history)
    return Results(
        name=name,
        labels=true,
        probabilities=probs,
        classes=names,
        seed=check_number("seed", seed, 0, 2**31 - 1, whole=True) or 0,
        data=check_data_name(data),
        library=check_line("library", library) if library else "",
        has_probabilities=probabilities is not None,
        validation=_check_validation(validation, names, logits, predictions is not None),
        history=rows,
        layers=[check_layer(layer) for layer in _check_layers(layers)],
        settings=check_settings(settings),
        cost=_check_cost(cost),
        train_images=check_number("train_images", train_images, 1, 10_000_000, whole=True),
        input_shape=_read_shape(images),
        images=_check_images(images, len(true)),
    )


def _check_validation(value: Any, classes: list[str], logits: bool, only_classes: bool) -> Any:
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise LogError(f"Expected validation to be a pair of labels and probabilities; got {type(value).__name__}.")
    labels = check_labels("validation labels", value[0], classes)
    if only_classes:
        raise LogError("Expected validation with probabilities of the test images; got predictions.")
    probs = check_probabilities("validation probabilities", value[1], len(labels), logits=logits)
    check_classes(classes, probs.shape[1])
    return probs, labels


def check_settings(settings: Mapping[str, object] | None) -> dict[str, str]:
    if settings is not None and not isinstance(settings, Mapping):
        raise LogError(f"Expected settings to be names with values; got {type(settings).__name__}.")
    if len(settings or {}) > 100:
        raise LogError(f"Expected at most 100 settings; got {len(settings or {})}.")
    found = {}
    for name, value in (settings or {}).items():
        text = " ".join(str(value).split())
        text = text if len(text) <= 200 else f"{text[:199]}…"
        found[check_line("the name of a setting", str(name))] = check_line(f"setting {name}", text) if text else ""
    return found


def _check_cost(cost: Mapping[str, float] | None) -> dict[str, float]:
    found = {}
    for name, value in (cost or {}).items():
        if name not in COSTS:
            raise LogError(f"Expected cost with {', '.join(COSTS)}; got {name!r:.60}.")
        if value is not None:
            whole = not name.endswith("seconds")
            found[name] = check_number(f"cost {name}", value, 0, COSTS[name], whole=whole)
    return found


def _check_layers(layers: Any) -> Sequence[Any]:
    if isinstance(layers, (str, Mapping)) or not isinstance(layers, Sequence) or len(layers) > 10_000:
        raise LogError(f"Expected layers to be at most 10,000 rows; got {type(layers).__name__}.")
    return layers


def check_layer(layer: Any) -> dict[str, Any]:
    """Return a row of the layer table. Sides that depend on the input are 0."""
    if not isinstance(layer, Mapping) or {"name", "type", "output_shape"} - {*layer}:
        raise LogError(f"Expected each layer with name, type and output_shape; got {layer!r:.60}.")
    counts = {name: layer.get(name, 0) for name in ("trainable", "non_trainable")}
    return {
        "name": check_line("the name of a layer", layer["name"]),
        "type": check_line("the type of a layer", layer["type"]),
        "output_shape": [
            check_number("a side of output_shape", side or 0, 0, _MAX_COUNT, whole=True)
            for side in [*layer["output_shape"]][:6]
        ],
        **{
            name: check_number(f"{name} of a layer", value, 0, _MAX_COUNT, whole=True) for name, value in counts.items()
        },
        "flops": check_number("flops of a layer", layer.get("flops"), 0, _MAX_COUNT, whole=True),
    }


def _read_shape(images: Any) -> tuple[int, ...]:
    shape = tuple(getattr(images, "shape", ()))[1:]
    return shape if 2 <= len(shape) <= 4 and all(1 <= side <= MAX_SIDE for side in shape) else ()


def _check_images(images: Any, count: int) -> Any:
    if images is None:
        return None
    array = to_array("images", images)
    if len(array) != count:
        raise LogError(f"Expected one test image per label ({count:,}); got {len(array):,}.")
    found = shrink_images(array)
    if found is None:
        raise LogError(f"Expected images of shape (images, height, width, 1 or 3 channels); got {array.shape}.")
    return found
