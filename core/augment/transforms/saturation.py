"""Saturation."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, draw_around, to_image, to_planes, transform


@transform(
    label="Saturation",
    order=6,
    amount=Amount(0, 5, 2, 0.1, form="×{:g}", neutral=1),
    strength=Strength(
        0.01,
        1,
        0.3,
        0.01,
        form="×1 ± {:g}",
        help="Factors are drawn uniformly from 1 ± this value.",
        draw=draw_around(1),
    ),
)
def saturation(image: Image, factor: float) -> Image:
    """Multiplies the saturation of every pixel by a factor (up to 1); hue, value and gray images do not change.

    With the value V = max(R, G, B) and the saturation S = (V − min(R, G, B)) / V, a channel c becomes V − (V − c) ·
    min(factor, 1 / S), rounded. This is `tf.image.adjust_saturation` to within one gray level, because TensorFlow does
    not round. In training the factor is drawn uniformly from 1 ± strength, as in
    `tf.image.random_saturation(image, 1 − strength, 1 + strength)`.
    """
    if image.shape[-1] == 1:
        return image
    planes = to_planes(image)
    value = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    spread = value - np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    moved = np.minimum(np.float32(factor), value / np.maximum(spread, 1))  # gray pixels do not change
    return to_image(value - (value - planes) * moved)
