"""Training in JAX for `benchmarks.gpu`: a whole epoch is one program, in which several seeds can be stacked.

Layers, initialization, order of images, loss and Adam are those of `core.training`; random bits of initialization and
dropout differ. All images stay in the memory of the device.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from core.architecture.layers import Conv, Dense, Dropout, Flatten, Sigmoid, Softmax
from core.architecture.model import Model
from core.architecture.pooling import GlobalPooling, LocalPooling

Weights = list[tuple[jax.Array, jax.Array]]
State = tuple[Weights, Weights, Weights, jax.Array]  # weights, first and second moments, number of steps
Arrays = dict[str, Any]  # uint8 images `x_*`, shape (images, height, width, channels); int32 labels `y_*`

_EVALUATION_BATCH = 400
_BETAS, _EPSILON = (0.9, 0.999), 1e-7


def initialize_weights(model: Model, key: jax.Array) -> Weights:
    """Return a Glorot uniform kernel and a zero bias for each convolution and Dense layer, in the order of Keras."""
    weights, shape = [], model.input_shape
    for index, (layer, row) in enumerate(zip(model.layers, model.rows, strict=True)):
        kernel: tuple[int, ...] = ()
        if isinstance(layer, Conv):
            kernel = (layer.kernel_size, layer.kernel_size, shape[-1], layer.filters)
        elif isinstance(layer, Dense):
            kernel = (shape[0], layer.units)
        if kernel:
            values = jax.nn.initializers.glorot_uniform()(jax.random.fold_in(key, index), kernel)
            weights.append((values, jnp.zeros(kernel[-1])))
        shape = row.output_shape
    return weights


def convolve_maps(maps: jax.Array, kernel: jax.Array, padding: str, product: bool) -> jax.Array:
    """Return a convolution with stride 1, from the library or as a matrix product with one row per window."""
    if not product:
        return jax.lax.conv_general_dilated(
            maps, kernel, (1, 1), padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
    size = kernel.shape[0]
    if padding == "same":
        maps = jnp.pad(maps, ((0, 0), *(((size - 1) // 2, size // 2),) * 2, (0, 0)))
    height, width = (side - size + 1 for side in maps.shape[1:3])
    windows = [maps[:, row : row + height, column : column + width] for row in range(size) for column in range(size)]
    return jnp.concatenate(windows, axis=-1) @ kernel.reshape(-1, kernel.shape[-1])


def _pool(maps: jax.Array, size: int) -> jax.Array:
    """Return the maximum of each window. Its gradient is divided among equal values, which after a ReLU are zeros."""
    batch, height, width, channels = maps.shape
    rows, columns = height // size, width // size
    windows = maps[:, : rows * size, : columns * size].reshape(batch, rows, size, columns, size, channels)
    return windows.max((2, 4))


def _drop(maps: jax.Array, rate: float, key: jax.Array) -> jax.Array:
    if (rate * 256).is_integer():
        kept = jax.random.bits(key, maps.shape, jnp.uint8) >= round(rate * 256)
    else:
        kept = jax.random.bernoulli(key, 1 - rate, maps.shape)
    return jnp.where(kept, maps / (1 - rate), 0)


def compute_scores(
    model: Model, weights: Weights, images: jax.Array, key: jax.Array | None, product: bool
) -> jax.Array:
    """Return probabilities, shape (batch, classes), or logits, shape (batch, 1). Without a key, no dropout is applied.

    Raises:
        TypeError: for a layer that these networks do not have.
    """
    activations = {"relu": jax.nn.relu, "linear": lambda values: values}
    maps, pairs = images.astype(jnp.float32) / 255, iter(weights)
    for index, layer in enumerate(model.layers):
        match layer:
            case Conv(strides=1, use_bias=True):
                kernel, bias = next(pairs)
                maps = activations[layer.activation](convolve_maps(maps, kernel, layer.padding, product) + bias)
            case Dense():
                kernel, bias = next(pairs)
                maps = activations[layer.activation](maps @ kernel + bias)
            case LocalPooling(reduce="max"):
                maps = _pool(maps, layer.pool_size)
            case Dropout():
                maps = maps if key is None else _drop(maps, layer.rate, jax.random.fold_in(key, index))
            case GlobalPooling():
                maps = maps.mean((1, 2)) if layer.reduce == "average" else maps.max((1, 2))
            case Flatten():
                maps = maps.reshape(len(maps), -1)
            case Softmax():
                maps = jax.nn.softmax(maps)
            case Sigmoid():
                pass  # the loss is computed from logits
            case _:
                raise TypeError(f"Expected a layer of kmnist-heads or celeba-heads; got {layer}.")
    return maps


def _compute_losses(scores: jax.Array, labels: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the cross-entropy and whether the prediction is correct, for each image."""
    if scores.shape[-1] == 1:
        logits = scores[:, 0]
        return jnp.logaddexp(0, logits) - labels * logits, (logits > 0) == labels
    chosen = jnp.take_along_axis(scores, labels[:, None], axis=-1)[:, 0]
    return -jnp.log(jnp.clip(chosen, _EPSILON, 1 - _EPSILON)), scores.argmax(-1) == labels


def begin_training(model: Model, weights: Weights) -> State:
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return weights, zeros, zeros, jnp.zeros((), jnp.int32)


def take_step(
    model: Model, product: bool, arrays: Arrays, state: State, batch: tuple[jax.Array, jax.Array]
) -> tuple[State, jax.Array]:
    """Train on one batch, its indices and the key of its dropout, and return the new state and the loss."""

    def compute_loss(weights: Weights, rows: jax.Array, key: jax.Array) -> jax.Array:
        scores = compute_scores(model, weights, arrays["x_train"][rows], key, product)
        losses, _ = _compute_losses(scores, arrays["y_train"][rows])
        return (losses * (rows >= 0)).sum() / (rows >= 0).sum()

    weights, firsts, seconds, count = state
    loss, gradients = jax.value_and_grad(compute_loss)(weights, *batch)
    count = count + 1
    powers = [jnp.power(jnp.float32(beta), count) for beta in _BETAS]
    rate = model.spec.learning_rate * jnp.sqrt(1 - powers[1]) / (1 - powers[0])
    firsts = jax.tree.map(lambda m, g: m + (g - m) * (1 - _BETAS[0]), firsts, gradients)
    seconds = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - _BETAS[1]), seconds, gradients)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + _EPSILON), weights, firsts, seconds)
    return (weights, firsts, seconds, count), loss


def train_epoch(
    model: Model, product: bool, arrays: Arrays, state: State, order: jax.Array, key: jax.Array
) -> tuple[State, jax.Array, jax.Array]:
    """Train on all batches, and return the new state, the loss of each step, and validation loss and accuracy.

    Args:
        order: indices of the images, shape (steps, batch); −1 fills the last batch and has no effect.
    """

    keys = jax.random.split(key, len(order))
    state, losses = jax.lax.scan(partial(take_step, model, product, arrays), state, (order, keys))
    found = evaluate_weights(model, product, arrays["x_validation"], arrays["y_validation"], state[0])
    return state, losses, found


def evaluate_weights(model: Model, product: bool, images: jax.Array, labels: jax.Array, weights: Weights) -> jax.Array:
    """Return loss and accuracy, shape (2,)."""
    count = len(images)
    rows = np.arange(-(-count // _EVALUATION_BATCH) * _EVALUATION_BATCH).reshape(-1, _EVALUATION_BATCH)

    def add(rows: jax.Array) -> jax.Array:
        scores = compute_scores(model, weights, images[rows % count], None, product)
        return jnp.stack([(values * (rows < count)).sum() for values in _compute_losses(scores, labels[rows % count])])

    return jax.lax.map(add, jnp.asarray(rows)).sum(0) / count


def order_images(seed: int, epoch: int, count: int, batch: int) -> NDArray[np.int32]:
    """Return the order of `core.training` in rows of one batch."""
    order = np.full(-(-count // batch) * batch, -1, np.int32)
    order[:count] = np.random.default_rng((seed, epoch)).permutation(count)
    return order.reshape(-1, batch)


def train_seeds(model: Model, arrays: Arrays, seeds: list[int], epochs: int, *, stacked: bool, product: bool) -> Arrays:
    """Train a run per seed, all of them in one program if `stacked`, else one after another with the same program.

    Returns:
        compile_seconds, train_seconds (including validation and test of all seeds), and the test loss and accuracy of
        each seed.
    """
    count, batch = len(arrays["x_train"]), model.spec.batch_size
    begin = time.perf_counter()
    arrays = jax.device_put(arrays)
    change: Callable[..., Any] = partial(train_epoch, model, product)
    test = partial(evaluate_weights, model, product)
    start = partial(_start, model)
    if stacked:
        change, test = jax.vmap(change, (None, 0, 0, 0)), jax.vmap(test, (None, None, 0))
        start = jax.vmap(start)
    groups = [seeds] if stacked else [[seed] for seed in seeds]

    def shape(values: list[Any]) -> Any:
        return jnp.stack(values) if stacked else values[0]

    def take(group: list[int], epoch: int) -> tuple[Any, Any]:
        orders = [jnp.asarray(order_images(seed, epoch, count, batch)) for seed in group]
        return shape(orders), shape([jax.random.fold_in(jax.random.key(seed), epoch) for seed in group])

    run_start = jax.jit(start).lower(shape([jnp.uint32(seed) for seed in groups[0]])).compile()
    state = run_start(shape([jnp.uint32(seed) for seed in groups[0]]))
    run_epoch = jax.jit(change, donate_argnums=1).lower(arrays, state, *take(groups[0], 1)).compile()
    run_test = jax.jit(test).lower(arrays["x_test"], arrays["y_test"], state[0]).compile()
    compiled = time.perf_counter()
    results: list[list[float]] = []
    for group in groups:
        state = run_start(shape([jnp.uint32(seed) for seed in group]))
        for epoch in range(1, epochs + 1):
            state, _, _ = run_epoch(arrays, state, *take(group, epoch))
        found = np.asarray(run_test(arrays["x_test"], arrays["y_test"], state[0]))
        results += found.reshape(-1, 2).tolist()
    return {
        "compile_seconds": round(compiled - begin, 2),
        "train_seconds": round(time.perf_counter() - compiled, 2),
        "loss": [loss for loss, _ in results],
        "accuracy": [accuracy for _, accuracy in results],
    }


def _start(model: Model, seed: jax.Array) -> State:
    return begin_training(model, initialize_weights(model, jax.random.key(seed)))


def build_network(model: Model) -> Any:
    """Return the Keras model, compiled with the defaults of Keras; for the binary loss it returns logits."""
    import keras  # before core.training, which selects the TensorFlow backend

    from core.training.build import build_model

    built = build_model(model)
    layers = built.layers if built.output_shape[-1] > 1 else built.layers[:-1]
    network = keras.Sequential([keras.Input(model.input_shape), *layers])
    network.compile(loss=built.loss, optimizer=keras.optimizers.Adam(model.spec.learning_rate))
    return network


def compare_with_keras(model: Model, arrays: Arrays, epochs: int = 2) -> float:
    """Return the largest relative difference of the losses of all steps, and of the final weights, from those of Keras.

    Dropout must be 0. Both start from the weights of the Keras model, and products have full float32 precision.
    """
    built = build_network(model)
    pairs = iter(jnp.asarray(values) for values in built.get_weights())
    weights = list(zip(pairs, pairs, strict=True))
    differences = []
    with jax.default_matmul_precision("highest"):
        states = [begin_training(model, weights) for _ in range(2)]
        for epoch in range(1, epochs + 1):
            order = order_images(0, epoch, len(arrays["x_train"]), model.spec.batch_size)
            key = jax.random.key(0)
            expected = [_train_on_batch(built, arrays, rows[rows >= 0]) for rows in order]
            for index, product in enumerate((True, False)):
                change = jax.jit(partial(train_epoch, model, product))
                states[index], losses, _ = change(arrays, states[index], jnp.asarray(order), key)
                differences.append(_compare(expected, losses))
    final = built.get_weights()
    for state in states:
        differences += [_compare(*both) for both in zip(final, jax.tree.leaves(state[0]), strict=True)]
    return max(differences)


def _train_on_batch(built: Any, arrays: Arrays, rows: NDArray[np.int32]) -> float:
    labels = np.asarray(arrays["y_train"])[rows]
    classes = built.output_shape[-1]
    targets = labels[:, None].astype(np.float32) if classes == 1 else np.eye(classes, dtype=np.float32)[labels]
    found = built.train_on_batch(np.asarray(arrays["x_train"])[rows].astype(np.float32) / 255, targets)
    built.reset_metrics()
    return float(np.ravel(found)[0])


def _compare(expected: Any, found: Any) -> float:
    first, second = np.asarray(expected, np.float64), np.asarray(found, np.float64)
    return float(np.linalg.norm(first - second) / np.linalg.norm(first))
