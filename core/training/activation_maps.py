"""Class activation maps of the trained model for the first test images, stored in maps.npz."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.architecture.activation_map import MapHead, MapWeights, plan_maps
from core.architecture.model import Model
from core.errors import SpecError
from core.store.activation_maps import count_images, save_maps
from core.training.evaluate import batches
from core.training.forward import compute_outputs, list_layers
from core.training.input_data import Split


def write_maps(path: Path, model: keras.Model, closed: Model, test: Split, first: int = 0) -> None:
    """Write the activation maps of every class for the first `count_images` test images. If the head's maps have no
    closed form, the reason is logged instead.

    Args:
        first: index of the layer that receives the images of the split.
    """
    try:
        head = read_head(model, closed)
    except SpecError as error:
        print(error)
        return
    last = [layer.name for layer in list_layers(model)].index(closed.maps_layer) + 1

    @tf.function(reduce_retracing=True, autograph=False)
    def compute(images: tf.Tensor) -> tf.Tensor:
        return compute_outputs(model, images, training=False, first=first, last=last)

    height, width, _ = head.plan.maps
    count = count_images(len(test), 2 * head.classes * height * width, head.flops)
    parts = [head.compute_maps(compute(tf.constant(images)).numpy()) for images in batches(test.images[:count])]
    save_maps(path, np.concatenate(parts), head.bias, exact=head.plan.exact)


def read_head(model: keras.Model, closed: Model) -> MapHead:
    """Return the head of a model with its current weights.

    Raises:
        SpecError: when the head's activation maps have no closed form.
    """
    plan = plan_maps(closed)
    layers = list_layers(model)
    names = [layer.name for layer in layers]
    dense = [layer for layer in layers[names.index(closed.maps_layer) + 1 :] if isinstance(layer, keras.layers.Dense)]
    return MapHead(plan, tuple(MapWeights(*(weight.numpy() for weight in layer.weights)) for layer in dense))
