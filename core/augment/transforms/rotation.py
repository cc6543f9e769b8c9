"""Rotation."""

from PIL.Image import Resampling

from core.augment.pillow import to_array, to_picture
from core.augment.transform import Amount, Image, Strength, draw_around, transform


@transform(
    label="Rotation",
    order=10,
    amount=Amount(-180, 180, 15, 1, "degrees", "{:+g}°", neutral=0),
    strength=Strength(1, 180, 10, 1, "degrees", "∓ {:g}°", help="Angles are drawn from ∓ this.", draw=draw_around(0)),
)
def rotation(image: Image, degrees: float) -> Image:
    """The image turned about its centre, counter-clockwise; the size stays, corners that nothing covers are black.

    Bilinear. `tf.image` has quarter turns alone: on a square image `tf.image.rot90` is 90 degrees. In training the
    angle is drawn evenly from ∓ strength degrees.
    """
    return to_array(to_picture(image).rotate(degrees, Resampling.BILINEAR)) if degrees else image
