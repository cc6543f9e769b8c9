"""Source images with the part that is cut, next to the input of a model."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.augment.crop_share import compute_cut_share
from core.augment.fit import FITS, Fit
from core.augment.pillow import resize_array
from core.augment.prepare import prepare, undo_fit
from core.datasets.custom.originals import choose_originals, read_originals
from core.datasets.report import FILE_COLUMNS
from core.displays.data_display import ImageCell, ImageView
from core.displays.source_pair import CUT, SIDE, build_pairs, shade_cut
from core.plural import format_plural

_OTHER_FITS = {"pad": "borders added", "stretch": "stretched"}


@dataclass(frozen=True)
class ModelInput(ImageView):
    """Some images whose aspect ratios are spread over those of the dataset. What the crop removes is gray.

    Attributes:
        side: Side length of the images that the model receives; None for the stored size.
        count: Maximum number of images.
    """

    name: ClassVar[str] = "model_input"
    title: ClassVar[str] = "Model input"

    side: int | None = None
    count: int = 8

    @cached_property
    def _originals(self) -> dict[tuple[str, int], NDArray[np.uint8]]:
        return {(one.split, one.row): one.pixels for one in read_originals(self.data.dataset.path)}

    @cached_property
    def _shown(self) -> pd.DataFrame:
        """Return the columns array ("train" or "test"), row, file, width, height; sizes are those of the source."""
        files = self.data.read_files(FILE_COLUMNS)
        if files is None or files.empty:
            height, width, _ = self.data.info.input_shape
            rows = range(min(self.count, self.data.info.train_count))
            return pd.DataFrame([("train", row, "", width, height) for row in rows], columns=_COLUMNS)
        files["array"] = files["split"].where(files["split"] == "test", "train")
        kept = files.set_index(["array", "row"]).index.isin([*self._originals]) if self._originals else None
        files = files if kept is None else files[kept]
        return files.iloc[choose_originals(files, self.count)][[*_COLUMNS]]

    @property
    def _fit(self) -> Fit:
        return self.data.info.fit

    def frame(self) -> pd.DataFrame:
        """Return one row per image: file, width_pixels and height_pixels of the source, cut (share of its pixels that
        the crop removes), input_pixels (side length of the model's input)."""
        shown = self._shown
        height, width, _ = self.data.info.input_shape
        cropped = height == width or self.side is not None
        return pd.DataFrame(
            {
                "file": shown["file"],
                "width_pixels": shown["width"],
                "height_pixels": shown["height"],
                "cut": compute_cut_share(shown["width"], shown["height"], self._fit) * cropped,
                "input_pixels": self.side or min(height, width),
            }
        ).reset_index(drop=True)

    def cells(self) -> list[ImageCell]:
        """Return two cells per image: the source and the model's input."""
        found = []
        for row, facts in zip(self._shown.to_dict("records"), self.frame().to_dict("records"), strict=True):
            stored = np.asarray(self.data.images(row["array"])[row["row"]])
            file = row["file"] or f"Image {row['row']:,}"
            size, cut = f"{row['width']:,} × {row['height']:,}", f"{facts['cut']:.0%} cut"
            source = self._draw_source(row, stored)
            model = stored if self.side is None else prepare(stored, self.side)
            shape = f"{model.shape[1]} × {model.shape[0]}"
            found += [
                ImageCell(
                    source,
                    size,
                    cut if facts["cut"] else _OTHER_FITS.get(self._fit, "nothing cut"),
                    f"{file}: source, {size}, {cut}",
                ),
                ImageCell(model, f"→ {shape}", file.rpartition("/")[2], f"{file}: input of the model, {shape}"),
            ]
        return found

    def _draw_source(self, row: Mapping[Hashable, Any], stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the source with the cut part in gray; without a stored source, the cut part is plain."""
        width, height = row["width"], row["height"]
        key = row["array"], row["row"]
        scale = SIDE / max(width, height)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        if width == height or stored.shape[0] != stored.shape[1]:
            source = self._originals.get(key, stored)
            return source if width == height or self._fit != "crop" else shade_cut(source)
        if key in self._originals:
            return shade_cut(self._originals[key]) if self._fit == "crop" else self._originals[key]
        if self._fit != "crop":
            return undo_fit(stored, width, height, SIDE, self._fit)
        canvas = np.empty((*size, stored.shape[2]), np.uint8)
        canvas[:] = CUT[: stored.shape[2]]
        edge = min(size)
        top, left = (size[0] - edge) // 2, (size[1] - edge) // 2
        canvas[top : top + edge, left : left + edge] = resize_array(stored, edge, edge)
        return canvas

    def html(self) -> str:
        return build_pairs(self.cells())

    def describe(self) -> str:
        frame = self.frame()
        kept = frame["cut"].max() if len(frame) else 0
        text = f"{format_plural(len(frame), 'source image')} next to the input of a model"
        if self._fit != "crop":
            return f"{text}: {FITS[self._fit]}."
        return f"{text}; the crop removes up to {kept:.0%}." if kept else f"{text}; nothing is cut."


_COLUMNS = ("array", "row", "file", "width", "height")
