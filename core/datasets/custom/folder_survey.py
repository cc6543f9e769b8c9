"""Images of a folder or an archive with class folders, split folders or a table of labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.augment.fit import Fit
from core.augment.prepare import fit_picture
from core.datasets.custom.image_files import Collection, SourceImage
from core.datasets.custom.source_values import SourceValues
from core.datasets.sources.folder import SIDE
from core.datasets.trees.class_name import MAX_CLASSES, order_classes
from core.datasets.trees.layout import Layout
from core.datasets.trees.source_tree import find_source_layout, open_source
from core.errors import DatasetError
from core.image_file import decode_picture, read_picture


@contextmanager
def survey_folder(path: Path, side: int | None, fit: Fit = "crop") -> Iterator[Collection]:
    """List the images of a folder, an archive or Parquet files, with their classes and splits.

    See `core.datasets.trees.layout` for the accepted layouts. Images are converted to RGB, and to squares of `side`
    pixels by `fit`. Their order is stratified: the classes of any range of images are distributed as in the whole
    dataset, because the k-th of the n images of a class, in a seeded random order, is sorted by (k + ½) / n. Equal
    ranks are in a seeded random order, so that a range that is too short for all classes does not always lack the same
    ones.
    """
    kept = side or SIDE
    with open_source(path) as tree:
        layout = find_source_layout(tree)
        classes = order_classes(layout.labels.values())
        if len(classes) > MAX_CLASSES:
            raise DatasetError(f"Expected at most {MAX_CLASSES} classes; got {len(classes):,}.")
        names = order_images(layout, classes)

        values = SourceValues(names, tree.read)

        def read(name: str) -> NDArray[np.uint8]:
            return read_picture(tree.read(name), channels=3, value_range=values.range)

        def load(name: str) -> SourceImage:
            found = decode_picture(tree.read(name), 3, values.range)
            return SourceImage.of(fit_picture(found.picture, kept, fit), found.picture.size, found.frames)

        rows = {name: row for row, name in enumerate(classes)}
        yield Collection(
            names,
            np.array([rows[layout.labels[name]] for name in names], np.int64),
            load,
            (kept, kept, 3),
            classes,
            np.array([layout.parts[name] for name in names], np.uint8),
            drawn=layout.drawn,
            splits=layout.splits,
            note=layout.note,
            skipped=sorted(tree.skipped + layout.skipped),
            ignored=tuple(sorted(tree.ignored)),
            original=read,
            values=values,
            fit=fit,
        )


def order_images(layout: Layout, classes: tuple[str, ...]) -> list[str]:
    """Return the files in the order in which they are stored: by split, and stratified in each split."""
    members: dict[tuple[int, str], list[str]] = {}
    for name in sorted(layout.labels):
        members.setdefault((layout.parts[name], layout.labels[name]), []).append(name)
    ranked: list[tuple[int, float, float, str]] = []
    ties = np.random.default_rng(1)
    for part, label in sorted(members, key=lambda key: (key[0], classes.index(key[1]))):
        names = members[part, label]
        order = np.random.default_rng(0).permutation(len(names))
        ranked += [(part, (k + 0.5) / len(names), ties.random(), names[row]) for k, row in enumerate(order)]
    return [name for *_, name in sorted(ranked)]
