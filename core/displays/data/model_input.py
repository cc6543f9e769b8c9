"""Source images with the part that is cut, next to the input of a model."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
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
from core.displays.image_strip import encode_image
from core.plural import format_plural

_OTHER_FITS = {"pad": "borders added", "stretch": "stretched"}
_SIDE = 192  # longer side of the shown source, in pixels
_CUT = (128, 138, 150)


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
        scale = _SIDE / max(width, height)
        size = max(1, round(height * scale)), max(1, round(width * scale))
        if width == height or stored.shape[0] != stored.shape[1]:
            source = self._originals.get(key, stored)
            return source if width == height or self._fit != "crop" else _shade(source)
        if key in self._originals:
            return _shade(self._originals[key]) if self._fit == "crop" else self._originals[key]
        if self._fit != "crop":
            return undo_fit(stored, width, height, _SIDE, self._fit)
        canvas = np.empty((*size, stored.shape[2]), np.uint8)
        canvas[:] = _CUT[: stored.shape[2]]
        edge = min(size)
        top, left = (size[0] - edge) // 2, (size[1] - edge) // 2
        canvas[top : top + edge, left : left + edge] = resize_array(stored, edge, edge)
        return canvas

    def html(self) -> str:
        cells = self.cells()
        pairs = "".join(_build_pair(*cells[number : number + 2]) for number in range(0, len(cells), 2))
        return (
            '<div style="display:grid;gap:14px clamp(14px,2.5vw,28px);'
            'grid-template-columns:repeat(auto-fill,minmax(clamp(160px,17vw,220px),1fr))">'
            f"{pairs}</div>"
        )

    def describe(self) -> str:
        frame = self.frame()
        kept = frame["cut"].max() if len(frame) else 0
        text = f"{format_plural(len(frame), 'source image')} next to the input of a model"
        if self._fit != "crop":
            return f"{text}: {FITS[self._fit]}."
        return f"{text}; the crop removes up to {kept:.0%}." if kept else f"{text}; nothing is cut."


_COLUMNS = ("array", "row", "file", "width", "height")


def _shade(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image whose parts outside the central square are blended with gray."""
    height, width, channels = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    shaded = (pixels // 3 + 2 * np.array(_CUT[:channels], np.uint16) // 3).astype(np.uint8)
    shaded[top : top + edge, left : left + edge] = pixels[top : top + edge, left : left + edge]
    return shaded


def _build_pair(source: ImageCell, model: ImageCell) -> str:
    figures = "".join(
        f'<figure style="margin:0;flex:1;min-width:0"><img src="{encode_image(cell.image)}" alt="{escape(cell.alt)}" '
        'style="width:100%;aspect-ratio:1;object-fit:contain;border-radius:4px;background:rgba(128,138,150,0.08)'
        f'{"" if max(cell.image.shape) > _SIDE // 2 else ";image-rendering:pixelated"}">'
        '<figcaption style="font-size:0.8rem;line-height:1.35;overflow:hidden;text-overflow:ellipsis;'
        f'white-space:nowrap"><b>{escape(cell.title)}</b><br>'
        f'<span style="opacity:0.8" title="{escape(cell.caption)}">{escape(cell.caption)}</span></figcaption></figure>'
        for cell in (source, model)
    )
    return f'<div style="display:flex;gap:8px;min-width:0">{figures}</div>'
