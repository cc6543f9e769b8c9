"""Occlusion."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float, float, float]:
    share, x, y = rng.uniform(0, (strength, 1, 1))
    return float(share), float(x), float(y)


@transform(
    label="Occlusion",
    order=15,
    amount=Amount(0, 1, 0.3, 0.05, form="{:.0%} of each side", neutral=0),
    strength=Strength(
        0.05,
        1,
        0.3,
        0.05,
        form="0 … {:.0%}",
        help="The fraction of each side is drawn uniformly from 0 to this value.",
        draw=draw,
    ),
)
def occlusion(image: Image, share: float, x: float = 0.5, y: float = 0.5) -> Image:
    """Covers a rectangle, a fraction of the height and width of the image, with black.

    The rectangle is completely inside the image; `x` and `y` are its position between the edges (0: left or top, 0.5:
    center). `tf.image` has no equivalent. In training the fraction is drawn uniformly from 0 to strength and the
    position uniformly from all positions.
    """
    height, width, _ = image.shape
    tall, wide = round(share * height), round(share * width)
    top, left = round(y * (height - tall)), round(x * (width - wide))
    covered = image.copy()
    covered[top : top + tall, left : left + wide] = 0
    return covered
