"""Access to the images in Parquet files as Hugging Face exports them: a column of images and a column of labels."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.datasets.custom.image_files import TRAIN
from core.datasets.trees.class_name import normalize_name, read_part
from core.datasets.trees.file_tree import MAX_UNPACKED_BYTES
from core.datasets.trees.label_table import LABEL_COLUMNS
from core.datasets.trees.span_tree import SpanTree, Spool
from core.datasets.trees.tree import check_count, check_size
from core.errors import DatasetError

SUFFIX = ".parquet"

_IMAGE_COLUMNS = ("image", "img")
_BATCH = 8  # equal images are stored once, so that a small file may become 30 MB per row
_IMAGE = re.compile(r"\.(png|jpe?g|gif|webp|bmp|tiff?|p[pgbn]m)$", re.IGNORECASE)


def find_parquet(names: Sequence[str]) -> list[str]:
    """Return the Parquet files of a folder, given its files, if it contains no image files."""
    return [] if any(map(_IMAGE.search, names)) else [name for name in names if name.lower().endswith(SUFFIX)]


@contextmanager
def open_parquet(folder: Path, names: Sequence[str]) -> Iterator["ParquetTree"]:
    """Open Parquet files of a folder. Their images are copied to a temporary file.

    Raises:
        DatasetError: when a file is damaged, has no images with labels, or there are several configurations.
    """
    with Spool() as spool:
        yield ParquetTree(folder, names, spool)


class ParquetTree(SpanTree):
    """Images of Parquet files. Each has the path of its file, its row and its original name as its path.

    Attributes:
        labels: Class of each image.
        parts: TRAIN, VALIDATION or TEST of each image.
    """

    def __init__(self, folder: Path, names: Sequence[str], spool: Spool) -> None:
        super().__init__(spool.file)
        self.labels: dict[str, str] = {}
        self.parts: dict[str, int] = {}
        _check_configurations(names)
        splits = {name: find_part(name) for name in names}
        given = any(part is not None for part in splits.values())
        for name, part in splits.items():
            if part is None and given:
                self._skip(name, "The name of this file contains neither train nor validation nor test.")
            else:
                self._read_file(folder / name, name, TRAIN if part is None else part, spool)

    def _read_file(self, path: Path, name: str, part: int, spool: Spool) -> None:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        try:
            with ParquetFile(path) as file:
                check_count(self._count + file.metadata.num_rows, "A dataset")
                image, label, classes = find_columns(file.schema_arrow)
                row = 0
                for batch in file.iter_batches(_BATCH, columns=[image, label]):
                    for content, target in zip(*(batch[column].to_pylist() for column in (image, label)), strict=True):
                        self._add_row(f"{name}/{row:06}", content, _name_class(target, classes), part, spool)
                        row += 1
        except (ArrowException, OSError, ValueError) as error:
            raise DatasetError(f"{name!r:.80} is damaged, or it is not a Parquet file of images: {error}") from error

    def _add_row(self, path: str, content: Any, label: str, part: int, spool: Spool) -> None:
        data, original = (content, "") if isinstance(content, bytes) else (None, "")
        if isinstance(content, dict):
            data, original = content.get("bytes"), str(content.get("path") or "")
        name = f"{path} {Path(original).name}".rstrip()
        if not isinstance(data, bytes):
            self._skip(name, "The file contains only the path of the image.")
        elif not label:
            self._skip(name, "This image has no label.")
        else:
            try:
                check_size(len(data))
            except DatasetError as error:
                self._skip(name, str(error))
                return
            span = spool.append(data)
            if span[0] > MAX_UNPACKED_BYTES:
                raise DatasetError(f"A dataset may have at most {MAX_UNPACKED_BYTES / 1e9:g} GB of image files.")
            self._add_file(name, span)
            self.labels[name], self.parts[name] = label, part


def find_part(name: str) -> int | None:
    """Return the split that the path of a file names, such as train-00000-of-00002.parquet, else None.

    >>> [find_part(name) for name in ("data/train-00000-of-00002.parquet", "default/test/0000.parquet", "a.parquet")]
    [0, 2, None]
    """
    words = re.split(r"[^A-Za-z]+", name)
    return next((part for word in reversed(words) if (part := read_part(word)) is not None), None)


def find_columns(schema: Any) -> tuple[str, str, Sequence[str]]:
    """Return the columns of images and of labels, and the names of the classes if the file contains them.

    The column of labels is named label, or is the first of type ClassLabel, or has another usual name.

    Raises:
        ValueError: when a column is missing.
    """
    from pyarrow import types

    features = _read_features(schema)
    kinds = {name: feature.get("_type") for name, feature in features.items() if isinstance(feature, dict)}
    images = [field.name for field in schema if kinds.get(field.name) == "Image" or _holds_bytes(field.type)]
    images.sort(key=lambda name: (name not in _IMAGE_COLUMNS, kinds.get(name) != "Image"))
    labels = [name for name in schema.names if kinds.get(name) == "ClassLabel"]
    labels += [name for name in LABEL_COLUMNS if name in schema.names]
    labels.sort(key=lambda name: name != "label")
    if not images or not labels:
        raise ValueError(f"expected the columns image and label; got {', '.join(schema.names)}")
    kind = schema.field(labels[0]).type
    if not (types.is_integer(kind) or types.is_boolean(kind) or _holds_text(kind)):
        raise ValueError(f"expected one label per image in the column {labels[0]}; got {kind}")
    classes = features.get(labels[0], {}).get("names") or ()
    return images[0], labels[0], [str(name) for name in classes] if isinstance(classes, list) else ()


def _read_features(schema: Any) -> dict[str, Any]:
    """Return the features that Hugging Face stores in the metadata of a Parquet file; empty without them."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _holds_bytes(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return any(kind.field(row).name == "bytes" for row in range(kind.num_fields))
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _holds_text(kind: Any) -> bool:
    from pyarrow import types

    value = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(value) or types.is_large_string(value))


def _name_class(label: Any, classes: Sequence[str]) -> str:
    """Return the class of a label, or "" without one; Hugging Face writes -1 for unknown labels."""
    if label is None or (isinstance(label, int) and label < 0):
        return ""
    if classes and isinstance(label, int) and not isinstance(label, bool):
        return normalize_name(classes[label]) if label < len(classes) else ""
    return normalize_name(str(label))


def _check_configurations(names: Sequence[str]) -> None:
    found = {"/".join(part for part in name.split("/")[:-1] if find_part(part) is None) for name in names}
    if len(found) > 1:
        first, second, *_ = sorted(found)
        raise DatasetError(
            f"The folder contains several configurations: {first or '.'!r:.80} and {second!r:.80}. Add one of them."
        )
