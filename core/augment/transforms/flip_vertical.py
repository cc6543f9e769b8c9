"""Vertical flip."""

from core.augment.transform import Amount, Image, Strength, draw_whether, transform


@transform(
    label="Vertical flip",
    order=3,
    amount=Amount(0, 1, 1, 1, neutral=0),
    strength=Strength(
        0.01, 1, 0.5, 0.01, form="in {:.0%}", help="Probability that an image is flipped.", draw=draw_whether
    ),
)
def flip_vertical(image: Image, times: float) -> Image:
    """Top and bottom change places.

    1 flips, 0 leaves the image as it is: `tf.image.flip_up_down`. In training the strength is the probability of a
    flip; at 0.5 that is `tf.image.random_flip_up_down`.
    """
    return image[::-1] if times >= 0.5 else image
