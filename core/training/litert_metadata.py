"""Metadata of LiteRT files in the format of TensorFlow Lite: a FlatBuffer in the model, and labels.txt after it.

The schema is `metadata_schema.fbs` of MediaPipe, which reads this format. Its package requires OpenCV and Matplotlib,
so the few tables that Headroom needs are written here; field numbers are their positions in the schema.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers

METADATA_NAME = "TFLITE_METADATA"
LABELS = "labels.txt"

_IDENTIFIER, _MIN_PARSER = b"M001", "1.0.0"
_AXIS_LABELS, _IMAGE, _NORMALIZATION = 2, 2, 1  # AssociatedFileType, ContentProperties, ProcessUnitOptions
_COLOR_SPACES = {1: 2, 3: 1}  # GRAYSCALE and RGB by number of channels
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the file depends only on the model


@dataclass(frozen=True)
class _Byte:
    value: int


@dataclass(frozen=True)
class _Table:
    """A table: values by field number. A value is a text, a list of floats, tables or texts, a byte or an integer."""

    fields: Mapping[int, Any]


def build_metadata(name: str, description: str, channels: int, outputs: Mapping[str, str]) -> bytes:
    """Return the metadata of an image classifier whose input has values from 0 to 1.

    Args:
        channels: of the input images, 1 or 3; others have no color space.
        outputs: description of each output by name, in the order of the file; the first has the classes in LABELS.
    """
    image = _Table({0: _Byte(_COLOR_SPACES.get(channels, 0))})
    scaling = _Table({0: [0.0], 1: [255.0]})  # (value − mean) / std
    images = _Table({
        0: "images", 1: "Values from 0 to 255, divided by 255.", 3: _Table({0: _Byte(_IMAGE), 1: image}),
        4: [_Table({0: _Byte(_NORMALIZATION), 1: scaling})], 5: _Table({0: [1.0], 1: [0.0]}),
    })  # fmt: skip
    labels = _Table({0: LABELS, 1: "Classes in order, one per line.", 2: _Byte(_AXIS_LABELS)})
    tensors = [
        _Table({0: output, 1: text, **({} if index else {6: [labels]})})
        for index, (output, text) in enumerate(outputs.items())
    ]
    root = _Table({0: name, 1: description, 3: [_Table({2: [images], 3: tensors})], 7: _MIN_PARSER})
    builder = flatbuffers.Builder()
    builder.Finish(_write(builder, root), _IDENTIFIER)
    return bytes(builder.Output())


def append_labels(path: Path, classes: Sequence[str]) -> None:
    """Add LABELS to a LiteRT file as an associated file: a ZIP archive after the model."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(LABELS, _SAME_TIME), "".join(f"{name}\n" for name in classes))


def _write(builder: flatbuffers.Builder, value: Any) -> int:
    """Write a text, a list or a table, and return its offset. What it contains is written first."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, list):
        return _write_list(builder, value)
    fields = value.fields.items()
    offsets = {slot: _write(builder, one) for slot, one in fields if not isinstance(one, _Byte)}
    builder.StartObject(max(value.fields) + 1)
    for slot, one in fields:
        if isinstance(one, _Byte):
            builder.PrependInt8Slot(slot, one.value, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
    return builder.EndObject()


def _write_list(builder: flatbuffers.Builder, values: list[Any]) -> int:
    floats = isinstance(values[0], float)
    offsets = values if floats else [_write(builder, value) for value in values]
    builder.StartVector(4, len(values), 4)
    for value in reversed(offsets):
        (builder.PrependFloat32 if floats else builder.PrependUOffsetTRelative)(value)
    return builder.EndVector()
