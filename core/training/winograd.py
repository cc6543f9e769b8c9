"""3×3 convolutions with the max pooling after them, by Winograd's minimal filtering: 2.25 times fewer multiplications.

Each pooling window of 2×2 outputs Y is computed from a tile d of 4×4 inputs and the kernel g of each channel:
Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A. Summed over channels, the 16 elementwise products are 16 matrix products. The three
transformations are matrix products as well; that of the images also cuts the tiles.

Source: Lavin & Gray 2016, Fast algorithms for convolutional neural networks, CVPR (F(2×2, 3×3)).
"""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.convolve import Pool, is_dense, pad_images

_TILE = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)  # Bᵀ
_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)  # G
_OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float32)  # Aᵀ
_MIN_CHANNELS = 8
_MAX_PIXELS = 24 * 24  # the transformed tiles of larger images do not fit into the caches of a processor


def is_faster(layer: keras.layers.Conv2D, images: tf.Tensor) -> bool:
    """Return whether this is faster than the convolution of TensorFlow."""
    _, height, width, channels = images.shape
    return (
        is_dense(layer)
        and layer.groups == 1
        and layer.kernel_size == (3, 3)
        and min(channels, layer.filters) >= _MIN_CHANNELS
        and height * width <= _MAX_PIXELS
    )


def filter_and_pool(layer: keras.layers.Conv2D, images: tf.Tensor, pool: Pool) -> tf.Tensor:
    """Return `layer(images)` after max pooling over adjacent windows of 2×2 values."""
    images = pad_images(layer, images)
    rows, columns = (side // 2 - 1 for side in images.shape[1:3])
    height, width, channels = 2 * rows + 2, 2 * columns + 2, images.shape[-1]
    images = tf.transpose(tf.slice(images, (0, 0, 0, 0), (-1, height, width, -1)), (1, 2, 0, 3))
    tiles = tf.reshape(tf.matmul(_cut(rows), tf.reshape(images, (height, -1))), (4, rows, width, -1))
    tiles = tf.reshape(tf.transpose(tiles, (0, 2, 1, 3)), (4, width, -1))
    tiles = tf.reshape(tf.matmul(_cut(columns), tiles), (16, -1, channels))  # columns, rows, batch
    kernel = tf.matmul(np.kron(_KERNEL, _KERNEL), tf.reshape(layer.kernel, (9, -1)))
    products = tf.matmul(tiles, tf.reshape(kernel, (16, channels, layer.filters)))
    corners = tf.matmul(np.kron(_OUTPUT, _OUTPUT), tf.reshape(products, (16, -1)))
    maps = tf.reshape(pool(tf.reshape(corners, (4, -1, layer.filters))), (columns, rows, -1, layer.filters))
    return tf.transpose(maps, (2, 1, 0, 3))


def _cut(tiles: int) -> NDArray[np.float32]:
    """Return the matrix that cuts overlapping tiles from a line of values and transforms them.

    Its shape is (4 × tiles, 2 × tiles + 2).
    """
    matrix = np.zeros((4, tiles, 2 * tiles + 2), np.float32)
    for tile in range(tiles):
        matrix[:, tile, 2 * tile : 2 * tile + 4] = _TILE
    return matrix.reshape(4 * tiles, -1)
