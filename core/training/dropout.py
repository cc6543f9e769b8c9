"""Fast dropout: a few random bits per value instead of a random number and a division."""

import tensorflow as tf

_TYPES = {8: tf.int8, 16: tf.int16}


def choose_bits(rate: float, fewest: int = 1) -> tuple[int, int]:
    """Return the number of random bits per value, and how many of their values drop it.

    These are at least `fewest` bits, of which exactly the share `rate` of the values drops, if 8 bits suffice for that;
    with the 16 bits of other rates, the rate is exact to 1/131,072.

    >>> choose_bits(0.25), choose_bits(0.25, 8), choose_bits(0.3)
    ((2, 1), (8, 64), (16, 19661))
    """
    bits = next((bits for bits in (1, 2, 4, 8) if bits >= fewest and (rate * 2**bits).is_integer()), 16)
    return bits, round(rate * 2**bits)


def draw_words(count: tf.Tensor, bits: int, seed: tf.Tensor) -> tf.Tensor:
    """Return random words, uint32, that have `bits` bits for each of `count` values.

    Args:
        seed: int32 or uint32, shape (2,); the same seed returns the same words.
    """
    per_word = 32 // bits
    return tf.random.stateless_uniform([(count + per_word - 1) // per_word], seed, None, None, tf.uint32)


def drop_activations(values: tf.Tensor, rate: float, seed: tf.Tensor) -> tf.Tensor:
    """Set a random fraction `rate` of the values to 0 and scale the others by 1 / (1 − rate), like Keras' Dropout.

    Args:
        seed: see `draw_words`.
    """
    bits, dropped = choose_bits(rate, 8)
    dtype, levels, count = _TYPES[bits], 2**bits, tf.size(values)
    numbers = tf.reshape(tf.bitcast(draw_words(count, bits, seed), dtype), [-1])[:count]
    kept = tf.cast(numbers >= tf.constant(dropped - levels // 2, dtype), values.dtype) * (levels / (levels - dropped))
    return values * tf.reshape(kept, tf.shape(values))
