"""Rotation."""

from core.augment.pillow import to_array, to_picture
from core.augment.transform import Amount, Image, Strength, draw_around, transform


@transform(
    label="Rotation",
    order=10,
    amount=Amount(-180, 180, 15, 1, "degrees", "{:+g}°", neutral=0),
    strength=Strength(
        1, 180, 10, 1, "degrees", "± {:g}°", help="Angles are drawn uniformly from ± this value.", draw=draw_around(0)
    ),
)
def rotation(image: Image, degrees: float) -> Image:
    """Rotates the image counter-clockwise about its center; the size does not change, empty corners are black.

    Bilinear. `tf.image` has only rotations by 90 degrees (`tf.image.rot90`). In training the angle is drawn uniformly
    from ± strength degrees.
    """
    if not degrees:
        return image
    from PIL.Image import Resampling

    return to_array(to_picture(image).rotate(degrees, Resampling.BILINEAR))
