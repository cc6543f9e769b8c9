"""The training loop: all steps of a stretch run inside one TensorFlow function, Python only looks in between."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.errors import TrainingError
from core.spec import RunSpec
from core.training.device import has_gpu
from core.training.evaluate import compile_probs, compute_metrics
from core.training.input import Split, compute_order, scale
from core.training.pool import max_pool

_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Step:
    """Where an epoch stands. `seconds` is the time it has taken; losses and accuracies are running means over it."""

    epoch: int
    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Epoch:
    """A finished epoch (1-based); `seconds` are its own, validation included."""

    epoch: int
    seconds: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def fit(
    model: keras.Sequential,
    spec: RunSpec,
    train: Split,
    validation: Split,
    *,
    after_epoch: int = 0,
    look: Callable[[Step], None] = lambda _: None,
) -> Iterator[Epoch]:
    """Trains up to `spec.epochs` and yields each epoch when it is validated.

    The order of images and the dropout of an epoch follow from `spec.seed` and its number alone, so training that goes
    on from a model saved after epoch `after_epoch` equals one that was never interrupted, bit by bit.

    Args:
        look: called about four times a second.

    Raises:
        TrainingError: when the loss is no longer finite.
    """
    run_steps, means = _compile_steps(model, train, spec.batch_size)
    compute_probs = compile_probs(model)
    validation_labels = validation.labels.numpy()
    steps = math.ceil(len(train) / spec.batch_size)
    stride = 1
    for epoch in range(after_epoch + 1, spec.epochs + 1):
        begin = time.perf_counter()
        order = tf.constant(compute_order(spec.seed, epoch, len(train)))
        _seed_dropout(model, spec.seed, epoch)
        for mean in means:
            mean.reset_state()
        step = 0
        while step < steps:
            stretch_begin = time.perf_counter()
            loss, accuracy = map(float, run_steps(order[step * spec.batch_size : (step + stride) * spec.batch_size]))
            done = min(stride, steps - step)
            step += done
            if not math.isfinite(loss):
                raise TrainingError(
                    f"Expected a finite loss; got {loss} in epoch {epoch}: the training diverged, so choose a "
                    f"learning_rate below {spec.learning_rate:g}."
                )
            look(Step(epoch, step, steps, time.perf_counter() - begin, loss, accuracy))
            step_seconds = (time.perf_counter() - stretch_begin) / done
            stride = max(1, min(round(_LOOK_SECONDS / step_seconds), 4 * stride, steps))
        val_loss, val_accuracy = compute_metrics(compute_probs(validation), validation_labels)
        yield Epoch(epoch, time.perf_counter() - begin, loss, accuracy, val_loss, val_accuracy)


def _compile_steps(
    model: keras.Sequential, train: Split, batch_size: int
) -> tuple[Callable[[NDArray[np.int32]], tuple[tf.Tensor, tf.Tensor]], tuple[keras.metrics.Metric, ...]]:
    """A function that takes the indices of some batches, steps through them and returns the epoch's means so far."""
    means = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    mean_loss, mean_accuracy = means

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def run_steps(order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        for start in tf.range(0, tf.shape(order)[0], batch_size):
            batch = order[start : start + batch_size]
            labels = tf.gather(train.labels, batch)
            with tf.GradientTape() as tape:
                probs = _forward(model, scale(tf.gather(train.images, batch)))
                loss = model.compute_loss(y=labels, y_pred=probs, training=True)
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            mean_loss.update_state(loss, sample_weight=tf.shape(batch)[0])
            mean_accuracy.update_state(labels, probs)
        return mean_loss.result(), mean_accuracy.result()

    return run_steps, means


def _seed_dropout(model: keras.Sequential, seed: int, epoch: int) -> None:
    """A saved model does not hold the state of its random generators."""
    for place, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
            state = layer.seed_generator.state
            fresh = np.random.default_rng((seed, epoch, place)).integers(2**31, size=state.shape)
            state.assign(fresh.astype(state.dtype))


def _forward(model: keras.Sequential, images: tf.Tensor) -> tf.Tensor:
    """`model(images, training=True)`, with the faster pooling where it fits."""
    maps = images
    for layer in model.layers:
        if isinstance(layer, keras.layers.MaxPooling2D) and layer.pool_size == (2, 2) and not has_gpu():
            maps = max_pool(maps)
        else:
            maps = layer(maps, training=True)
    return maps
