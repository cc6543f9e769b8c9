"""Keras callback that logs a run: curves, learning rate, times, test predictions, layers and environment."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np

from headroom.bundle import build_bundle
from headroom.delivery import FOLDER, check_target, deliver
from headroom.keras_model import read_config, read_layers, read_learning_rate, read_library, read_settings
from headroom.run_log import build_results
from headroom.values import LogError, check_classes, check_data_name, check_labels, check_line, check_number

Best = Literal["val_loss", "val_accuracy"]


class Logger:
    """Keras callback that writes or sends a run at the end of training.

    It works with Keras 3 on any backend and with tf.keras 2, and never imports or disturbs them: if something fails,
    the training continues and a message states what happened.

    Args:
        name: name of the model. Runs with the same name are seeds of one variant.
        test: test images and labels, as for `model.predict`: numbers from 0 or one-hot rows.
        classes: names of the classes; by default, their numbers.
        validation: validation images and labels, for calibration and the choice of the baseline.
        best: keep the epoch with the best value of this metric; the run then has the predictions of both this epoch and
            the last one.
        images: include the test images as thumbnails, to show them in the dashboard.
        seed, data, to, token: see `headroom.log_run`.

    After training, `run_id` is the ID of the run; None if it could not be logged.

    Raises:
        LogError: when an argument is wrong. Nothing is raised later.
    """

    async_safe = False
    params: Any = None
    model: Any = None

    def __init__(
        self,
        name: str,
        *,
        test: tuple[Any, Any],
        classes: Sequence[str] | None = None,
        validation: tuple[Any, Any] | None = None,
        best: Best | None = None,
        images: bool = False,
        seed: int = 0,
        data: str = "",
        batch_size: int = 256,
        to: str | PathLike[str] = FOLDER,
        token: str | None = None,
    ) -> None:
        self.name = check_line("name", name, 80)
        self.classes = None if classes is None else check_classes(classes, None)
        self.test = _check_split("test", test, self.classes)
        self.validation = None if validation is None else _check_split("validation", validation, self.classes)
        if best not in (None, "val_loss", "val_accuracy"):
            raise LogError(f"Expected best to be 'val_loss', 'val_accuracy' or None; got {best!r:.60}.")
        self.best = best
        self.images = images
        self.seed = check_number("seed", seed, 0, 2**31 - 1, whole=True) or 0
        self.data = check_data_name(data)
        self.batch_size = check_number("batch_size", batch_size, 1, 1_000_000, whole=True)
        self.target, self.token = check_target(to, token), token
        self.run_id: str | None = None
        self._reset()

    def _reset(self) -> None:
        self.history: list[dict[str, Any]] = []
        self._started = time.monotonic()
        self._best_value, self._best_epoch, self._best_weights = math.inf, 0, None
        self._problem = ""

    def set_params(self, params: Any) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def on_train_begin(self, logs: Any = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record an epoch, and remember the weights of the best one."""
        try:
            row = {str(name): float(value) for name, value in dict(logs or {}).items()}
            row["seconds"] = time.monotonic() - self._started
            rate = read_learning_rate(self.model)
            self.history.append(row if rate is None else {**row, "learning_rate": rate})
            self._keep_best(row)
        except Exception as error:
            self._problem = _describe(error)

    def _keep_best(self, row: dict[str, float]) -> None:
        if self.best is None:
            return
        names = (self.best, "val_acc") if self.best == "val_accuracy" else (self.best,)
        found = next((value for name, value in row.items() if name in names or _is_accuracy(name, self.best)), None)
        if found is None:
            return
        value = -found if self.best == "val_accuracy" else found
        if value < self._best_value:
            self._best_value, self._best_epoch = value, len(self.history)
            self._best_weights = self.model.get_weights()

    def on_train_end(self, logs: Any = None) -> None:
        """Log the run; a problem becomes a message."""
        try:
            self.run_id, message = self._log()
            print(message)
        except Exception as error:
            self._problem = _describe(error)
        if self._problem:
            print(f"Headroom did not log everything of {self.name!r}: {self._problem}")

    def _log(self) -> tuple[str, str]:
        model, (images, labels) = self.model, self.test
        last = self._predict(images)
        probs, validation, kept, other = last, None, None, None
        if self._best_weights is not None and self._best_epoch < len(self.history):
            current = model.get_weights()
            try:
                model.set_weights(self._best_weights)
                probs, other, kept = self._predict(images), last, self._best_epoch
                validation = self._predict_validation()
            finally:
                model.set_weights(current)
        else:
            kept = self._best_epoch or None
            validation = self._predict_validation()
        logits = _is_logits(last)
        results = build_results(
            self.name, labels, probs, classes=self.classes, history=_complete(self.history) or None, logits=logits,
            validation=validation, seed=self.seed, data=self.data, library=read_library(model),
            settings=read_settings(model, self.params), layers=self._read_layers(),
            images=np.asarray(images) if self.images else None,
        )  # fmt: skip
        shape = tuple(getattr(images, "shape", ()))[1:]
        results.input_shape = shape if 2 <= len(shape) <= 4 else ()
        results.kept_epoch = kept
        results.config = read_config(model)
        if other is not None:
            results.last = build_results(self.name, labels, other, classes=results.classes, logits=logits).probabilities
        run_id, content = build_bundle(results)
        return run_id, deliver(run_id, self.name, content, self.target, self.token)

    def _predict(self, images: Any) -> np.ndarray[Any, Any]:
        return np.asarray(self.model.predict(images, batch_size=self.batch_size, verbose=0))

    def _predict_validation(self) -> tuple[Any, Any] | None:
        return None if self.validation is None else (self.validation[1], self._predict(self.validation[0]))

    def _read_layers(self) -> list[dict[str, Any]]:
        try:
            return read_layers(self.model)
        except Exception as error:  # a subclassed model may not list its layers
            self._problem = f"its layers cannot be read ({_describe(error)})"
            return []

    def _ignore(self, *_arguments: Any, **_named: Any) -> None:
        """Do nothing: Keras calls every hook of a callback."""

    on_epoch_begin = on_batch_begin = on_batch_end = _ignore
    on_train_batch_begin = on_train_batch_end = on_test_batch_begin = on_test_batch_end = _ignore
    on_predict_batch_begin = on_predict_batch_end = _ignore
    on_test_begin = on_test_end = on_predict_begin = on_predict_end = _ignore

    def _has_no_batch_hooks(self) -> bool:
        return False

    # names that tf.keras 2 calls
    _implements_train_batch_hooks = _implements_test_batch_hooks = _implements_predict_batch_hooks = _has_no_batch_hooks
    _supports_tf_logs = False
    _chief_worker_only = None


def _check_split(name: str, value: Any, classes: list[str] | None) -> tuple[Any, np.ndarray[Any, Any]]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise LogError(f"Expected {name} to be a pair of images and labels; got {type(value).__name__}.")
    labels = check_labels(f"{name} labels", value[1], classes)
    if not hasattr(value[0], "__len__") or len(value[0]) != len(labels):
        count = len(value[0]) if hasattr(value[0], "__len__") else type(value[0]).__name__
        raise LogError(f"Expected one {name} image per label ({len(labels):,}); got {count}.")
    return value[0], labels


def _is_accuracy(name: str, best: str | None) -> bool:
    return best == "val_accuracy" and name.startswith("val_") and name.endswith("accuracy")


def _is_logits(outputs: np.ndarray[Any, Any]) -> bool:
    """Return whether the outputs of a model are not probabilities."""
    rows = outputs.reshape(len(outputs), -1).astype(np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)]
    if not rows.size:
        return False
    if rows.min() < -1e-4 or rows.max() > 1 + 1e-4:
        return True
    return rows.shape[1] > 1 and abs(rows.sum(axis=1) - 1).max() > 0.01


def _complete(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the same columns; an epoch without validation has no validation metrics."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, LogError) else f"{type(error).__name__}: {error!s:.200}"
