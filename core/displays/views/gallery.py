"""Gallery of test images with the predictions of each head."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.prediction import (
    Agreement,
    ImageFilter,
    Order,
    Show,
    compute_predictions,
    find_positive,
    select_images,
    select_seed_runs,
)
from core.displays.chart_view import Chart
from core.displays.direction import mark_end
from core.displays.display import Display, Options, name_predictions
from core.displays.encoding import color_heads, write_note
from core.displays.number import quote_class
from core.displays.palette import compute_styles
from core.displays.sentence import join_parts
from core.displays.thumbnail import encode_thumbnails
from core.home import Home
from core.plural import format_plural
from core.store.comparison import MANY_VARIANTS, Comparison
from core.store.elsewhere import has_probabilities
from core.store.image_name import name_test_images
from core.store.thumbnail import load_test_images

_CELL, _PICTURE, _LINE, _PER_ROW = 132, 72, 15, 6  # pixels, and images per row


def choose_page_size(variants: int) -> int:
    """Return the number of images per page, so that a page with a line per variant and image is not too high."""
    return 24 if variants <= MANY_VARIANTS else 12 if variants <= 3 * MANY_VARIANTS else 6


@dataclass(frozen=True)
class Gallery(Display):
    """One page of test images, selected by a filter and sorted by `order`, or listed in `images`.

    `page` counts from 1 and is clipped to the number of pages; `least` and `most` bound the confidence in percent (see
    `ImageFilter`).
    """

    name: ClassVar[str] = "gallery"
    title: ClassVar[str] = "Test images and predictions"

    home: Home = field(default_factory=Home.default)
    show: Show = "all"
    label: int | None = None
    order: Order = "dataset order"
    seed: int | None = None
    page: int = 1
    page_size: int = 24
    images: tuple[int, ...] | None = None
    predicted: int | None = None
    head: str | None = None
    least: int = 0
    most: int = 100
    agreement: Agreement = "any"

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {
            **super().choices(comparison),
            "page": range(1, 10_000),
            "least": range(101),
            "most": range(101),
            "page_size": {size: str(size) for size in (6, 12, 24, 48)},
        }

    def selected(self) -> list[int]:
        """Return the indices of all selected test images, in order."""
        if self.images is not None:
            return [*self.images]
        return select_images(self._predictions, self.filter, self.order).tolist()

    @property
    def filter(self) -> ImageFilter:
        return ImageFilter(
            self.show, self.label, self.predicted, self.head, self.least / 100, self.most / 100, self.agreement
        )

    @cached_property
    def _predictions(self) -> pd.DataFrame:
        return compute_predictions(self.comparison, self.seed)

    @property
    def pages(self) -> int:
        return max(1, ceil(len(self.selected()) / self.page_size))

    def frame(self) -> pd.DataFrame:
        """Return one row per image of this page and head: the columns of `compute_predictions`, with class names, and
        `file` if the names of the source files are known."""
        chosen = self.selected()
        page = min(max(self.page, 1), max(1, ceil(len(chosen) / self.page_size)))
        shown = chosen[(page - 1) * self.page_size : page * self.page_size]
        frame = self._predictions.set_index("image").loc[shown].reset_index()
        names = name_predictions(self.comparison)
        frame = frame.assign(**{column: frame[column].map(names) for column in ("label", "predicted", "shown")})
        files = self.files
        return frame if files is None else frame.assign(file=[files[image] for image in frame["image"]])

    @cached_property
    def files(self) -> tuple[str, ...] | None:
        """Return the source file of each test image; None if they are not known."""
        return name_test_images(self.home, self.comparison.first)

    def write_predicted(self, row: Mapping[Hashable, Any]) -> tuple[str, str]:
        """Return the caption of an image for a row of the frame: a class and its probability."""
        if not math.isfinite(row["prob_shown"]):
            return row["shown"], ""
        if self.positive is None:
            return row["shown"], f"{row['prob_shown']:.0%}"
        wrong = "" if row["correct"] else "\u00a0✗"  # in the same line
        return row["shown"], f"{row['prob_shown']:.2f}{wrong}"

    def write_prediction(self, row: Mapping[Hashable, Any]) -> str:
        """Return the text of `write_predicted` as one text, in this order in all scripts."""
        name, prob = self.write_predicted(row)
        return f"{name}{mark_end(name)} {prob}" if prob else name

    def explain(self) -> str:
        """Explain the captions of the images."""
        if self.positive is None:
            text = "Percentages are the confidence of each prediction; wrong predictions are struck through."
            runs = select_seed_runs(self.comparison, self.seed)
            without = [label for label, run in runs.items() if not has_probabilities(run)]
            return f"{text} Of {', '.join(without)} only the predicted classes are known." if without else text
        name = quote_class(self.comparison.first.record.data.classes[self.positive])
        each = f"each {self.comparison.noun} assigns to {name}"
        return f"Below each true class: the probability that {each}; ✗ marks a wrong prediction."

    @cached_property
    def positive(self) -> int | None:
        """Return the class whose probability is shown for every image; None to show the predicted class."""
        return find_positive(self.comparison)

    def thumbnails(self, images: list[int], *, least: int = 0) -> list[str]:
        """Return PNG data URIs of at least `least` pixels.

        Raises:
            DatasetError: when neither the dataset nor imported thumbnails are available.
        """
        return encode_thumbnails(load_test_images(self.home, self.comparison.first), images, least=least)

    def chart(self) -> Chart | None:
        """Build the page as a grid of images, for exported files."""
        frame = self.frame()
        if frame.empty:
            return None
        images = list(dict.fromkeys(frame["image"]))
        height = _PICTURE + _LINE * (len(self.comparison.variants) + 1) + 12
        index = frame["image"].map({image: i for i, image in enumerate(images)})
        frame["x"] = (index % _PER_ROW) * _CELL + _CELL / 2
        frame["y"] = (index // _PER_ROW) * height + _PICTURE / 2
        frame["below"] = frame["y"] + _PICTURE / 2 + _LINE * (frame.groupby("image").cumcount() + 1.8)
        marks = {head: style.mark for head, style in compute_styles(self.comparison).items()}
        frame["caption"] = [self._write_caption(row, marks[row["head"]]) for row in frame.to_dict("records")]
        pictures = frame.drop_duplicates("image").assign(url=self.thumbnails(images, least=_PICTURE))
        pictures["under"] = pictures["y"] + _PICTURE / 2 + 0.7 * _LINE
        x = alt.X("x:Q", scale=None, axis=None)
        base = alt.Chart(pictures).encode(x=x)
        tooltip = [alt.Tooltip("label:N", title="True class")]
        tooltip += [alt.Tooltip("file:N", title="File")] if "file" in pictures else []
        layers = [
            base.mark_image(width=_PICTURE, height=_PICTURE).encode(
                y=alt.Y("y:Q", scale=None, axis=None), url=alt.Url("url:N"), tooltip=tooltip
            ),
            base.mark_text(fontSize=12, fontWeight="bold", limit=_CELL).encode(
                y=alt.Y("under:Q", scale=None, axis=None), text=alt.Text("label:N")
            ),
            alt.Chart(frame)
            .mark_text(fontSize=11, limit=_CELL)
            .encode(
                x=x,
                y=alt.Y("below:Q", scale=None, axis=None),
                text=alt.Text("caption:N"),
                color=color_heads(self.comparison, legend=False),
                tooltip=alt.Tooltip("caption:N", title="Prediction"),
            ),
        ]
        rows = ceil(len(images) / _PER_ROW)
        note = write_note("   ".join([*(f"{mark} {head}" for head, mark in marks.items()), "✗ wrong"]))
        return alt.layer(*layers).properties(title=note, width=_CELL * min(_PER_ROW, len(images)), height=rows * height)

    def _write_caption(self, row: Mapping[Hashable, Any], mark: str) -> str:
        """Return a caption that names its head by its shape, and wrong predictions without color."""
        text = f"{mark} {self.write_prediction(row)}"
        return text if row["correct"] or text.endswith("✗") else f"{text} ✗"

    def describe(self) -> str:
        frame = self.frame()
        wrong = frame.loc[~frame["correct"]].groupby("head", sort=False).size()
        parts = [f"{head} {wrong.get(head, 0)}" for head in self.comparison.labels]
        shown, selected = frame["image"].nunique(), len(self.selected())
        of = f" of {selected:,}" if shown < selected else ""
        return f"{format_plural(shown, 'test image')}{of}. Wrong predictions: {join_parts(parts)}."
