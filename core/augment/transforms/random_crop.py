"""Random square crop."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: "np.random.Generator", strength: float) -> tuple[float, float, float]:
    down, right = rng.random(2)
    return strength, down, right


@transform(
    label="Random crop",
    order=8,
    amount=Amount(0.1, 1, 0.8, 0.05, form="{:.0%} of the shorter side", neutral=1),
    strength=Strength(
        0.1,
        1,
        1,
        0.01,
        form="{:.0%}",
        help="Fraction of the shorter side; at 1 only the position along the longer side is random.",
        draw=draw,
    ),
)
def random_crop(image: Image, share: float, down: float = 0.5, right: float = 0.5) -> Image:
    """Crops a square whose side is a fraction of the shorter side; in training its position is random.

    `down` and `right`, from 0 to below 1, are the position of the square; 0.5 is the central one. In training both are
    drawn uniformly, as in `tf.image.random_crop(image, (side, side, channels))`. At a fraction of 1 an image of 178×218
    is cropped to 178×178, and a square image is unchanged.
    """
    height, width, _ = image.shape
    side = max(1, round(share * min(height, width)))
    top, left = int(down * (height - side + 1)), int(right * (width - side + 1))
    return image[top : top + side, left : left + side]
