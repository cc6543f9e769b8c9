"""Occlusion."""

import numpy as np

from core.augment.transform import Amount, Image, Strength, transform


def draw(rng: np.random.Generator, strength: float) -> tuple[float, float, float]:
    share, x, y = rng.uniform(0, (strength, 1, 1))
    return float(share), float(x), float(y)


@transform(
    label="Occlusion",
    order=15,
    amount=Amount(0, 1, 0.3, 0.05, form="{:.0%} of both sides", neutral=0),
    strength=Strength(
        0.05, 1, 0.3, 0.05, form="0 … {:.0%}", help="The share of both sides is drawn from 0 to this.", draw=draw
    ),
)
def occlusion(image: Image, share: float, x: float = 0.5, y: float = 0.5) -> Image:
    """A rectangle of that share of height and width is black.

    It lies wholly within the image, x and y say where between the edges: 0 is left and top, 0.5 the middle. `tf.image`
    has no such function. In training the share is drawn evenly from 0 to strength, and the place evenly from all.
    """
    height, width, _ = image.shape
    tall, wide = round(share * height), round(share * width)
    top, left = round(y * (height - tall)), round(x * (width - wide))
    covered = image.copy()
    covered[top : top + tall, left : left + wide] = 0
    return covered
