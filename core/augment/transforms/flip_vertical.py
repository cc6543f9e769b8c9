"""Vertical flip."""

from core.augment.transform import Amount, Image, Strength, draw_bernoulli, transform


@transform(
    label="Vertical flip",
    order=3,
    amount=Amount(0, 1, 1, 1, neutral=0),
    strength=Strength(
        0.01, 1, 0.5, 0.01, form="p = {:.0%}", help="Probability that an image is flipped.", draw=draw_bernoulli
    ),
)
def flip_vertical(image: Image, times: float) -> Image:
    """Flips the image vertically.

    1 flips the image (`tf.image.flip_up_down`), 0 leaves it unchanged. In training the strength is the probability
    of a flip; 0.5 is `tf.image.random_flip_up_down`.
    """
    return image[::-1] if times >= 0.5 else image
