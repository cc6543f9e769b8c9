"""Training loop. Several steps run inside one TensorFlow function; Python loads images in between."""

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
from core.jobs.failure_reason import DIVERGED
from core.setting import format_setting_number
from core.spec import RunSpec
from core.store.metrics import compute_metrics
from core.training.adam import apply_adam
from core.training.evaluate import ComputeProbs
from core.training.forward import compute_outputs, list_layers, to_probs
from core.training.input_data import Split, compute_order, describe_data
from core.training.patience import is_over

_CALL_SECONDS = 0.25
_CALL_BYTES = 64_000_000
_NOTHING = (0.0, 0.0)

Totals = tuple[tf.Tensor, tf.Tensor]
"""Sum of the losses and number of right predictions over the images of an epoch so far, scalars, float32."""


@dataclass(frozen=True)
class TrainStep:
    """Progress within an epoch: elapsed seconds, and running means of loss and accuracy over the epoch."""

    epoch: int
    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Epoch:
    """Results of an epoch (1-based). `loss` is the cross-entropy without L1 and L2 penalties, like `val_loss`;
    `seconds` includes the validation; `last` is True for the run's final epoch."""

    epoch: int
    seconds: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    last: bool


def fit(
    model: keras.Model,
    spec: RunSpec,
    train: Split,
    validation: Split,
    compute_probs: ComputeProbs,
    *,
    past: Sequence[float] = (),
    first: int = 0,
    on_step: Callable[[TrainStep], None] = lambda _: None,
) -> Iterator[Epoch]:
    """Train for `spec.epochs` epochs, or until `spec.patience` stops early, and yield each epoch after its validation.

    The order of images and the dropout of an epoch depend only on `spec.seed` and the epoch number, so training that
    resumes from a saved model is bitwise identical to uninterrupted training.

    Args:
        compute_probs: function returned by `compile_probs` for the model.
        past: validation losses of the epochs that the model was already trained for.
        first: index of the layer that receives the images of the splits.
        on_step: called about four times per second.

    Raises:
        TrainingError: when the loss is no longer finite.
    """
    val_losses = list(past)
    if is_over(spec, val_losses):
        return
    run_steps = _compile_steps(model, spec, validation.images, first)
    steps = math.ceil(len(train) / spec.batch_size)
    count = 1
    max_count = max(1, _CALL_BYTES // (train.images[0].nbytes * spec.batch_size))
    for epoch in range(len(val_losses) + 1, spec.epochs + 1):
        begin = time.perf_counter()
        order = compute_order(spec.seed, epoch, len(train))
        _seed_dropout(model, spec.seed, epoch)
        step, totals = 0, _NOTHING
        while step < steps:
            call_begin = time.perf_counter()
            rows = order[step * spec.batch_size : (step + count) * spec.batch_size]
            batch = tf.constant(train.take(rows, epoch)), tf.constant(train.labels[rows])
            totals = run_steps(*batch, totals)
            done = min(count, steps - step)
            step += done
            loss, accuracy = (float(total) / min(step * spec.batch_size, len(train)) for total in totals)
            _check_finite(loss, epoch, spec)
            on_step(TrainStep(epoch, step, steps, time.perf_counter() - begin, loss, accuracy))
            step_seconds = (time.perf_counter() - call_begin) / done
            count = max(1, min(round(_CALL_SECONDS / step_seconds), 4 * count, steps, max_count))
        val_loss, val_accuracy = compute_metrics(compute_probs(validation), validation.labels)
        _check_finite(val_loss, epoch, spec)  # the first loss after the last step of the epoch
        val_losses.append(val_loss)
        last = is_over(spec, val_losses)
        yield Epoch(epoch, time.perf_counter() - begin, loss, accuracy, val_loss, val_accuracy, last)
        if last:
            return


def _check_finite(loss: float, epoch: int, spec: RunSpec) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"{DIVERGED}the loss is {loss} in epoch {epoch}. Use a learning rate below "
            f"{format_setting_number(spec.learning_rate)}."
        )


def _compile_steps(
    model: keras.Model, spec: RunSpec, images: NDArray[Any], first: int
) -> Callable[[tf.Tensor, tf.Tensor, Totals], Totals]:
    """Return a function that trains on the images and labels of several batches, and adds their losses and the number
    of images with the right class to the totals. It is traced once for any number of images with the shape and type of
    `images`."""
    variables = model.trainable_variables

    number = tf.TensorSpec((), tf.float32)
    signature = [describe_data(images), tf.TensorSpec((None,), tf.int64), (number, number)]

    @tf.function(input_signature=signature, autograph=False)
    def run_steps(images: tf.Tensor, labels: tf.Tensor, totals: Totals) -> Totals:
        def run_step(start: tf.Tensor, losses: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            batch_labels = labels[start : start + spec.batch_size]
            with tf.GradientTape() as tape:
                batch = images[start : start + spec.batch_size]
                outputs = compute_outputs(model, batch, training=True, first=first, logits=spec.from_logits)
                loss = model.compute_loss(y=_shape_labels(batch_labels, spec, outputs), y_pred=outputs, training=True)
            penalties = model.losses  # before the weights change
            data_loss = loss - tf.add_n(penalties) if penalties else loss
            apply_adam(model.optimizer, tape.gradient(loss, variables), variables)
            losses += data_loss * tf.cast(tf.shape(batch_labels)[0], tf.float32)
            matches = tf.argmax(to_probs(outputs), axis=-1) == batch_labels
            return start + spec.batch_size, losses, right + tf.reduce_sum(tf.cast(matches, tf.float32))

        count = tf.shape(labels)[0]
        return tuple(tf.while_loop(lambda start, *_: start < count, run_step, (tf.constant(0), *totals))[1:])

    return run_steps


def _shape_labels(labels: tf.Tensor, spec: RunSpec, outputs: tf.Tensor) -> tf.Tensor:
    """Return labels in the format of the loss."""
    if spec.loss == "sparse":
        return labels
    if spec.loss == "binary":
        return tf.cast(labels[:, tf.newaxis], tf.float32)
    return tf.one_hot(labels, outputs.shape[-1])


def _seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Seed the dropout layers, because a saved model does not include the state of its random generators."""
    for index, layer in enumerate(list_layers(model)):
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            state = layer.seed_generator.state
            new_state = np.random.default_rng((seed, epoch, index)).integers(2**31, size=state.shape)
            state.assign(new_state.astype(state.dtype))
