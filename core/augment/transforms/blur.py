"""Blur."""

import numpy as np

from core.augment.pillow import to_array, to_picture
from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float]:
    return (rng.uniform(0, strength),)


@transform(
    label="Blur",
    order=13,
    amount=Amount(0, 8, 1.5, 0.25, "pixels", "{:g} px", neutral=0),
    strength=Strength(
        0.1,
        8,
        1,
        0.1,
        "pixels",
        "0 … {:g} px",
        help="The standard deviation is drawn uniformly from 0 to this value.",
        draw=draw,
    ),
)
def blur(image: Image, deviation: float) -> Image:
    """Blurs the image with a Gaussian filter of the given standard deviation.

    `PIL.ImageFilter.GaussianBlur`, an approximation by three box blurs; `tf.image` has no equivalent. In training the
    standard deviation is drawn uniformly from 0 to strength pixels.
    """
    if not deviation:
        return image
    from PIL.ImageFilter import GaussianBlur

    return to_array(to_picture(image).filter(GaussianBlur(deviation)))
