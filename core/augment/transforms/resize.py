"""Resize."""

from core.augment.pillow import resize_array
from core.augment.transform import Amount, Image, transform


@transform(label="Resize", order=9, amount=Amount(4, 256, 64, 4, "pixels", "{0:g}×{0:g}"))
def resize(image: Image, side: float) -> Image:
    """Resizes the image to side × side pixels without preserving the aspect ratio.

    Bilinear with antialiasing, as `tf.image.resize(image, (side, side), antialias=True)`, rounded. In training this
    step is not needed: every pipeline ends with the central square at the input size of the model.
    """
    return resize_array(image, int(side), int(side))
