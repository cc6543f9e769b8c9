"""Labels from a CSV or TSV file next to the images: a row per file with its class and, if given, its split."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from pathlib import PurePosixPath

from core.datasets.trees.class_name import normalize_name, read_part
from core.datasets.trees.tree import Tree, split_path
from core.errors import DatasetError

SUFFIXES = (".csv", ".tsv")

_FILE_COLUMNS = (
    "filename", "file_name", "filenames", "file", "files", "path", "paths", "file_path", "filepath", "filepaths",
    "image", "image_name", "image_path", "image_id", "image_file", "image_index", "img", "img_name", "img_path", "id",
)  # fmt: skip
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "class_label", "category", "category_name", "target")
_SPLIT_COLUMNS = ("split", "subset", "set", "partition")
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z][A-Za-z0-9+.-]*:")
_WORDS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[-+]?[\d.,]+")
_DELIMITERS = ",;\t|"
_PROBED = 100  # rows that choose the delimiter


@dataclass
class LabelTable:
    """Labels of files, from one or more tables of a folder.

    Attributes:
        tables: Paths of the tables.
        named: Whether a header names the column of the labels, or there is no header.
        unclear: Why the column of the labels is not known, if it is not.
        labels: Class of each file.
        parts: TRAIN, VALIDATION or TEST of the files whose row names a split.
        skipped: Files and rows without a valid label, each with a reason.
    """

    tables: list[str] = field(default_factory=list)
    named: bool = True
    unclear: str = ""
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
    """Return the labels in the tables of a folder and of the split folders in it, or None without a table.

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
        rows = _read_rows(tree, name, lookups[top])
        if rows and _add_rows(found, name.removeprefix(prefix), rows, lookups[top]):
            found.tables.append(name)
    if found.tables:
        found.unclear = ""
    elif candidates and not found.unclear:
        table = candidates[0].removeprefix(prefix)
        found.unclear = f"{table} names no image file. It needs a column with file names and one with classes."
    return found if found.tables or found.unclear else None


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
            self._found = _index(level) | self._found

    def find(self, cell: str, shared: int = 0) -> str | None:
        """Return the file that a cell of a table means, in the same capitals if there is one, or None.

        Of an absolute path, the end counts, and of other paths all but the outer folders.

        Args:
            shared: Number of outer folders that all paths of the table have.
        """
        text = unicodedata.normalize("NFC", cell.strip())
        parts = split_path(text)
        starts = range(len(parts)) if _ABSOLUTE.match(text) else range(min(shared + 1, len(parts)))
        ends = ["/".join(parts[start:]) for start in starts]
        found = next((name for end in ends if (name := self._found.get(end))), None)
        return found or next((name for end in ends if (name := self._folded.get(end.casefold()))), None)

    @cached_property
    def _folded(self) -> dict[str, str | None]:
        return _index((key.casefold(), name) for key, name in self._found.items() if name)


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Return the files by their keys; None for keys of several files."""
    found: dict[str, str | None] = {}
    for key, name in pairs:
        found[key] = name if found.get(key, name) == name else None
    return found


def _read_rows(tree: Tree, name: str, lookup: _Lookup) -> list[list[str]]:
    """Return the rows of a table that have a value; none for files that are no table.

    Of the possible delimiters, the one with which the rows name the most files is used.
    """
    try:
        text = _decode(tree.read(name)).replace("\r\n", "\n").replace("\r", "\n")
    except (DatasetError, OSError):
        return []
    order = sorted(_DELIMITERS, key=lambda one: one != "\t") if name.lower().endswith(".tsv") else _DELIMITERS
    tables = [_parse(text, delimiter) for delimiter in order if delimiter in text]
    return max(tables, key=lambda rows: _count_hits(rows[:_PROBED], lookup), default=[])


def _parse(text: str, delimiter: str) -> list[list[str]]:
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    except (ValueError, csv.Error):
        return []


def _count_hits(rows: list[list[str]], lookup: _Lookup) -> int:
    """Return how many rows name a file and have another value."""
    outer = [_count_outer(rows, column) for column in range(max(map(len, rows), default=0))]
    return sum(
        any(lookup.find(cell, shared) is not None for cell, shared in zip(row, outer, strict=False))
        for row in rows
        if len(row) > 1
    )


def _count_outer(rows: list[list[str]], column: int) -> int:
    """Return how many outer folders the paths in a column share; the first row may be a header."""
    folders = [split_path(row[column])[:-1] for row in rows[1:] if len(row) > column and row[column]]
    pairs = zip(min(folders, default=[]), max(folders, default=[]), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):  # "Unicode text" of spreadsheets
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _add_rows(found: LabelTable, table: str, rows: list[list[str]], lookup: _Lookup) -> bool:
    """Add the rows of a table; return whether it is one, which names files and has another column."""
    width = max(map(len, rows))
    cells = [row + [""] * (width - len(row)) for row in rows]
    head = [name.lower().replace(" ", "_") for name in cells[0]]
    outer = [_count_outer(cells, column) for column in range(width)]
    hits = [{row[column] for row in cells if lookup.find(row[column], outer[column])} for column in range(width)]
    files = max(range(width), key=lambda column: _rate_file_column(head[column], hits[column]))
    if not hits[files] or width < 2:
        return False
    headed = cells[0][files] not in hits[files] and (
        head[files] in _FILE_COLUMNS or not PurePosixPath(cells[0][files]).suffix
    )
    body = cells[1:] if headed else cells
    others = [column for column in range(width) if column != files]
    labels = [c for c in others if head[c] in LABEL_COLUMNS] if headed else []
    splits = [c for c in others if headed and head[c] in _SPLIT_COLUMNS] or _find_splits(body, others)
    values = [column for column in others if column not in splits[:1]]
    if not values:
        return False
    one_hot = headed and not labels and _is_one_hot([[row[column] for column in values] for row in body])
    named = bool(labels) or one_hot or not headed
    likely = values if named or len(values) == 1 else _find_labels(body, values)
    if not named and len(likely) != 1:
        names = ", ".join(cells[0][column] for column in values)
        found.unclear = f"It is not clear which column of {table} has the classes: {names}. Rename it to label."
        return False
    found.named &= named
    label = next(iter([*labels, *likely]))
    split_of_table = next(
        (word for word in _WORDS.split(PurePosixPath(table).stem) if read_part(word) is not None), None
    )
    for row in body:
        name = lookup.find(row[files], outer[files])
        split = row[splits[0]] if splits else split_of_table
        if name is not None:
            cell = next(cells[0][c] for c in values if float(row[c])) if one_hot else row[label]
            found.add(table, name, normalize_name(cell), split)
        else:
            found.skipped.setdefault(row[files] or "(no name)", f"Named in {table}, but not found.")
    return True


def _rate_file_column(head: str, hits: set[str]) -> tuple[bool, bool, int]:
    """Rate a column for naming the files: by its header, by names with a suffix, by the number of files.

    A column of numbers, such as an index or labels, can mean files without their suffix.
    """
    suffixed = any(PurePosixPath(cell).suffix for cell in hits)
    return bool(hits) and head in _FILE_COLUMNS, suffixed, 0 if head in LABEL_COLUMNS else len(hits)


def _find_labels(rows: list[list[str]], columns: Sequence[int]) -> list[int]:
    """Return the columns that can contain classes, which are words that are repeated."""
    repeated = [c for c in columns if 2 <= len({row[c] for row in rows}) <= len(rows) / 2]
    return [c for c in repeated if not all(_NUMBER.fullmatch(row[c]) for row in rows if row[c])]


def _is_one_hot(rows: list[list[str]]) -> bool:
    """Return whether each row has one 1 and otherwise 0, in a column per class."""
    try:
        return all(sorted(map(float, row)) == [0.0] * (len(row) - 1) + [1.0] for row in rows) and len(rows[0]) > 1
    except ValueError:
        return False


def _find_splits(rows: list[list[str]], columns: Sequence[int]) -> list[int]:
    """Return the columns that contain only names of splits, if another column can be the label."""
    found = [
        c for c in columns
        if any(row[c] for row in rows) and all(read_part(row[c]) is not None for row in rows if row[c])
    ]  # fmt: skip
    return found if len(columns) > 1 else []
