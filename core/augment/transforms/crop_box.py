"""Crop to a box."""

from core.augment.transform import Amount, Image, transform

_WIDTH, _HEIGHT = 178, 218  # size of an official CelebA image; the box is given in its pixels


@transform(label="Crop to a box", order=1, amount=Amount(16, 158, 128, 2, "pixels", "{0:g}×{0:g}"))
def crop_box(image: Image, side: float, left: float = 20, top: float = 50) -> Image:
    """Crops a fixed square box, given in pixels of a CelebA image (178×218), without resizing.

    Side and corner (x = 20, y = 50) scale with the width and height of the image: on 89×109 the box of 128×128 at
    (20, 50) becomes 64×64 at (10, 25). Parts outside the image are cut off. On 178×218 it is
    `tf.image.crop_to_bounding_box(image, 50, 20, side, side)`.
    """
    height, width, _ = image.shape
    x, y = round(left * width / _WIDTH), round(top * height / _HEIGHT)
    right, bottom = x + max(1, round(side * width / _WIDTH)), y + max(1, round(side * height / _HEIGHT))
    return image[y:bottom, x:right]
