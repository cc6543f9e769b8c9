"""Learning curves in TensorBoard event files, read with the package `tensorboard`, which does not need TensorFlow."""

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import ImportFileError
from core.importers.importer import Importer, Source, read_first_bytes

_MAX_FILES, _MAX_BYTES, _MAX_RECORD = 20, 500_000_000, 10_000_000
_TAG = re.compile(r"(?:epoch[_/])?(loss|accuracy|acc|learning_rate|lr)", re.IGNORECASE)
_ACCURACY = re.compile(r"(sparse_)?(categorical|binary)_accuracy")
_COLUMNS = {"acc": "accuracy", "lr": "learning_rate"}


def _matches(path: Path) -> bool:
    return bool(_list_files(path))


def _read(path: Path, options: Mapping[str, str]) -> Source:
    """Return the scalars loss, accuracy and learning rate per epoch. Files in a folder `validation` are validation.

    Raises:
        ImportFileError: when `tensorboard` is not installed, the files are damaged, or have no such scalars.
    """
    curves: dict[str, dict[int, tuple[float, float]]] = {}
    for file in _list_files(path):
        part = "val_" if re.search("val|test|eval", file.parent.name if path.is_dir() else "", re.I) else ""
        for tag, step, seconds, value in _read_scalars(file):
            column = _name(tag, part)
            if column:
                curves.setdefault(column, {})[step] = seconds, value
    if not curves:
        raise ImportFileError(f"{path.name!r:.80} has no scalars such as epoch_loss or epoch_accuracy.")
    steps = sorted(set().union(*curves.values()))
    first = min(seconds for points in curves.values() for seconds, _ in points.values())
    ends = [max(points[step][0] for points in curves.values() if step in points) - first for step in steps]
    history = {name: [points[step][1] if step in points else None for step in steps] for name, points in curves.items()}
    if ends == sorted(ends):
        history["seconds"] = [*ends]
    return Source({"history": history, "library": "TensorBoard"}, name=path.stem if path.is_dir() else path.parent.name)


def _list_files(path: Path) -> list[Path]:
    """Return the event files of a path: the file itself, or those in a folder and its subfolders."""
    if path.is_dir():
        return sorted(path.glob("**/*.tfevents.*"))[:_MAX_FILES]
    return [path] if ".tfevents." in path.name and read_first_bytes(path, 8) else []


def _name(tag: str, part: str) -> str:
    """Return the column of a scalar, such as epoch_loss, val/loss or accuracy/validation; "" if it is another one."""
    words = [word for word in re.split(r"[/]", tag) if word]
    validation = any(re.fullmatch(r"val(idation)?|test|eval", word, re.I) for word in words)
    if any(word.lower() == "test" for word in words):
        return ""
    rest = [word for word in words if not re.fullmatch(r"val(idation)?|eval|train(ing)?", word, re.I)]
    name = _ACCURACY.sub("accuracy", "_".join(rest))
    if name.startswith("val_"):
        validation, name = True, name.removeprefix("val_")
    found = _TAG.fullmatch(name)
    if not found:
        return ""
    column = _COLUMNS.get(found[1].lower(), found[1].lower())
    return column if column == "learning_rate" else f"{'val_' if validation else part}{column}"


def _read_scalars(path: Path) -> Iterator[tuple[str, int, float, float]]:
    """Yield tag, step, time in seconds and value of each scalar of an event file."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError:
        raise ImportFileError(
            "tensorboard is not installed. Run: pip install -r requirements-tensorboard.txt"
        ) from None
    for record in _read_records(path):
        try:
            event = Event.FromString(record)
        except Exception:  # DecodeError of the installed version of protobuf
            raise ImportFileError(f"{path.name!r:.80} is not a valid event file.") from None
        for value in event.summary.value:
            if value.HasField("simple_value"):
                yield value.tag, int(event.step), float(event.wall_time), float(value.simple_value)
            elif value.HasField("tensor") and not value.tensor.tensor_shape.dim:
                number: Any = make_ndarray(value.tensor)
                if number.dtype.kind in "fiu":
                    yield value.tag, int(event.step), float(event.wall_time), float(number)


def _read_records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file: length (8 bytes), checksum (4), data, checksum (4). An incomplete one is the end."""
    if path.stat().st_size > _MAX_BYTES:
        raise ImportFileError(f"{path.name!r:.80} has more than {_MAX_BYTES / 1e6:,.0f} MB.")
    with path.open("rb") as file:
        while len(header := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", header[:8])
            if length > _MAX_RECORD:
                raise ImportFileError(f"{path.name!r:.80} is not a valid event file.")
            data = file.read(length)
            if len(data) < length or len(file.read(4)) < 4:
                return
            yield data


TENSORBOARD = Importer("tensorboard", "TensorBoard event files (curves)", 40, _matches, _read)
