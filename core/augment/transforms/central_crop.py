"""Central crop, back at the original size."""

from core.augment.pillow import resize_array
from core.augment.transform import Amount, Image, transform


@transform(label="Central crop", order=7, amount=Amount(0.1, 1, 0.7, 0.05, form="{:.0%} of each side", neutral=1))
def central_crop(image: Image, share: float) -> Image:
    """Crops the center of the image to a fraction of its height and width and resizes it to the original size.

    As `tf.image.central_crop(image, share)`, int((side − side · share) / 2) pixels are removed at each edge; then
    `tf.image.resize` (bilinear) to the original size. In training use `zoom`, which is random.
    """
    height, width, _ = image.shape
    top, left = int((height - height * share) / 2), int((width - width * share) / 2)
    return resize_array(image[top : height - top, left : width - left], height, width)
