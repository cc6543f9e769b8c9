"""2×2 max pooling in training, with the bias, activation and dropout next to it, in few passes over the values.

Every pass over the maps of the first layers is limited by memory. XLA compiles the forward pass to loops that read the
four corners of the pooling windows and note in one byte per window which of them is the largest. The backward pass
reads nothing but this byte and the gradient. The first of equal corners in row-major order gets the gradient, as in
TensorFlow, whose own operation searches each window again.
"""

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.training.dropout import choose_bits, draw_words

_MIN_VALUES = 1000  # pooled values per image; for fewer, compilation takes longer than it saves
_NONE = tf.int8.max  # the number of no corner, for windows without a gradient


def is_plain(layer: keras.layers.Layer | None) -> bool:
    """Return whether the layer pools the maximum of adjacent windows of 2×2 pixels, without padding."""
    if not isinstance(layer, keras.layers.MaxPooling2D):
        return False
    return layer.pool_size == layer.strides == (2, 2) and layer.padding == "valid"


def is_compiled(rows: int, columns: int, filters: int) -> bool:
    """Return whether the functions of this module are faster than TensorFlow for pooled maps of this size."""
    return rows * columns * filters >= _MIN_VALUES


def pool_corners(
    corners: tf.Tensor,
    bias: tf.Tensor | None = None,
    *,
    relu: bool = False,
    dropout: keras.layers.Dropout | None = None,
) -> tf.Tensor:
    """Return the maximum of each window with bias, ReLU and dropout, of shape (windows, filters).

    Args:
        corners: the corners of the windows in row-major order, of shape (4, windows, filters).
    """
    return _pool(corners, (0,), bias, relu, dropout)


def pool_maps(
    maps: tf.Tensor,
    bias: tf.Tensor | None = None,
    *,
    relu: bool = False,
    dropout: keras.layers.Dropout | None = None,
) -> tf.Tensor:
    """Return the maximum of each window with bias, ReLU and dropout; an odd last row or column is dropped.

    Input shape: (batch, height, width, filters).
    Output shape: (batch, height // 2, width // 2, filters).
    """
    _, height, width, filters = maps.shape
    rows, columns = height // 2, width // 2
    if height % 2 or width % 2:
        maps = tf.slice(maps, (0, 0, 0, 0), (-1, 2 * rows, 2 * columns, -1))
    return _pool(tf.reshape(maps, (-1, rows, 2, columns, 2, filters)), (2, 4), bias, relu, dropout)


def _pool(
    corners: tf.Tensor,
    axes: tuple[int, ...],
    bias: tf.Tensor | None,
    relu: bool,
    dropout: keras.layers.Dropout | None,
) -> tf.Tensor:
    """Pool over the axes of an array that count the corners of the windows."""
    words = tf.constant(0)
    if dropout:
        words = draw_words(tf.size(corners) // 4, choose_bits(dropout.rate)[0], dropout.seed_generator.next())
    forward, backward = _compile(axes, relu, dropout.rate if dropout else 0.0)

    @tf.custom_gradient
    def pool(corners: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
        pooled, largest = forward(corners, bias, words)
        return pooled, lambda upstream: backward(largest, upstream)

    return pool(corners, tf.zeros(corners.shape[-1]) if bias is None else tf.convert_to_tensor(bias))


@cache
def _compile(axes: tuple[int, ...], relu: bool, rate: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the forward pass and the backward pass, which XLA compiles for each shape.

    Args:
        axes: see `_pool`.
    """
    bits, dropped = choose_bits(rate)
    scale = 2**bits / (2**bits - dropped)
    shape = np.ones(3 if len(axes) == 1 else 6, int)
    shape[[*axes]] = 4 // len(axes)
    numbers = np.arange(4, dtype=np.int8)

    def forward(corners: tf.Tensor, bias: tf.Tensor, words: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        a, b, c, d = _list_corners(corners, axes)
        left_above, left_below = a >= b, c >= d
        above, below = tf.where(left_above, a, b), tf.where(left_below, c, d)
        is_above = above >= below
        largest = tf.where(is_above, tf.where(left_above, *numbers[:2]), tf.where(left_below, *numbers[2:]))
        pooled = tf.where(is_above, above, below) + bias
        if relu:
            active = tf.logical_not(pooled <= 0)  # NaN is active, so that divergence is noticed
            pooled, largest = _keep(active, pooled, largest)
        if rate:
            kept = _unpack(words, bits, tf.size(pooled)) >= tf.constant(dropped, tf.uint32)
            pooled, largest = _keep(tf.reshape(kept, tf.shape(pooled)), scale * pooled, largest)
        return pooled, largest

    def backward(largest: tf.Tensor, upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        zero = tf.constant(0.0)
        upstream = scale * upstream
        bias_gradient = tf.reduce_sum(tf.where(largest < _NONE, upstream, zero), range(len(upstream.shape) - 1))
        for axis in axes:
            largest, upstream = tf.expand_dims(largest, axis), tf.expand_dims(upstream, axis)
        return tf.where(largest == numbers.reshape(shape), upstream, zero), bias_gradient

    return tuple(tf.function(function, jit_compile=True, autograph=False) for function in (forward, backward))


def _list_corners(corners: tf.Tensor, axes: tuple[int, ...]) -> list[tf.Tensor]:
    """Return the arrays of the four corners."""
    if len(axes) == 1:
        return tf.unstack(corners)
    return [corners[:, :, down, :, right] for down, right in product((0, 1), repeat=2)]


def _keep(kept: tf.Tensor, pooled: tf.Tensor, largest: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the pooled values with 0 for those that are not kept, and the corners with none for them."""
    return tf.where(kept, pooled, tf.constant(0.0)), tf.where(kept, largest, tf.constant(_NONE, tf.int8))


def _unpack(words: tf.Tensor, bits: int, count: tf.Tensor) -> tf.Tensor:
    """Return `count` numbers of some bits each from words of 32 bits, as uint32."""
    shifts = tf.constant(np.arange(0, 32, bits, dtype=np.uint32))
    numbers = tf.bitwise.bitwise_and(
        tf.bitwise.right_shift(words[:, tf.newaxis], shifts), tf.constant(2**bits - 1, tf.uint32)
    )
    return tf.reshape(numbers, [-1])[:count]
