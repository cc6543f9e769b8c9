"""First images of each class."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from core.displays.data_display import ImageCell, ImageView, count_names

_MOST_PER_CLASS = 5


@dataclass(frozen=True)
class ClassSamples(ImageView):
    """The first training images of each class, at most `count` images; of many classes, the first ones are shown."""

    name: ClassVar[str] = "class_samples"
    title: ClassVar[str] = "First images of each class"

    count: int = 20

    @cached_property
    def _rows(self) -> list[tuple[int, int]]:
        """Return the class and the row of each image."""
        each = min(_MOST_PER_CLASS, max(1, self.count // max(len(self.data.names), 1)))
        rows = [
            (label, int(row))
            for label in range(min(len(self.data.names), self.count))
            for row in self.data.find_rows("train", label)[:each]
        ]
        return rows[: self.count]

    def frame(self) -> pd.DataFrame:
        """Return one row per image: class, row (position in the training images), file ("" if unknown)."""
        rows = [row for _, row in self._rows]
        names = [self.data.names[label] for label, _ in self._rows]
        return pd.DataFrame({"class": names, "row": rows, "file": self.data.name_images("train", rows)})

    def cells(self) -> list[ImageCell]:
        images = self.data.images("train")
        return [
            ImageCell(
                np.asarray(images[row["row"]]), row["class"], row["file"].rpartition("/")[2],
                f"Training image {row['row']}, {row['class']}",
            )
            for row in self.frame().to_dict("records")
        ]  # fmt: skip

    def describe(self) -> str:
        shown, total = self.frame()["class"].nunique(), len(self.data.names)
        of = f"{shown} of " if shown < total else ""
        return f"First training images of {of}{count_names(self.data)}."
