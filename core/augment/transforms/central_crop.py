"""Central crop, back at the original size."""

from core.augment.pillow import resize_array
from core.augment.transform import Amount, Image, transform


@transform(label="Central crop", order=7, amount=Amount(0.1, 1, 0.7, 0.05, form="{:.0%} of both sides", neutral=1))
def central_crop(image: Image, share: float) -> Image:
    """The middle of the image, that share of its height and width, enlarged to the size that it had.

    As `tf.image.central_crop(image, share)` cuts, so many whole pixels less at each rim: int((side − side · share) /
    2); then `tf.image.resize` to the original size, bilinear. Training has `zoom` for it, which is random.
    """
    height, width, _ = image.shape
    top, left = int((height - height * share) / 2), int((width - width * share) / 2)
    return resize_array(image[top : height - top, left : width - left], height, width)
