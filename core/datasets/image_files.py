"""A collection: images in files of a person, listed and labelled, to be read one after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HeadroomError

MOST_FILES = 250_000

TRAIN, VALIDATION, TEST = 0, 1, 2

_WORKERS = 4
_AHEAD = 64


@dataclass(frozen=True)
class Collection:
    """What is known before an image is read.

    `names` are the files in the order in which they are kept, `labels` int64 of shape (files,), or uint8 of shape
    (files, attributes). `parts` says TRAIN, VALIDATION or TEST for each, validation last of the training images;
    without it every fifth image of a class that can be read, from its second, is a test image: an 80/20 split that
    holds in each class. `load` reads one image as uint8 of `input_shape` and raises DatasetError or OSError where it
    cannot. `skipped` are files that need no reading to be refused, each with a reason.
    """

    names: list[str]
    labels: NDArray[Any]
    load: Callable[[str], NDArray[np.uint8]]
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    parts: NDArray[np.uint8] | None = None
    note: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def read(self) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
        """Each place in `names` with its image, or with the reason why it cannot be read. Several are read at once,
        few ahead of their turn."""
        with ThreadPoolExecutor(_WORKERS) as pool:
            for start in range(0, len(self.names), _AHEAD):
                yield from enumerate(pool.map(self._try, self.names[start : start + _AHEAD]), start)

    def _try(self, name: str) -> NDArray[np.uint8] | str:
        try:
            return self.load(name)
        except HeadroomError as error:
            return str(error)
        except OSError as error:
            return f"Expected to be able to read it; got: {error.strerror or error}."


Survey = Callable[[Path, int | None], AbstractContextManager[Collection]]
"""Lists what is at a path, for images of a side; the collection can be read inside the context.

Raises DatasetError, one sentence, when the path is not laid out as expected.
"""
