"""Mean image of each class."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from core.displays.data_display import ImageCell, ImageView
from core.plural import format_plural


@dataclass(frozen=True)
class MeanImages(ImageView):
    """Mean of all images of each class, `page_size` classes per page; `page` counts from 1."""

    name: ClassVar[str] = "mean_images"
    title: ClassVar[str] = "Mean image per class"

    page: int = 1
    page_size: int = 20

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.data.names) // self.page_size))

    @property
    def _labels(self) -> range:
        first = (min(max(self.page, 1), self.pages) - 1) * self.page_size
        return range(first, min(first + self.page_size, len(self.data.names)))

    def frame(self) -> pd.DataFrame:
        """Return one row per class of this page: class, images."""
        counts = self.data.statistics.counts
        rows = [(self.data.names[label], int(counts[label])) for label in self._labels]
        return pd.DataFrame(rows, columns=["class", "images"])

    def cells(self) -> list[ImageCell]:
        means = self.data.statistics.means
        return [
            ImageCell(
                np.asarray(means[label]), row["class"], format_plural(row["images"], "image"),
                f"Mean of {format_plural(row['images'], 'image')} of {row['class']}",
            )
            for label, row in zip(self._labels, self.frame().to_dict("records"), strict=True)
        ]  # fmt: skip

    def describe(self) -> str:
        shown, total = len(self._labels), len(self.data.names)
        of = f" of {total:,}" if shown < total else ""
        return f"Mean image of {shown}{of} {'classes' if self.data.noun == 'class' else 'attributes'}."
