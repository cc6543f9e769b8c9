"""Labels from a CSV or TSV file next to the images: a row per file with its class and, if given, its split."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from core.datasets.trees.class_name import normalize_name, read_part
from core.datasets.trees.tree import Tree, split_path
from core.errors import DatasetError

SUFFIXES = (".csv", ".tsv")

_FILE_COLUMNS = ("filename", "file_name", "file", "path", "filepath", "image", "image_name", "image_path", "image_id")
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target")
_SPLIT_COLUMNS = ("split", "subset", "set", "partition")
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z][A-Za-z0-9+.-]*:")
_DELIMITERS = ",;\t"


@dataclass
class LabelTable:
    """Labels of files, from one or more tables of a folder.

    Attributes:
        tables: Paths of the tables.
        named: Whether a header names the column of the labels, or there is no header.
        labels: Class of each file.
        parts: TRAIN, VALIDATION or TEST of the files whose row names a split.
        skipped: Files and rows without a valid label, each with a reason.
    """

    tables: list[str] = field(default_factory=list)
    named: bool = True
    labels: dict[str, str] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, table: str, file: str, label: str, split: str | None) -> None:
        """Add a row of a table. A file with two different labels or splits is skipped."""
        part = read_part(split) if split else None
        if file in self.skipped:
            return
        if not label:
            self.skipped[file] = f"No label in {table}."
        elif split and part is None:
            self.skipped[file] = f"Expected the split train, validation or test in {table}; got {split!r:.60}."
        elif self.labels.setdefault(file, label) != label:
            self.skipped[file] = f"Two labels in {table}: {self.labels[file]!r} and {label!r}."
        elif part is not None and self.parts.setdefault(file, part) != part:
            self.skipped[file] = f"Two splits in {table}."
        if file in self.skipped:
            self.labels.pop(file, None)
            self.parts.pop(file, None)


def find_table(tree: Tree, names: Sequence[str], prefix: str) -> LabelTable | None:
    """Return the labels in the tables of a folder and of the split folders in it, or None if no table names a file.

    Args:
        names: The files below the folder.
        prefix: Path of the folder in the tree, with a `/` at its end unless it is the top.
    """
    found = LabelTable()
    candidates = [name for name in names if _is_candidate(name.removeprefix(prefix))]
    lookups: dict[str, _Lookup] = {}
    for name in candidates:
        top = name[: name.rfind("/") + 1]
        if top not in lookups:
            inside = (other for other in names if other.startswith(top) and other not in candidates)
            lookups[top] = _Lookup(inside, top)
        rows = _read_rows(tree, name)
        if rows and _add_rows(found, name.removeprefix(prefix), rows, lookups[top]):
            found.tables.append(name)
    return found if found.tables else None


def _is_candidate(path: str) -> bool:
    *folders, _ = path.split("/")
    is_near = not folders or (len(folders) == 1 and read_part(folders[0]) is not None)
    return is_near and path.lower().endswith(SUFFIXES)


class _Lookup:
    """Files by what a table can call them: path, name or either without suffix, if it means only one file."""

    def __init__(self, names: Iterable[str], prefix: str) -> None:
        self._found: dict[str, str | None] = {}
        keys: list[list[tuple[str, str]]] = [[], [], [], []]
        for name in names:
            path = PurePosixPath(name.removeprefix(prefix))
            for row, key in enumerate((str(path), path.name, str(path.with_suffix("")), path.stem)):
                keys[row].append((unicodedata.normalize("NFC", key), name))
            if prefix:
                keys[0].append((unicodedata.normalize("NFC", name), name))
        for level in keys:
            new: dict[str, str | None] = {}
            for key, name in level:
                new[key] = name if new.get(key, name) == name else None
            self._found = new | self._found

    def find(self, cell: str) -> str | None:
        """Return the file that a cell of a table means, or None. Of an absolute path, the end counts."""
        parts = split_path(unicodedata.normalize("NFC", cell.strip()))
        starts = range(len(parts)) if _ABSOLUTE.match(cell.strip()) else range(1)
        return next((name for start in starts if (name := self._found.get("/".join(parts[start:])))), None)


def _read_rows(tree: Tree, name: str) -> list[list[str]]:
    """Return the rows of a table that have a value; none for files that are no table."""
    try:
        content = tree.read(name)
        text = _decode(content).replace("\r\n", "\n").replace("\r", "\n")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(name, text))
        return [row for row in rows if any(cell.strip() for cell in row)]
    except (DatasetError, OSError, ValueError, csv.Error):
        return []


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # "Unicode text" of spreadsheets
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _find_delimiter(name: str, text: str) -> str:
    first = text.lstrip("\n").partition("\n")[0]
    return "\t" if name.lower().endswith(".tsv") and "\t" in first else max(_DELIMITERS, key=first.count)


def _add_rows(found: LabelTable, table: str, rows: list[list[str]], lookup: _Lookup) -> bool:
    """Add the rows of a table; return whether it is one, which names files and has another column."""
    width = max(map(len, rows))
    cells = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    hits = [sum(lookup.find(row[column]) is not None for row in cells) for column in range(width)]
    files = max(range(width), key=lambda column: hits[column])
    if not hits[files] or width < 2:
        return False
    head = [name.lower().replace(" ", "_") for name in cells[0]]
    headed = lookup.find(cells[0][files]) is None and (
        head[files] in _FILE_COLUMNS or not PurePosixPath(cells[0][files]).suffix
    )
    body = cells[1:] if headed else cells
    others = [column for column in range(width) if column != files]
    splits = [c for c in others if head[c] in _SPLIT_COLUMNS] if headed else _find_splits(body, others)
    labels = [c for c in others if head[c] in LABEL_COLUMNS] if headed else []
    values = [column for column in others if column not in splits[:1]]
    if not values:
        return False
    one_hot = headed and not labels and _is_one_hot([[row[column] for column in values] for row in body])
    found.named &= bool(labels) or one_hot or not headed
    label = next(iter([*labels, *values]))
    own_part = PurePosixPath(table).stem
    split_of_table = own_part if read_part(own_part) is not None else None
    for row in body:
        name = lookup.find(row[files])
        split = row[splits[0]] if splits else split_of_table
        if name is not None:
            cell = next(cells[0][c] for c in values if float(row[c])) if one_hot else row[label]
            found.add(table, name, normalize_name(cell), split)
        else:
            found.skipped.setdefault(row[files] or "(no name)", f"Named in {table}, but not found.")
    return True


def _is_one_hot(rows: list[list[str]]) -> bool:
    """Return whether each row has one 1 and otherwise 0, in a column per class."""
    try:
        return all(sorted(map(float, row)) == [0.0] * (len(row) - 1) + [1.0] for row in rows) and len(rows[0]) > 1
    except ValueError:
        return False


def _find_splits(rows: list[list[str]], columns: Sequence[int]) -> list[int]:
    """Return the columns that contain only names of splits, if another column can be the label."""
    found = [c for c in columns if all(read_part(row[c]) is not None for row in rows if row[c])]
    return found if len(columns) > 1 else []
