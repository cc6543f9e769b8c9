"""Image files of a user with their labels, read one at a time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.augment.fit import Fit
from core.datasets.custom.read_ahead import map_ahead
from core.datasets.custom.source_values import SourceValues
from core.datasets.download import Progress
from core.datasets.findings.image_sketch import reduce_picture
from core.errors import HeadroomError
from core.image_file import UnknownRangeError

MAX_FILES = 250_000

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True)
class SourceImage:
    """The stored pixels of an image file, uint8 of `input_shape`, and facts about the file.

    Attributes:
        reduced: The reduced copy that is compared with other images.
        width, height: Size of the source in pixels.
        frames: Number of frames or pages of the source, of which the first is stored.
    """

    pixels: NDArray[np.uint8]
    reduced: NDArray[np.uint8]
    width: int
    height: int
    frames: int = 1

    @classmethod
    def of(cls, picture: Image.Image, size: tuple[int, int], frames: int = 1) -> Self:
        """Describe a converted image with mode RGB whose source has a width and a height."""
        return cls(np.asarray(picture), reduce_picture(picture), *size, frames)


ImageOrReason = SourceImage | str
"""An image, or the reason why its file cannot be read."""


@dataclass(frozen=True)
class Collection:
    """The image files of a dataset and their labels, before any image is read.

    Attributes:
        names: Files, in the order in which they are stored.
        labels: int64 of shape (files,), or uint8 of shape (files, attributes).
        load: Function that reads an image; raises DatasetError or OSError.
        parts: TRAIN, VALIDATION or TEST for each file, as given by folders, by a table or by the authors. TRAIN for
            all files if there are no splits.
        drawn: The splits that Headroom draws from the files of TRAIN (`core.datasets.split.draw_split`).
        splits: Where the splits come from (`DatasetReport.splits`).
        note: How images were split or resized.
        skipped: Files that are skipped without being read, each with a reason.
        ignored: Names of system files and folders, which are never images.
        original: Function that reads an image before it becomes a square; None if all images are stored unchanged.
        values: The value range of files with more than 8 bits.
        fit: How images that are not square become squares.
    """

    names: list[str]
    labels: NDArray[Any]
    load: Callable[[str], SourceImage]
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    parts: NDArray[np.uint8]
    drawn: tuple[int, ...] = ()
    splits: Literal["given", "drawn", "csv"] = "given"
    attributes: tuple[str, ...] = ()
    note: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    original: Callable[[str], NDArray[np.uint8]] | None = None
    values: SourceValues = field(default_factory=lambda: SourceValues((), lambda name: b""))
    fit: Fit = "crop"

    def read(
        self, start: int = 0, progress: Progress = lambda done, total: None
    ) -> Iterator[tuple[int, ImageOrReason]]:
        """Yield the index of each file from `start` with its image, or with the reason why it cannot be read.

        Files are read in parallel, a few of them ahead.

        Args:
            progress: Callback for the search of the value range; see `SourceValues`.
        """
        for row, found in enumerate(map_ahead(self._try, self.names[start:]), start):
            if found is None and self.values.range is None:
                self.values.find(progress)
            yield row, self._try(self.names[row]) or "" if found is None else found

    def _try(self, name: str) -> ImageOrReason | None:
        """Return an image, or the reason why it cannot be read; None if the value range is needed first."""
        try:
            return self.load(name)
        except UnknownRangeError:
            return None
        except HeadroomError as error:
            return str(error)
        except OSError as error:
            return f"Cannot read the file: {error.strerror or error}."


Survey = Callable[[Path, int | None, Fit], AbstractContextManager[Collection]]
"""Function that lists the images at a path, for a side length and a fit; the collection can be read inside the context.

Raises DatasetError when the files at the path do not have the expected layout.
"""
