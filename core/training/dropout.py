"""Dropout with as little randomness as it needs: one or two random bytes a value instead of four and a division."""

import tensorflow as tf

_BYTES = {256: tf.int8, 65_536: tf.int16}


def drop_activations(values: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    """Sets a share `rate` of the values to 0 at random and scales the others by 1 / (1 − rate), as Keras' Dropout does.

    One byte decides where `rate` is a whole number of 256ths, two elsewhere: the share is then exact to 1/131,072.

    Args:
        seed: int32 or uint32 of shape (2,); the same seed drops the same values.
    """
    levels = next((levels for levels in _BYTES if (rate * levels).is_integer()), 65_536)
    dtype, dropped, count = _BYTES[levels], round(rate * levels), tf.size(values)
    per_word = 4 // dtype.size
    words = tf.random.stateless_uniform([(count + per_word - 1) // per_word], seed, None, None, tf.uint32)
    numbers = tf.reshape(tf.bitcast(words, dtype), [-1])[:count]
    kept = tf.cast(numbers >= tf.constant(dropped - levels // 2, dtype), values.dtype) * (levels / (levels - dropped))
    return values * tf.reshape(kept, tf.shape(values))
