"""The images of whoever uses Headroom: a folder with a sub-folder a class, added by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.augment.prepare import prepare
from core.datasets.dataset import Dataset
from core.datasets.file_tree import open_tree
from core.datasets.image_files import Collection
from core.errors import DatasetError
from core.image_file import read_picture

SIDE = 256

_MOST_CLASSES = 1000
_MOST_LETTERS = 80
_LAYOUT = "a folder with a sub-folder for each class"


@contextmanager
def survey(path: Path, side: int | None) -> Iterator[Collection]:
    """The classes of a folder, or of a zip archive of one; a single folder around them all is looked through.

    Images become RGB, central squares of `side` pixels. Any stretch of them holds each class in its share: the k-th
    of the n images of a class, in an order that follows from their names, stands at (k + ½) / n.
    """
    kept = side or SIDE
    with open_tree(path) as tree:
        classes, skipped = group(tree.names)
        places: list[tuple[float, int, str]] = []
        for label, names in enumerate(classes.values()):
            order = np.random.default_rng(0).permutation(len(names))
            places += [((k + 0.5) / len(names), label, names[row]) for k, row in enumerate(order)]
        places.sort()

        def load(name: str) -> NDArray[np.uint8]:
            return prepare(read_picture(tree.read(name), channels=3), kept)

        yield Collection(
            [name for _, _, name in places],
            np.array([label for _, label, _ in places], np.int64),
            load,
            (kept, kept, 3),
            tuple(classes),
            note="stratified 80/20 split of Headroom's own",
            skipped=skipped,
        )


def group(names: list[str]) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Files by class, both in the order of their names, and the files that belong to none, each with the reason.

    Raises:
        DatasetError: when the names are not laid out as classes.

    >>> group(["all/a/", "all/a/1.png", "all/a/2.png", "all/b/1.png", "all/b/2.png", "all/read.me"])
    ({'a': ['all/a/1.png', 'all/a/2.png'], 'b': ['all/b/1.png', 'all/b/2.png']}, [('all/read.me', 'in no class')])
    """
    top = ""
    tops = {name.partition("/")[0] for name in names}
    if len(tops) == 1 and any(name.count("/") > 1 for name in names):  # one folder around all, and folders in it
        top = f"{tops.pop()}/"
    classes: dict[str, list[str]] = {}
    skipped = []
    for name in names:
        if name == top:
            continue
        first, slash, rest = name.removeprefix(top).partition("/")
        if not slash:
            skipped.append((name, "in no class"))
            continue
        files = classes.setdefault(first, [])
        if rest and "/" not in rest:
            files.append(name)
        elif rest.endswith("/") and rest.count("/") == 1:
            skipped.append((name, "a folder within a class"))
    _check_classes(classes)
    return dict(sorted(classes.items())), skipped


def _check_classes(classes: dict[str, list[str]]) -> None:
    if not classes:
        raise DatasetError(f"Expected {_LAYOUT}; got no sub-folder.")
    if len(classes) == 1:
        raise DatasetError(f"Expected {_LAYOUT}, at least 2; got 1: {next(iter(classes))!r:.80}.")
    if len(classes) > _MOST_CLASSES:
        raise DatasetError(f"Expected at most {_MOST_CLASSES} sub-folders, one for each class; got {len(classes):,}.")
    for name, files in classes.items():
        if not name.isprintable() or not name.strip() or len(name) > _MOST_LETTERS:
            raise DatasetError(
                f"Expected the name of a class to have at most {_MOST_LETTERS} printable letters; got {name!r:.100}."
            )
        if len(files) < 2:
            got = "none" if not files else "1"
            raise DatasetError(
                f"Expected at least 2 images in each class, to train and to test; got {got} in {name!r}."
            )


DATASET = Dataset(
    name="folder",
    label="Own images",
    order=5,
    summary="A folder of your own with a sub-folder a class; the stratified 80/20 split is Headroom's own.",
    classes=(),
    input_shape=(SIDE, SIDE, 3),
    official_counts=(0, 0),
    official_fingerprint=None,
    source="",
    licence="that of its owner",
    citation="",
    survey=survey,
    uses=("folder", "side"),
)
