"""Labelled sample of the images of a dataset."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.displays.data_display import ImageCell, ImageView
from core.displays.dataset_summary import SPLIT_LABELS
from core.displays.number import quote_class
from core.plural import format_plural

Split = Literal["train", "validation", "test"]

_MAX_LABELS = 3  # attributes in the title of an image


@dataclass(frozen=True)
class Samples(ImageView):
    """One page of the images of a split, or of one class of it, in stored order; `page` counts from 1."""

    name: ClassVar[str] = "samples"
    title: ClassVar[str] = "Images"

    split: Split = "train"
    label: int | None = None
    page: int = 1
    page_size: int = 24

    @cached_property
    def _all(self) -> NDArray[np.int64]:
        return self.data.find_rows(self.split, self.label)

    @property
    def total(self) -> int:
        """Number of images of all pages."""
        return len(self._all)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.page_size))

    @cached_property
    def _rows(self) -> list[int]:
        page = min(max(self.page, 1), self.pages)
        return [int(row) for row in self._all[(page - 1) * self.page_size : page * self.page_size]]

    def frame(self) -> pd.DataFrame:
        """Return one row per image of this page: split, row (position in the arrays), class, file ("" if unknown)."""
        return pd.DataFrame(
            {
                "split": SPLIT_LABELS[self.split],
                "row": self._rows,
                "class": [", ".join(self.data.list_labels(self.split, row)) for row in self._rows],
                "file": self.data.name_images(self.split, self._rows),
            }
        )

    def cells(self) -> list[ImageCell]:
        images = self.data.images(self.split)
        return [
            ImageCell(
                np.asarray(images[row["row"]]), self._title(row["row"]), row["file"] or f"Image {row['row']:,}",
                f"{row['split'].capitalize()} image {row['row']}, {row['class']}",
            )
            for row in self.frame().to_dict("records")
        ]  # fmt: skip

    def _title(self, row: int) -> str:
        labels = self.data.list_labels(self.split, row)
        more = f" +{len(labels) - _MAX_LABELS}" if len(labels) > _MAX_LABELS else ""
        return ", ".join(labels[:_MAX_LABELS]).replace("_", " ") + more if self.data.info.attributes else labels[0]

    def describe(self) -> str:
        of = f" of {quote_class(self.data.names[self.label])}" if self.label is not None else ""
        shown = f"{len(self._rows)} of " if len(self._rows) < self.total else ""
        return f"{shown}{format_plural(self.total, f'{SPLIT_LABELS[self.split]} image')}{of}."
