"""The training loop: all steps of a stretch run inside one TensorFlow function; Python reads images in between."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.errors import TrainingError
from core.spec import RunSpec
from core.store.metrics import compute_metrics
from core.training.adam import apply_adam
from core.training.evaluate import ComputeProbs
from core.training.forward import compute_outputs, to_probs
from core.training.input_data import Split, compute_order, describe_data
from core.training.patience import is_over

_LOOK_SECONDS = 0.25
_STRETCH_BYTES = 64_000_000


@dataclass(frozen=True)
class TrainStep:
    """Where an epoch stands. `seconds` is the time it has taken; losses and accuracies are running means over it."""

    epoch: int
    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Epoch:
    """A finished epoch (1-based); `seconds` are its own, validation included; `last` says that none follows."""

    epoch: int
    seconds: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    last: bool


def fit(
    model: keras.Sequential,
    spec: RunSpec,
    train: Split,
    validation: Split,
    compute_probs: ComputeProbs,
    *,
    past: Sequence[float] = (),
    first: int = 0,
    look: Callable[[TrainStep], None] = lambda _: None,
) -> Iterator[Epoch]:
    """Trains up to `spec.epochs`, or till `spec.patience` is at an end, and yields each epoch when it is validated.

    The order of images and the dropout of an epoch follow from `spec.seed` and its number alone, so training that goes
    on from a saved model equals one that was never interrupted, bit by bit.

    Args:
        compute_probs: as `compile_probs` makes it of the model.
        past: validation losses of the epochs that the model has behind it.
        first: the layer that the splits' images are the input of.
        look: called about four times a second.

    Raises:
        TrainingError: when the loss is no longer finite.
    """
    val_losses = list(past)
    if is_over(spec, val_losses):
        return
    run_steps, means = _compile_steps(model, spec, validation.images, first)
    steps = math.ceil(len(train) / spec.batch_size)
    stride = 1
    most = max(1, _STRETCH_BYTES // (train.images[0].nbytes * spec.batch_size))
    for epoch in range(len(val_losses) + 1, spec.epochs + 1):
        begin = time.perf_counter()
        order = compute_order(spec.seed, epoch, len(train))
        _seed_dropout(model, spec.seed, epoch)
        for mean in means:
            mean.reset_state()
        step = 0
        while step < steps:
            stretch_begin = time.perf_counter()
            rows = order[step * spec.batch_size : (step + stride) * spec.batch_size]
            batch = tf.constant(train.take(rows, epoch)), tf.constant(train.labels[rows])
            loss, accuracy = map(float, run_steps(*batch))
            done = min(stride, steps - step)
            step += done
            _check_finite(loss, epoch, spec)
            look(TrainStep(epoch, step, steps, time.perf_counter() - begin, loss, accuracy))
            step_seconds = (time.perf_counter() - stretch_begin) / done
            stride = max(1, min(round(_LOOK_SECONDS / step_seconds), 4 * stride, steps, most))
        val_loss, val_accuracy = compute_metrics(compute_probs(validation), validation.labels)
        _check_finite(val_loss, epoch, spec)  # the last step of an epoch shows first here
        val_losses.append(val_loss)
        last = is_over(spec, val_losses)
        yield Epoch(epoch, time.perf_counter() - begin, loss, accuracy, val_loss, val_accuracy, last)
        if last:
            return


def _check_finite(loss: float, epoch: int, spec: RunSpec) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"Expected a finite loss; got {loss} in epoch {epoch}: the training diverged, so choose a "
            f"learning_rate below {spec.learning_rate:g}."
        )


def _compile_steps(
    model: keras.Sequential, spec: RunSpec, images: NDArray[Any], first: int
) -> tuple[Callable[[NDArray[Any], NDArray[np.int64]], tuple[tf.Tensor, tf.Tensor]], tuple[keras.metrics.Metric, ...]]:
    """A function that takes images and labels of some batches, steps through them and returns the epoch's means so
    far. It is traced once, for any number of images like those given."""
    means = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    mean_loss, mean_accuracy = means
    variables = model.trainable_variables

    @tf.function(input_signature=[describe_data(images), tf.TensorSpec((None,), tf.int64)])
    def run_steps(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        for start in tf.range(0, tf.shape(labels)[0], spec.batch_size):
            truth = labels[start : start + spec.batch_size]
            with tf.GradientTape() as tape:
                outputs = compute_outputs(model, images[start : start + spec.batch_size], training=True, first=first)
                loss = model.compute_loss(y=_shape_labels(truth, spec, outputs), y_pred=outputs, training=True)
            apply_adam(model.optimizer, tape.gradient(loss, variables), variables)
            mean_loss.update_state(loss, sample_weight=tf.shape(truth)[0])
            mean_accuracy.update_state(truth, to_probs(outputs))
        return mean_loss.result(), mean_accuracy.result()

    return run_steps, means


def _shape_labels(labels: tf.Tensor, spec: RunSpec, outputs: tf.Tensor) -> tf.Tensor:
    """Labels in the form that the loss takes."""
    if spec.loss == "sparse":
        return labels
    if spec.loss == "binary":
        return tf.cast(labels[:, tf.newaxis], tf.float32)
    return tf.one_hot(labels, outputs.shape[-1])


def _seed_dropout(model: keras.Sequential, seed: int, epoch: int) -> None:
    """A saved model does not hold the state of its random generators."""
    for place, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            state = layer.seed_generator.state
            fresh = np.random.default_rng((seed, epoch, place)).integers(2**31, size=state.shape)
            state.assign(fresh.astype(state.dtype))
