"""Preprocessing of pretrained backbones as layers of the model, whose images are between 0 and 1.

Source: keras/src/applications/imagenet_utils.py, modes tf, caffe and torch.
"""

from core.architecture.layers import Rescaling

PREPROCESSING = "preprocessing"
_MEANS = (0.485, 0.456, 0.406)  # of red, green and blue in ImageNet
_DEVIATIONS = (0.229, 0.224, 0.225)
_CAFFE_MEANS = (123.68, 116.779, 103.939)


def scale_to_unit() -> Rescaling:
    """Scale images to values from −1 to 1."""
    return Rescaling(2.0, -1.0, name=PREPROCESSING)


def scale_to_bytes() -> Rescaling:
    """Scale images to values from 0 to 255, for backbones whose own layers do the rest."""
    return Rescaling(255.0, name=PREPROCESSING)


def subtract_means() -> Rescaling:
    """Subtract the mean of each channel from values from 0 to 255 (Caffe)."""
    return Rescaling(255.0, tuple(-mean for mean in _CAFFE_MEANS), name=PREPROCESSING)


def standardize() -> Rescaling:
    """Subtract the mean of each channel and divide by its standard deviation (Torch)."""
    scales = tuple(1 / deviation for deviation in _DEVIATIONS)
    offsets = tuple(-mean / deviation for mean, deviation in zip(_MEANS, _DEVIATIONS, strict=True))
    return Rescaling(scales, offsets, name=PREPROCESSING)
