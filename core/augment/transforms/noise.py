"""Noise."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, to_image, to_planes, transform


def draw(rng: np.random.Generator, strength: float) -> tuple[float, float]:
    return rng.uniform(0, strength), float(rng.integers(2**32))


@transform(
    label="Noise",
    order=14,
    amount=Amount(0, 0.5, 0.1, 0.01, form="{:g}", neutral=0),
    strength=Strength(0.01, 0.5, 0.1, 0.01, form="0 … {:g}", help="The deviation is drawn from 0 to this.", draw=draw),
)
def noise(image: Image, deviation: float, seed: float = 0.0) -> Image:
    """To every value a random number is added, with that standard deviation on the scale where white is 1.

    The numbers are normal and follow from the seed, for every channel anew; the sum is rounded and clipped to 0..255.
    `tf.image` has no such function. In training the deviation is drawn evenly from 0 to strength.
    """
    planes = to_planes(image)
    added = np.random.default_rng(int(seed)).standard_normal(planes.shape, np.float32)
    return to_image(planes + np.float32(255 * deviation) * added)
