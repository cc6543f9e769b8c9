"""Resize."""

from core.augment.pillow import resize_array
from core.augment.transform import Amount, Image, transform


@transform(label="Resize", order=9, amount=Amount(4, 256, 64, 4, "pixels", "{0:g}×{0:g}"))
def resize(image: Image, side: float) -> Image:
    """The whole image at side × side pixels; one that is not square is stretched.

    Bilinear; when an image shrinks, over all pixels that fall into one, as `tf.image.resize(image, (side, side),
    antialias=True)`, rounded. Every pipeline ends with the central square at the side of the model, so training needs
    no step for it.
    """
    return resize_array(image, int(side), int(side))
