"""Saturation."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Saturation",
    order=6,
    amount=Amount(0, 5, 2, 0.1, form="×{:g}", neutral=1),
    strength=Strength(
        0.01, 1, 0.3, 0.01, form="×1 ∓ {:g}", help="Factors are drawn from 1 ∓ this.", draw=draw_around(1)
    ),
)
def saturation(image: Image, factor: float) -> Image:
    """The saturation of every pixel times a factor, at most 1; hue and value stay. Grey images have none to change.

    With the value V, the largest of red, green and blue, and the saturation S = (V − smallest) / V, a channel c
    becomes V − (V − c) · min(factor, 1 / S), rounded: what `tf.image.adjust_saturation` does by way of HSV, to within
    one grey level, as TensorFlow does not round. In training the factor is drawn evenly from 1 ∓ strength, as
    `tf.image.random_saturation(image, 1 − strength, 1 + strength)` does.
    """
    if image.shape[-1] == 1:
        return image
    planes = to_planes(image)
    value = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    spread = value - np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    moved = np.minimum(np.float32(factor), value / np.maximum(spread, 1))  # without spread there is nothing to move
    return to_image(value - (value - planes) * moved)
