"""Export of the trained model to a LiteRT file with probabilities and feature maps."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from core.augment.fit import Fit
from core.files import replacing
from core.stderr import mute_stderr
from core.training.litert_metadata import METADATA_NAME, append_labels, build_metadata

_METADATA = "headroom"
_OUTPUTS = {
    "probabilities": "Probability of each class.",
    "feature_maps": "Input of the head, for class activation maps.",
}
_DESCRIPTION = "Input: images with values from 0 to 1. Outputs: class probabilities, feature maps."


def export_litert(
    model: keras.Model,
    maps_layer: str,
    path: Path,
    classes: Sequence[str],
    *,
    value_range: tuple[float, float] | None = None,
    fit: Fit = "crop",
) -> None:
    """Write a LiteRT file (.tflite) with two outputs in the signature `serving_default`, and the classes.

    Input shape: `images` (batch, side, side, channels), float32 between 0 and 1; the batch axis may be resized.
    Output shape: `probabilities` (batch, classes); `feature_maps` (batch, side, side, channels), the output of
    `maps_layer`. The metadata entry `headroom` is JSON with the range of the input and the names of the classes; with
    `value_range`, the values of image files that become 0 and 1 if the files of the dataset have more than 8 bits; and
    with `fit`, unless images that are not square are cropped. The file also has the metadata of TensorFlow Lite, with
    the classes in labels.txt (see `core.training.litert_metadata`).
    """
    both = keras.Model(model.inputs, [get_probabilities(model), model.get_layer(maps_layer).output])
    details: dict[str, object] = {"input_range": [0.0, 1.0], "outputs": [*_OUTPUTS], "classes": [*classes]}
    details |= {"value_range": value_range} if value_range else {}
    details |= {"fit": fit} if fit != "crop" else {}
    with replacing(path) as temporary, mute_stderr():
        both.export(str(temporary), format="litert", verbose=False)
        temporary.write_bytes(_describe(temporary.read_bytes(), details, model.name, model.input_shape[-1]))
        append_labels(temporary, classes)


def get_probabilities(model: keras.Model) -> keras.KerasTensor:
    """Return the probabilities of all classes, shape (batch, classes), also if the model returns that of the second."""
    probs = model.outputs[0]
    return keras.layers.Concatenate()([1.0 - probs, probs]) if probs.shape[-1] == 1 else probs


def _describe(content: bytes, details: Mapping[str, object], name: str, channels: int) -> bytes:
    """Return the file with named inputs and outputs, probabilities first, and metadata."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    graph, signature = model.subgraphs[0], model.signatureDefs[0]
    signature.outputs.sort(key=lambda output: len(graph.tensors[output.tensorIndex].shape))
    graph.outputs = [output.tensorIndex for output in signature.outputs]
    for entry, tensor in zip((*signature.inputs, *signature.outputs), ("images", *_OUTPUTS), strict=True):
        entry.name = tensor.encode()
        graph.tensors[entry.tensorIndex].name = tensor.encode()
    model.metadata = model.metadata or []
    _add_metadata(model, _METADATA, json.dumps(details).encode())
    _add_metadata(model, METADATA_NAME, build_metadata(name, _DESCRIPTION, channels, _OUTPUTS))
    model.description = _DESCRIPTION.encode()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _add_metadata(model: schema.ModelT, name: str, content: bytes) -> None:
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(content, np.uint8)
    entry.name, entry.buffer = name.encode(), len(model.buffers)
    model.buffers.append(buffer)
    model.metadata.append(entry)
