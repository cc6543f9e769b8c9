"""Classes and splits of image files: from class folders, split folders or a table of labels."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.datasets.custom.image_files import TEST, TRAIN, VALIDATION
from core.datasets.report import SPLITS
from core.datasets.trees.class_name import normalize_name, read_part
from core.datasets.trees.label_table import SUFFIXES, LabelTable, find_table
from core.datasets.trees.tree import Tree
from core.errors import DatasetError

_OUTSIDE = "This file is not in a class folder."
_OUTSIDE_SPLITS = "This file is not in a folder named train, validation or test."
_IMAGE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm",
    ".pbm", ".pnm", ".avif", ".heic", ".heif",
)  # fmt: skip


@dataclass
class Layout:
    """The class and the split of each image file.

    Attributes:
        labels: Name of the class of each file.
        parts: TRAIN, VALIDATION or TEST of each file; the same keys as `labels`.
        drawn: Splits that are missing, so that they must be drawn from the files of TRAIN.
        splits: Where the splits come from (`DatasetReport.splits`).
        note: How images are split.
        skipped: Other files, each with a reason.
    """

    labels: dict[str, str] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    drawn: tuple[int, ...] = ()
    splits: Literal["given", "drawn", "csv"] = "drawn"
    note: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)


def find_layout(tree: Tree) -> Layout:
    """Find the classes and splits of the files in a tree. A folder around all others is unwrapped, repeatedly.

    Raises:
        DatasetError: when there are neither class folders nor a table of labels.
    """
    names, prefix = tree.names, ""
    outside: list[str] = []
    while True:
        folders = _list_folders(names, prefix)
        table = find_table(tree, names, prefix)
        inner = f"{prefix}{next(iter(folders), '')}/"
        clear = table is not None and not table.unclear
        if clear or len(folders) != 1 or not _is_wrapper(names, inner):
            break
        outside += [name for name in names if not name.startswith(inner)]
        names, prefix = [name for name in names if name.startswith(inner)], inner
    if table and clear and _is_complete(table, names, prefix):
        layout = _read_table(table, names, prefix)
    else:
        try:
            layout = _read_splits(names, prefix) or _read_classes(names, prefix)
        except DatasetError as error:
            raise DatasetError(table.unclear) if table and table.unclear else error from None
    layout.skipped += [(name, _OUTSIDE) for name in outside]
    layout.skipped += [(f"{name}/", "The folder is empty.") for name in _list_empty(tree)]
    choose_drawn(layout)
    return layout


def _group(names: Iterable[str], prefix: str) -> dict[str, list[str]]:
    """Return the files by the subfolder that contains them, at any depth."""
    found: dict[str, list[str]] = {}
    for name in names:
        folder, slash, _ = name.removeprefix(prefix).partition("/")
        if slash:
            found.setdefault(folder, []).append(name)
    return found


def _list_folders(names: Iterable[str], prefix: str) -> dict[str, list[str]]:
    """Return the subfolders that contain images."""
    found = _group(names, prefix)
    return {folder: found[folder] for folder in _group(_pick_images(names), prefix)}


def _pick_images(names: Iterable[str]) -> list[str]:
    """Return the files whose names are those of images; otherwise all, because the content decides."""
    return [name for name in names if is_image(name)] or [*names]


def is_image(name: str) -> bool:
    """Return whether the name of a file is that of an image."""
    return name.lower().endswith(_IMAGE_SUFFIXES)


def _is_wrapper(names: Iterable[str], inner: str) -> bool:
    """Return whether a folder contains folders with images or a table, so that it is not a class itself."""
    inside = [name for name in names if name.startswith(inner)]
    tables = (name for name in inside if "/" not in name.removeprefix(inner) and name.lower().endswith(SUFFIXES))
    return bool(_list_folders(inside, inner)) or any(tables)


def _is_complete(table: LabelTable, names: Sequence[str], prefix: str) -> bool:
    """Return whether a table tells the classes, and not the folders next to it."""
    folders = _list_folders(names, prefix)
    flat = not any(
        read_part(folder) is None or _group(files, f"{prefix}{folder}/") for folder, files in folders.items()
    )
    return len(folders) < 2 or flat or (table.named and 2 * len(table.labels) > len(_pick_images(names)))


def _read_table(table: LabelTable, names: Sequence[str], prefix: str) -> Layout:
    layout = Layout(skipped=[*table.skipped.items()])
    tables = " and ".join(name.removeprefix(prefix) for name in table.tables)
    folder_parts = {
        name: part
        for folder, files in _group(names, prefix).items()
        if (part := read_part(folder)) is not None
        for name in files
    }
    parts = table.parts or (folder_parts if len({*folder_parts.values()}) > 1 else {})
    layout.splits = "csv" if table.parts else "given" if parts else "drawn"
    for name in names:
        if name in table.labels and (name in parts or not parts):
            layout.labels[name], layout.parts[name] = table.labels[name], parts.get(name, TRAIN)
        elif name in table.labels:
            layout.skipped.append((name, f"No split in {tables}."))
        elif name not in table.skipped and name not in table.tables:
            layout.skipped.append((name, f"This file is not listed in {tables}."))
    if len({*layout.labels.values()}) < 2:
        got = next(iter(layout.labels.values()), "")
        raise DatasetError(f"Expected at least 2 classes in {tables}; got {f'1: {got!r:.80}' if got else 0}.")
    return layout


def _read_splits(names: Sequence[str], prefix: str) -> Layout | None:
    """Read folders named train, validation or test with class folders inside, or class folders with these inside."""
    folders = _group(names, prefix)
    given = {folder: part for folder in folders if (part := read_part(folder)) is not None}
    if len({*given.values()}) < 2:
        return _read_inner_splits(folders, prefix)
    nested = [folder for folder in given if _group(folders[folder], f"{prefix}{folder}/")]
    if not nested:
        if len(given) < len(_list_folders(names, prefix)):
            return None
        quoted = " and ".join(repr(folder) for folder in given)
        raise DatasetError(f"The folders {quoted} contain no class folders. Create one subfolder per class in each.")
    layout = Layout(splits="given")
    for folder, part in given.items():
        inner = f"{prefix}{folder}/"
        only, *others = _group(folders[folder], inner) or [""]
        if not others and read_part(only) == part:  # train/train/cat/1.png
            inner += f"{only}/"
        for name in folders[folder]:
            _add_to_class(layout, name, inner, part)
    outside = (name for name in names if name.removeprefix(prefix).partition("/")[0] not in given)
    layout.skipped += [(name, _OUTSIDE_SPLITS) for name in outside]
    return layout


def _read_inner_splits(folders: dict[str, list[str]], prefix: str) -> Layout | None:
    """Read class folders whose files are all in folders named train, validation or test."""
    parts: dict[str, int] = {}
    for folder, files in folders.items():
        inner = _group(files, f"{prefix}{folder}/")
        given = {
            name: part for split, members in inner.items() if (part := read_part(split)) is not None for name in members
        }
        if len(given) < len(files):
            return None
        parts |= given
    if len(folders) < 2 or len({*parts.values()}) < 2:
        return None
    layout = Layout(splits="given")
    for name, part in parts.items():
        _add_to_class(layout, name, prefix, part)
    return layout


def _read_classes(names: Sequence[str], prefix: str) -> Layout:
    layout = Layout()
    for name in names:
        _add_to_class(layout, name, prefix, TRAIN)
    classes = {*layout.labels.values()}
    if not classes:
        raise DatasetError(
            "The folder contains no subfolders. Create one subfolder per class, or add a file labels.csv with the "
            "columns filename and label."
        )
    if len(classes) == 1:
        raise DatasetError(f"Expected at least 2 subfolders, one per class; got 1: {classes.pop()!r:.80}.")
    layout.note = _describe_same_folders(names, prefix)
    return layout


def _describe_same_folders(names: Sequence[str], prefix: str) -> str:
    """Return a hint if all classes contain the same folders and no other file, because these may be the classes."""
    inner: dict[str, set[str]] = {}
    for name in names:
        folder, *rest = name.removeprefix(prefix).split("/", 2)
        if rest:
            inner.setdefault(folder, set()).add(rest[0] if len(rest) > 1 else "")
    first, *others = inner.values()
    if "" in first or len(first) < 2 or any(other != first for other in others):
        return ""
    return (
        f"each class contains the folders {', '.join(sorted(first)[:3])}: if these are the classes, rename the outer "
        "folders to train and test"
    )


def _add_to_class(layout: Layout, name: str, prefix: str, part: int) -> None:
    """Add a file to the class of the subfolder that contains it."""
    folder, slash, _ = name.removeprefix(prefix).partition("/")
    if slash and name.startswith(prefix):
        layout.labels[name], layout.parts[name] = normalize_name(folder), part
    else:
        layout.skipped.append((name, _OUTSIDE))


def _list_empty(tree: Tree) -> list[str]:
    """Return the folders that contain no file, without the folders inside them."""
    used = sorted([*tree.names, *(name for name, _ in tree.skipped)])

    def is_empty(folder: str) -> bool:
        first = bisect_left(used, f"{folder}/")
        return first == len(used) or not used[first].startswith(f"{folder}/")

    found = set()
    for folder in filter(is_empty, tree.folders):
        while (outer := folder.rpartition("/")[0]) and is_empty(outer):
            folder = outer
        found.add(folder)
    return sorted(found)


def choose_drawn(layout: Layout) -> None:
    """Choose the splits that must be drawn from the training images, and describe them."""
    given = {*layout.parts.values()}
    if len(given) < 2:
        for label, count in Counter(layout.labels.values()).items():
            only = next(name for name in layout.labels if layout.labels[name] == label) if count == 1 else ""
            if only and is_image(only):
                raise DatasetError(f"Expected at least 2 images per class; got 1 in {label!r}.")
        layout.parts = dict.fromkeys(layout.parts, TRAIN)
        layout.drawn, layout.splits = (TEST, VALIDATION), "drawn"
        layout.note = "; ".join(
            filter(None, ("stratified split by Headroom: 64% training, 16% validation, 20% test", layout.note))
        )
        return
    if TRAIN not in given:
        layout.parts = {name: TRAIN if part == VALIDATION else part for name, part in layout.parts.items()}
        layout.drawn, layout.note = (VALIDATION,), "no training images: 80% of the validation images, drawn by Headroom"
        return
    layout.drawn = tuple(part for part in (TEST, VALIDATION) if part not in given)
    for part in layout.drawn:
        layout.note = f"{SPLITS[part]} split drawn from the training images by Headroom (stratified)"
