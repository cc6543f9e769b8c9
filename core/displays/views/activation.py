"""Class activation maps (CAM and Grad-CAM) over test images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.activation import ActivationView, compute_activation_view, prepare_images
from core.analysis.prediction import select_seed_runs
from core.architecture.activation_map import normalize_maps
from core.displays.activation_overlay import EMPTY, Cell, build_group, build_groups, describe_shares, paint
from core.displays.chart_view import Chart
from core.displays.display import Display, name_predictions
from core.displays.encoding import AXIS_CHARS
from core.displays.image_strip import encode_image
from core.displays.lab.drawing import encode_png
from core.displays.label import fit_labels
from core.displays.number import quote_class
from core.displays.palette import colors
from core.displays.sentence import join_parts
from core.errors import DatasetError
from core.home import Home, describe_error
from core.store.metrics import NO_PREDICTION, compute_predicted
from core.store.run import Run
from core.store.thumbnail import load_test_images

COLUMNS = ("image", "head", "label", "predicted", "shown", "prob", "exact", "row", "column", "value", "share")
_FEW = 6
_SIDE = 96


@dataclass(frozen=True)
class Drawn:
    """Activation maps as HTML; empty if no head has maps.

    `kinds` maps the heads with maps to whether these are exact (CAM) or not (Grad-CAM). `reasons` explain why the other
    heads have none.
    """

    html: str
    kinds: dict[str, bool]
    reasons: list[str]


@dataclass(frozen=True)
class Activation(Display):
    """Activation maps of one class over test images, one per head.

    `about` is the class; None for the class that each head predicts. `images` are indices in the test set.
    """

    name: ClassVar[str] = "activation"
    title: ClassVar[str] = "Class activation maps (CAM and Grad-CAM)"

    home: Home = field(default_factory=Home.default)
    images: tuple[int, ...] = tuple(range(_FEW))
    about: int | None = None
    seed: int | None = None
    opacity: float = 0.7  # of the maps in exported files; pages have their own control

    def frame(self) -> pd.DataFrame:
        """Return one row per map cell; empty without maps.

        Columns: image, head, label (true class), predicted, shown (class of the map), prob (of that class), exact, row,
        column, value (in units of the logit), share (see `normalize_maps`).
        """
        names = name_predictions(self.comparison)
        parts = []
        for head, run in self._runs.items():
            found, shown, shares = self._views[head], self._shown(run), self._shares[head]
            if found.maps is None or shares is None:
                continue
            values = found.maps[np.arange(len(shown)), shown]
            index, row, column = np.indices(shares.shape).reshape(3, -1)
            probs, labels = run.predictions.test_probs, run.predictions.test_labels
            images = np.array(self._images, dtype=np.int64)
            columns = {
                "image": images[index],
                "head": head,
                "label": pd.Series(labels[images]).map(names).to_numpy()[index],
                "predicted": pd.Series(compute_predicted(probs[images])).map(names).to_numpy()[index],
                "shown": pd.Series(shown).map(names).to_numpy()[index],
                "prob": probs[images, shown].astype(np.float64)[index],
                "exact": found.exact,
                "row": row,
                "column": column,
                "value": values.ravel().astype(np.float64),
                "share": shares.ravel().astype(np.float64),
            }
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))

    def table(self) -> pd.DataFrame:
        """Return one row per image and head with the positions of the strongest evidence."""
        names, rows = name_predictions(self.comparison), []
        for index, image in enumerate(self._images):
            for head, run in self._runs.items():
                shares, shown = self._shares[head], int(self._shown(run)[index])
                if shares is not None:
                    rows.append(
                        {
                            "Test image": str(image),
                            "True class": names[int(run.predictions.test_labels[image])],
                            self.column: head,
                            "Class and probability": self._write(run, index, shown),
                            "Evidence": describe_shares(shares[index], names[shown]),
                        }
                    )
        return pd.DataFrame(rows)

    def chart(self) -> Chart | None:
        """Build one row of images per head, for exported files."""
        rows = []
        for head, run in self._runs.items():
            shares = self._shares[head]
            if shares is None:
                continue
            shown = self._shown(run)
            for index, image in enumerate(self._images):
                rows.append(
                    {
                        "head": head,
                        "image": f"test image {image}",
                        "index": index,
                        "picture": encode_image(self._pictures[index]),
                        "map": encode_png(paint(shares[index])),
                        "text": self._write(run, index, int(shown[index])),
                    }
                )
        if not rows:
            return None
        base = alt.Chart(pd.DataFrame(rows)).encode(
            x=alt.X("index:O", axis=None),
            y=alt.Y("head:N", title=None, sort=[*self._runs], axis=alt.Axis(**fit_labels([*self._runs], AXIS_CHARS))),
        )
        pictures = base.mark_image(width=_SIDE, height=_SIDE).encode(url=alt.Url("picture:N"))
        maps = base.mark_image(width=_SIDE, height=_SIDE, opacity=self.opacity).encode(url=alt.Url("map:N"))
        texts = base.mark_text(dy=_SIDE / 2 + 9, fontSize=10, limit=_SIDE + 8).encode(
            text=alt.Text("text:N"), tooltip=alt.Tooltip("text:N", title="Class and probability")
        )
        heads = len({row["head"] for row in rows})
        width, height = (_SIDE + 12) * len(self._images), (_SIDE + 30) * heads
        return alt.layer(pictures, maps, texts).properties(width=width, height=height)

    def describe(self) -> str:
        parts = self.list_unavailable()
        for head, run in self._runs.items():
            shares = self._shares[head]
            if shares is not None and len(shares):
                about = name_predictions(self.comparison)[int(self._shown(run)[0])]
                parts.append(f"Test image {self._images[0]}, {head}: {describe_shares(shares[0], about)}.")
        return join_parts(parts, " ") or "There are no test images."

    def list_unavailable(self) -> list[str]:
        """Return the reason for each head without maps."""
        return [f"{head}: {found.unavailable_reason}" for head, found in self._views.items() if found.maps is None]

    def draw(self) -> Drawn:
        """Build the maps as HTML for a page."""
        kinds = {head: found.exact for head, found in self._views.items() if found.maps is not None}
        return Drawn(self._build_html() if kinds else "", kinds, self.list_unavailable())

    def _build_html(self) -> str:
        palette, names = colors(self.comparison), name_predictions(self.comparison)
        groups = []
        for index, image in enumerate(self._images):
            picture = self._pictures[index]
            cells = [Cell(picture, "image")]
            for head, run in self._runs.items():
                shares, shown = self._shares[head], int(self._shown(run)[index])
                if shares is not None:
                    text = self._note(run, index, shown, shares)
                    cells.append(Cell(picture, head, text, palette[head], shares[index], names[shown]))
            label = names[int(self.comparison.first.predictions.test_labels[image])]
            groups.append(build_group(cells, heading=f"Test image {image}: true class {quote_class(label)}"))
        return build_groups(groups)

    def _write(self, run: Run, index: int, shown: int) -> str:
        prob = float(run.predictions.test_probs[self._images[index], shown])
        text = f"{prob:.1%}" if np.isfinite(prob) else "no probability"
        return f"{name_predictions(self.comparison)[shown]}: {text}"

    def _note(self, run: Run, index: int, shown: int, shares: NDArray[np.float32]) -> str:
        return self._write(run, index, shown) + ("" if shares[index].any() else f", {EMPTY}")

    def _shown(self, run: Run) -> NDArray[np.int64]:
        """Return the class of the map of each image; the first class for images without a prediction."""
        if self.about is not None:
            return np.full(len(self._images), self.about)
        predicted = compute_predicted(run.predictions.test_probs[list(self._images)])
        return np.where(predicted == NO_PREDICTION, 0, predicted)

    @cached_property
    def _images(self) -> Sequence[int]:
        count = self.comparison.first.record.data.test_images
        return [image for image in self.images if image < count]

    @cached_property
    def _runs(self) -> dict[str, Run]:
        return select_seed_runs(self.comparison, self.seed)

    @cached_property
    def _pictures(self) -> NDArray[np.uint8]:
        """Return the images as the first model receives them. Raises DatasetError when they are not available."""
        return self._prepare(self.comparison.first)

    @cached_property
    def _views(self) -> dict[str, ActivationView]:
        found = {}
        for head, run in self._runs.items():
            found[head] = ActivationView(unavailable_reason="There are no test images.")
            if self._images:
                try:
                    found[head] = compute_activation_view(run, self._images, partial(self._prepare, run, exact=True))
                except DatasetError as error:
                    found[head] = ActivationView(unavailable_reason=describe_error(error))
        return found

    def _prepare(self, run: Run, *, exact: bool = False) -> NDArray[np.uint8]:
        stored = load_test_images(self.home, run, exact=exact)
        return prepare_images(run, [stored[image] for image in self._images])

    @cached_property
    def _shares(self) -> dict[str, NDArray[np.float32] | None]:
        return {
            head: None
            if found.maps is None
            else normalize_maps(found.maps, self._shown(self._runs[head]).tolist(), exact=found.exact)
            for head, found in self._views.items()
        }
