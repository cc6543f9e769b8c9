"""Contrast."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Contrast",
    order=4,
    amount=Amount(0, 4, 2, 0.1, form="×{:g}", neutral=1),
    strength=Strength(
        0.01,
        1,
        0.2,
        0.01,
        form="×1 ± {:g}",
        help="Factors are drawn uniformly from 1 ± this value.",
        draw=draw_around(1),
    ),
)
def contrast(image: Image, factor: float) -> Image:
    """Multiplies the distance of every pixel from the mean of its channel by a factor.

    The result is (value − mean) · factor + mean, rounded and clipped to 0–255, with the mean of each channel of each
    image. This is `tf.image.adjust_contrast` to within one gray level, because TensorFlow does not round. In training
    the factor is drawn uniformly from 1 ± strength, as in
    `tf.image.random_contrast(image, 1 − strength, 1 + strength)`.
    """
    planes = to_planes(image)
    means = planes.mean(axis=(1, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    return to_image((planes - means) * np.float32(factor) + means)
