"""Noise."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, to_image, to_planes, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float, float]:
    return rng.uniform(0, strength), float(rng.integers(2**32))


@transform(
    label="Noise",
    order=14,
    amount=Amount(0, 0.5, 0.1, 0.01, form="{:g}", neutral=0),
    strength=Strength(
        0.01,
        0.5,
        0.1,
        0.01,
        form="0 … {:g}",
        help="The standard deviation is drawn uniformly from 0 to this value.",
        draw=draw,
    ),
)
def noise(image: Image, deviation: float, seed: float = 0.0) -> Image:
    """Adds Gaussian noise with the given standard deviation (pixel range 0–1).

    The noise is drawn independently for each pixel and channel from a generator with `seed`; the sum is rounded and
    clipped to 0–255. `tf.image` has no equivalent. In training the standard deviation is drawn uniformly from 0 to
    strength.
    """
    planes = to_planes(image)
    normal = np.random.default_rng(int(seed)).standard_normal(planes.shape, np.float32)
    return to_image(planes + np.float32(255 * deviation) * normal)
