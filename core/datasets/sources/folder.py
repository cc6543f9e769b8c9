"""Custom datasets: a folder with one sub-folder per class."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.augment.prepare import Fit, prepare
from core.datasets.dataset import Dataset
from core.datasets.file_tree import open_tree
from core.datasets.image_files import TEST, TRAIN, VALIDATION, Collection, SourceImage
from core.datasets.source_values import SourceValues
from core.errors import DatasetError
from core.image_file import decode_picture

SIDE = 256

_MAX_CLASSES = 1000
_MAX_CHARS = 80


@contextmanager
def survey(path: Path, side: int | None, fit: Fit) -> Iterator[Collection]:
    """List the images of a folder or a ZIP archive; a single top-level folder around the classes is ignored.

    Images are converted to RGB, and to squares of `side` pixels by `fit`. Their order is stratified: the
    classes of any range of images are distributed as in the whole dataset, because the k-th of the n images of a
    class, in a seeded random order, is sorted by (k + ½) / n. Equal ranks are in a seeded random order, so that a range
    that is too short for all classes does not always lack the same ones.
    """
    kept = side or SIDE
    with open_tree(path) as tree:
        classes, skipped = group(tree.names)
        ranked: list[tuple[float, float, int, str]] = []
        ties = np.random.default_rng(1)
        for label, names in enumerate(classes.values()):
            order = np.random.default_rng(0).permutation(len(names))
            ranked += [((k + 0.5) / len(names), ties.random(), label, names[row]) for k, row in enumerate(order)]
        ranked.sort()

        files = [name for *_, name in ranked]
        values = SourceValues(files, tree.read)

        def load(name: str) -> SourceImage:
            found = decode_picture(tree.read(name), 3, values.range)
            height, width, _ = found.pixels.shape
            return SourceImage(prepare(found.pixels, kept, fit), width, height, found.frames)

        yield Collection(
            files,
            np.array([label for *_, label, _ in ranked], np.int64),
            load,
            (kept, kept, 3),
            tuple(classes),
            np.full(len(ranked), TRAIN, np.uint8),
            drawn=(VALIDATION, TEST),
            splits="drawn",
            note="stratified 80/20 split by Headroom",
            skipped=skipped,
            values=values,
            fit=fit,
        )


def group(names: list[str]) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Group files by class, both sorted by name; also return the skipped files, each with a reason.

    Raises:
        DatasetError: when there is not one sub-folder per class.

    >>> group(["all/a/", "all/a/1.png", "all/a/2.png", "all/b/1.png", "all/b/2.png", "all/read.me"])
    ({'a': ['all/a/1.png', 'all/a/2.png'], 'b': ['all/b/1.png', 'all/b/2.png']}, [('all/read.me', 'outside any class')])
    """
    top = ""
    tops = {name.partition("/")[0] for name in names}
    if len(tops) == 1 and any(name.count("/") > 1 for name in names):  # a single folder that contains folders
        top = f"{tops.pop()}/"
    classes: dict[str, list[str]] = {}
    skipped = []
    for name in names:
        if name == top:
            continue
        first, slash, rest = name.removeprefix(top).partition("/")
        if not slash:
            skipped.append((name, "outside any class"))
            continue
        files = classes.setdefault(first, [])
        if rest and "/" not in rest:
            files.append(name)
        elif rest.endswith("/") and rest.count("/") == 1:
            skipped.append((name, "folder inside a class folder"))
    _check_classes(classes)
    return dict(sorted(classes.items())), skipped


def _check_classes(classes: dict[str, list[str]]) -> None:
    if not classes:
        raise DatasetError("The folder contains no sub-folders. Create one sub-folder per class.")
    if len(classes) == 1:
        raise DatasetError(f"Expected at least 2 sub-folders, one per class; got 1: {next(iter(classes))!r:.80}.")
    if len(classes) > _MAX_CLASSES:
        raise DatasetError(f"Expected at most {_MAX_CLASSES} sub-folders, one per class; got {len(classes):,}.")
    for name, files in classes.items():
        if not name.isprintable() or not name.strip() or len(name) > _MAX_CHARS:
            raise DatasetError(f"Expected class names of at most {_MAX_CHARS} printable characters; got {name!r:.100}.")
        if len(files) < 2:
            raise DatasetError(f"Expected at least 2 images per class; got {len(files)} in {name!r}.")


DATASET = Dataset(
    name="folder",
    label="Own images",
    order=5,
    summary="A custom dataset: a folder with one sub-folder per class, split 80/20 by Headroom (stratified).",
    classes=(),
    input_shape=(SIDE, SIDE, 3),
    official_counts=(0, 0),
    official_fingerprint=None,
    source="",
    licence="set by the owner of the images",
    citation="",
    survey=survey,
    uses=("folder", "side"),
)
