"""Test images whose label is probably wrong."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.analysis.label_errors import find_label_errors
from core.displays.chart_view import Chart
from core.displays.display import Display, name_predictions
from core.displays.number import format_share
from core.displays.views.gallery import Gallery
from core.home import Home
from core.plural import format_plural
from core.store.elsewhere import Part
from core.store.image_name import name_test_images

_MAX_ROWS = 50


@dataclass(frozen=True)
class LabelErrors(Display):
    """Test images whose label contradicts the predictions of all runs (confident learning)."""

    name: ClassVar[str] = "label_errors"
    title: ClassVar[str] = "Likely label errors"
    needs: ClassVar[tuple[Part, ...]] = ("probabilities",)

    home: Home = field(default_factory=Home.default)

    @cached_property
    def _found(self) -> pd.DataFrame:
        names = name_predictions(self.comparison)
        frame = find_label_errors(self.available)
        files = name_test_images(self.home, self.comparison.first)
        found = frame.assign(label=frame["label"].map(names), suggested=frame["suggested"].map(names))
        return found if files is None else found.assign(file=[files[image] for image in frame["image"]])

    def frame(self) -> pd.DataFrame:
        """Return the columns image, label, suggested, prob_label, prob_suggested (means over all runs), and file if the
        names of the source files are known; the most probable errors first.
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found.head(_MAX_ROWS)
        files = {"File": frame["file"]} if "file" in frame else {}
        return pd.DataFrame(
            {
                "Test image": frame["image"].map(str),
                **files,
                "Label": frame["label"],
                "Suggested": frame["suggested"],
                "Probability of label": frame["prob_label"].map(format_share),
                "Probability of suggestion": frame["prob_suggested"].map(format_share),
            }
        )

    @property
    def images(self) -> tuple[int, ...]:
        """Indices of the test images, the most probable errors first."""
        return tuple(self._found["image"].tolist())

    def chart(self) -> Chart | None:
        return Gallery(self.comparison, self.home, images=self.images).chart() if self.images else None

    def describe(self) -> str:
        count, total = len(self.images), self.comparison.first.record.data.test_images
        if not count:
            return f"No label of the {total:,} test images is probably wrong (confident learning)."
        verb = "has" if count == 1 else "have"
        text = f"{format_plural(count, 'test image')} of {total:,} {verb} a label that is probably wrong"
        text += " (confident learning, mean probabilities of all runs), unless the models are wrong."
        return text + (f" The table has the first {_MAX_ROWS}." if count > _MAX_ROWS else "")
