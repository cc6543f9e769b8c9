"""Key figures of a dataset: images, classes, findings and sizes."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.augment.crop_share import compute_cut_share
from core.datasets.findings.class_findings import STRONG_IMBALANCE
from core.datasets.findings.image_findings import SEVERITIES
from core.datasets.report import SPLITS
from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.dataset_summary import write_image_counts
from core.displays.number import format_count
from core.plural import format_plural

_PLURALS = {"error": "errors", "warning": "warnings", "note": "notes"}


@dataclass(frozen=True)
class Overview(DataDisplay):
    """One row per figure."""

    name: ClassVar[str] = "overview"
    title: ClassVar[str] = "Key figures"

    @cached_property
    def _rows(self) -> list[tuple[str, str, str, int]]:
        return [self._count_images(), self._count_classes(), self._count_findings(), self._measure_sizes()]

    def frame(self) -> pd.DataFrame:
        """Return the columns figure, value, note and rating (-1 for a problem, otherwise 0)."""
        return pd.DataFrame(self._rows, columns=["figure", "value", "note", "rating"])

    def table(self) -> pd.DataFrame:
        return self.frame().drop(columns="rating").rename(columns=str.capitalize)

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        return f"{'; '.join(f'{name}: {value}, {note}' for name, value, note, _ in self._rows)}."

    def _count_images(self) -> tuple[str, str, str, int]:
        note = write_image_counts(self.data.info).removesuffix(" images")
        return "Images", format_count(self.data.info.train_count + self.data.info.test_count), note, 0

    def _count_classes(self) -> tuple[str, str, str, int]:
        totals = [sum(getattr(one, split) for split in SPLITS) for one in self.data.report.classes]
        low, high = min(totals, default=0), max(totals, default=0)
        note = f"{format_plural(low, 'image')} each" if low == high else f"{low:,} to {high:,} images each"
        name = "Classes" if self.data.noun == "class" else "Attributes"
        uneven = self.data.noun == "class" and high >= STRONG_IMBALANCE * max(low, 1)
        return name, format_count(len(self.data.names)), note, -1 if uneven else 0

    def _count_findings(self) -> tuple[str, str, str, int]:
        if not self.data.searched:
            return "Findings", "–", "images not searched yet", 0
        found = Counter(one.severity for one in self.data.report.findings)
        parts = [f"{found[name]} {name if found[name] == 1 else _PLURALS[name]}" for name in SEVERITIES if found[name]]
        return "Findings", format_count(found.total()), ", ".join(parts) or "no problem found", -bool(found["error"])

    def _measure_sizes(self) -> tuple[str, str, str, int]:
        sizes = self.data.sizes
        if sizes is None:
            height, width, _ = self.data.info.input_shape
            return "Image size", f"{width:,} × {height:,}", "stored; source sizes not recorded", 0
        width, height = self._find_median(sizes)
        if len(sizes) == 1:
            return "Image size", f"{width:,} × {height:,}", "pixels, all images", 0
        cut = compute_cut_share(sizes["width"], sizes["height"], self.data.info.fit)
        mean = float((cut * sizes["images"]).sum() / sizes["images"].sum())
        note = f"pixels; {mean:.0%} cut on average" if mean >= 0.005 else "pixels; nothing is cut"
        return "Median image size", f"{width:,} × {height:,}", note, 0

    def _find_median(self, sizes: pd.DataFrame) -> tuple[int, int]:
        """Return width and height of the image with the median area."""
        ranked = sizes.assign(area=sizes["width"] * sizes["height"]).sort_values("area", kind="stable")
        middle = ranked.iloc[int(ranked["images"].cumsum().searchsorted(ranked["images"].sum() / 2))]
        return int(middle["width"]), int(middle["height"])
