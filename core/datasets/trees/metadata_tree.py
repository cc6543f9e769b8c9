"""Labels in the files metadata.csv and metadata.jsonl of the Hugging Face format imagefolder."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from core.datasets.trees.class_name import read_part
from core.datasets.trees.label_table import LABEL_COLUMNS
from core.datasets.trees.tree import Tree, split_path
from core.errors import DatasetError

FILE_COLUMN = "file_name"
"""Column with the path of an image, relative to the folder of its metadata file."""

_NAMES = ("metadata.csv", "metadata.jsonl")
_TABLE = "metadata.csv"


def find_metadata(tree: Tree) -> list[str]:
    """Return the metadata files of a tree that have a column of labels."""
    return [name for name in tree.names if name.rpartition("/")[2].lower() in _NAMES and any(_read_rows(tree, name))]


class MetadataTree(Tree):
    """The files of another tree, with one table `metadata.csv` at the top instead of its metadata files.

    The table has the columns file_name, label and, if the metadata or the folders of the images name them, split
    (`core.datasets.trees.label_table`).

    Attributes:
        split_by_folders: Whether the splits in the table are all names of folders.
    """

    def __init__(self, tree: Tree) -> None:
        super().__init__()
        self._tree = tree
        self.folders, self.skipped, self.ignored = tree.folders, tree.skipped, tree.ignored
        metadata = find_metadata(tree)
        rows = [row for name in metadata for row in _read_rows(tree, name)]
        self._sources = {name: name for name in tree.names if name not in metadata} | {_TABLE: None}
        self._table = _write_table(rows)
        self.split_by_folders = all(split == _find_split(path) for path, _, split in rows)

    def read(self, name: str) -> bytes:
        return self._table if name == _TABLE else self._tree.read(name)


def _read_rows(tree: Tree, name: str) -> Iterator[list[str]]:
    """Yield the path of each file from the top, its label or "", and its split or ""."""
    folder = name.rpartition("/")[0]
    try:
        text = tree.read(name).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)) if name.lower().endswith(".csv") else _read_lines(text))
    except (DatasetError, OSError, ValueError, csv.Error):  # reported as a file that is no image
        return
    for row in rows:
        column = next((label for label in LABEL_COLUMNS if label in row), None)
        if column is not None and isinstance(row.get(FILE_COLUMN), str):
            path = "/".join(split_path(f"{folder}/{row[FILE_COLUMN]}"))
            yield [path, _to_text(row[column]), _to_text(row.get("split")) or _find_split(path)]


def _read_lines(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file with one JSON object per line; files of other lines are reported as not listed."""
    for line in text.split("\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _to_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _write_table(rows: list[list[str]]) -> bytes:
    found = io.StringIO()
    splits = {split for *_, split in rows}
    width = 3 if len(splits) > 1 and "" not in splits else 2
    csv.writer(found).writerows(row[:width] for row in ([FILE_COLUMN, "label", "split"], *rows))
    return found.getvalue().encode()


def _find_split(name: str) -> str:
    """Return the outermost folder of a file that is named like a split, or ""."""
    return next((folder for folder in name.split("/")[:-1] if read_part(folder) is not None), "")
