"""Image files of a user with their labels, read one at a time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import HeadroomError

MAX_FILES = 250_000

TRAIN, VALIDATION, TEST = 0, 1, 2

_WORKERS = 4
_AHEAD = 64


@dataclass(frozen=True)
class SourceImage:
    """The stored pixels of an image file, uint8 of `input_shape`, and facts about the file.

    Attributes:
        width, height: Size of the source in pixels.
        frames: Number of frames or pages of the source, of which the first is stored.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    frames: int = 1


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

    def read(self) -> Iterator[tuple[int, SourceImage | str]]:
        """Yield the index of each file with its image, or with the reason why it cannot be read.

        Files are read in parallel, a few of them ahead.
        """
        with ThreadPoolExecutor(_WORKERS) as pool:
            for start in range(0, len(self.names), _AHEAD):
                yield from enumerate(pool.map(self._try, self.names[start : start + _AHEAD]), start)

    def _try(self, name: str) -> SourceImage | str:
        try:
            return self.load(name)
        except HeadroomError as error:
            return str(error)
        except OSError as error:
            return f"Cannot read the file: {error.strerror or error}."


Survey = Callable[[Path, int | None], AbstractContextManager[Collection]]
"""Function that lists the images at a path, for a side length; the collection can be read inside the context.

Raises DatasetError when the files at the path do not have the expected layout.
"""
