"""Shift."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float, float]:
    right, down = rng.uniform(-strength, strength, 2)
    return right, down


@transform(
    label="Shift",
    order=11,
    amount=Amount(-0.5, 0.5, 0.2, 0.05, form="{:+.0%} of the width", neutral=0),
    strength=Strength(
        0.01,
        0.5,
        0.1,
        0.01,
        form="± {:.0%}",
        help="Shifts are drawn uniformly from ± this fraction of width and height.",
        draw=draw,
    ),
)
def shift(image: Image, right: float, down: float = 0.0) -> Image:
    """Shifts the image to the right by a fraction of its width; empty areas are black.

    Shifts are rounded to whole pixels. In training the image is also shifted down by a fraction of its height; both are
    drawn uniformly from ± strength. `tf.image` has no equivalent.
    """
    height, width, _ = image.shape
    x, y = round(right * width), round(down * height)
    moved = np.zeros_like(image)
    moved[max(y, 0) : height + y, max(x, 0) : width + x] = image[max(-y, 0) : height - y, max(-x, 0) : width - x]
    return moved
