"""Images of a finding: those that show the same picture are in one group."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from core.displays.data_display import ImageCell, ImageView, build_image_cells
from core.displays.dataset_summary import SPLIT_LABELS
from core.plural import format_plural

_MOST_PER_GROUP = 6


@dataclass(frozen=True)
class FindingImages(ImageView):
    """One page of the groups of images of a finding, by its code; by default the first finding with images."""

    name: ClassVar[str] = "finding_images"
    title: ClassVar[str] = "Images of a finding"

    code: str = ""
    page: int = 1
    page_size: int = 8

    @property
    def _images(self) -> pd.DataFrame:
        found = self.data.findings
        if found is None or found.images.empty:
            return pd.DataFrame({"split": [], "row": [], "group": []})
        return found.images[found.images["code"] == (self.code or found.images["code"].iloc[0])]

    @property
    def groups(self) -> int:
        """Number of groups of all pages."""
        return int(self._images["group"].nunique())

    @property
    def pages(self) -> int:
        return max(1, -(-self.groups // self.page_size))

    def frame(self) -> pd.DataFrame:
        """Return one row per image of this page: group, split, row (position in the arrays), class, file ("" if
        unknown)."""
        images = self._images
        page = min(max(self.page, 1), self.pages)
        shown = images["group"].unique()[(page - 1) * self.page_size : page * self.page_size]
        images = images[images["group"].isin(shown)]
        names: dict[tuple[str, int], str] = {}
        for split, part in images.groupby("split", sort=False):
            rows = [int(row) for row in part["row"]]
            names |= zip([(str(split), row) for row in rows], self.data.name_images(str(split), rows), strict=True)
        found = [
            (int(group), SPLIT_LABELS[split], int(row), ", ".join(self.data.list_labels(split, row)), names[split, row])
            for group, split, row in zip(images["group"], images["split"], images["row"], strict=True)
        ]
        return pd.DataFrame(found, columns=["group", "split", "row", "class", "file"])

    def cells(self) -> list[ImageCell]:
        return [cell for cells in self._list_groups() for cell in cells]

    def _list_groups(self) -> list[list[ImageCell]]:
        splits = {label: split for split, label in SPLIT_LABELS.items()}
        found = []
        for _, rows in self.frame().groupby("group", sort=False):
            cells = [
                ImageCell(
                    np.asarray(self.data.images(splits[row["split"]])[row["row"]]),
                    f"{row['class']} · {row['split']}", row["file"].rpartition("/")[2] or f"Image {row['row']:,}",
                    f"{row['split'].capitalize()} image {row['row']}, {row['class']}",
                )
                for row in rows.head(_MOST_PER_GROUP).to_dict("records")
            ]  # fmt: skip
            found.append(cells)
        return found

    def html(self) -> str:
        groups = "".join(
            f'<div style="flex:{len(cells)} 1 calc({len(cells)} * clamp(70px,8.5vw,116px));'
            f"max-width:{150 * len(cells)}px;padding:8px;"
            f'border:1px solid rgba(128,138,150,0.35);border-radius:6px">{build_image_cells(cells, len(cells))}</div>'
            for cells in self._list_groups()
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:10px">{groups}</div>'

    def describe(self) -> str:
        count = self.groups
        if not count:
            return "No finding lists images."
        images = format_plural(len(self._images), "image")
        if count == len(self._images):
            return f"{images}."
        return f"{images} in {format_plural(count, 'group')}; the images of a group show the same picture."
