"""The first convolution as a matrix product, together with the max pooling after it: faster on a CPU, where a
convolution of few channels is limited by memory."""

from collections.abc import Callable
from itertools import product

import keras
import tensorflow as tf

Pool = Callable[[tf.Tensor], tf.Tensor]
"""Function that returns the maxima of windows with bias and activation, of shape (windows, filters), from their
corners, of shape (4, windows, filters)."""

_MAX_CHANNELS = 3
_MAX_PIXELS = 64 * 64  # the windows of larger images need too much memory
_CORNERS = tuple(product((0, 1), repeat=2))


def is_supported(layer: keras.layers.Layer, images: tf.Tensor) -> bool:
    if not is_dense(layer) or layer.groups > 1:
        return False
    _, height, width, channels = images.shape
    return channels <= _MAX_CHANNELS and height * width <= _MAX_PIXELS


def is_dense(layer: keras.layers.Layer) -> bool:
    """Return whether the layer is a convolution that reads every pixel of its windows and skips no window."""
    return isinstance(layer, keras.layers.Conv2D) and layer.strides == layer.dilation_rate == (1, 1)


def can_pool_first(layer: keras.layers.Conv2D) -> bool:
    """Return whether bias and activation may follow a max pooling: they do not change the order of values."""
    return layer.activation in (keras.activations.linear, keras.activations.relu)


def convolve(layer: keras.layers.Conv2D, images: tf.Tensor) -> tf.Tensor:
    """Return `layer(images)`, computed with one matrix column per window."""
    images = tf.transpose(pad_images(layer, images), (3, 0, 1, 2))
    height, width = _compute_sides(layer, images.shape[2:])
    windows = [
        images[channel, :, y : y + height, x : x + width]
        for y, x in _list_offsets(layer)
        for channel in range(images.shape[0])
    ]
    return tf.reshape(finish_maps(layer, _multiply(layer, windows)), (-1, height, width, layer.filters))


def convolve_and_pool(layer: keras.layers.Conv2D, images: tf.Tensor, pool: Pool) -> tf.Tensor:
    """Return `layer(images)` after max pooling over adjacent windows of 2×2 values.

    The rows of the product are ordered by corner of the pooling window, so that pooling compares contiguous arrays.
    """
    images = pad_images(layer, images)
    height, width = layer.kernel_size
    rows, columns = (side // 2 for side in _compute_sides(layer, images.shape[1:3]))
    every_second = _split_parity(images, rows + height // 2, columns + width // 2)
    cuts = {
        (y, x, channel): every_second[y % 2, x % 2, channel, :, y // 2 : y // 2 + rows, x // 2 : x // 2 + columns]
        for y, x, channel in product(range(height + 1), range(width + 1), range(images.shape[-1]))
    }
    windows = [
        cuts[y + down, x + right, channel]
        for y, x in _list_offsets(layer)
        for channel in range(images.shape[-1])
        for down, right in _CORNERS
    ]
    corners = tf.reshape(_multiply(layer, windows), (len(_CORNERS), -1, layer.filters))
    return tf.reshape(pool(corners), (-1, rows, columns, layer.filters))


def crop_unpooled(layer: keras.layers.Layer, images: tf.Tensor) -> tf.Tensor:
    """Return images without the last row or column if a convolution computes an odd one from it, which the max pooling
    after it does not read."""
    if not is_dense(layer) or layer.padding != "valid":
        return images
    height, width = (
        side - odd % 2 for side, odd in zip(images.shape[1:3], _compute_sides(layer, images.shape[1:3]), strict=True)
    )
    return tf.slice(images, (0, 0, 0, 0), (-1, height, width, -1))  # its gradient is faster than that of an index


def _compute_sides(layer: keras.layers.Conv2D, sides: tf.TensorShape) -> tuple[int, int]:
    """Return height and width of the output for an input that is padded already."""
    height, width = (side - size + 1 for side, size in zip(sides, layer.kernel_size, strict=True))
    return height, width


def _list_offsets(layer: keras.layers.Conv2D) -> list[tuple[int, ...]]:
    return list(product(*map(range, layer.kernel_size)))


def pad_images(layer: keras.layers.Conv2D, images: tf.Tensor) -> tf.Tensor:
    """Return images with the padding of a convolution."""
    if layer.padding == "valid":
        return images
    sides = [((size - 1) // 2, size // 2) for size in layer.kernel_size]
    return tf.pad(images, ((0, 0), *sides, (0, 0)))


def _split_parity(images: tf.Tensor, rows: int, columns: int) -> tf.Tensor:
    """Return images of shape (2, 2, channels, batch, rows, columns), by parity of row and column."""
    _, height, width, channels = images.shape
    below, right = max(0, 2 * rows - height), max(0, 2 * columns - width)
    images = tf.pad(images, ((0, 0), (0, below), (0, right), (0, 0))) if below or right else images
    images = tf.reshape(images[:, : 2 * rows, : 2 * columns], (-1, rows, 2, columns, 2, channels))
    return tf.transpose(images, (2, 4, 5, 0, 1, 3))


def _multiply(layer: keras.layers.Conv2D, windows: list[tf.Tensor]) -> tf.Tensor:
    """Return the product of windows and kernel, one row per window.

    Args:
        windows: for each offset within the kernel and each channel, the values of all windows in parts of equal size.
    """
    rows = layer.kernel.shape[0] * layer.kernel.shape[1] * layer.kernel.shape[2]
    matrix = tf.reshape(tf.stack(windows), (rows, -1))
    return tf.matmul(matrix, tf.reshape(layer.kernel, (rows, layer.filters)), transpose_a=True)


def pool_plainly(layer: keras.layers.Conv2D, corners: tf.Tensor) -> tf.Tensor:
    """A `Pool` of TensorFlow operations."""
    above_left, above_right, below_left, below_right = tf.unstack(corners)
    above, below = tf.maximum(above_left, above_right), tf.maximum(below_left, below_right)
    return finish_maps(layer, tf.maximum(above, below))


def finish_maps(layer: keras.layers.Conv2D, maps: tf.Tensor) -> tf.Tensor:
    """Return maps with bias and activation."""
    return layer.activation(tf.nn.bias_add(maps, layer.bias) if layer.use_bias else maps)
